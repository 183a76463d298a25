import { Anchor, Skeleton, Table, Text, TextInput } from "@mantine/core";
import { IconBuilding, IconSearch } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useQuery } from "urql";
import { TenantTableDocument } from "../../api/admin/graphql";
import { faultOf } from "../../api/client";
import { EmptyState } from "../../ui/EmptyState";
import { FaultPanel } from "../../ui/FaultPanel";
import { number } from "../../ui/format";
import { PageHeader } from "../../ui/PageHeader";
import { Pager } from "../../ui/Pager";
import { useFilters, useTyped } from "../../ui/useFilters";
import { usePages } from "../../ui/usePages";
import { When } from "../../ui/When";
import { WideTable } from "../../ui/WideTable";
import { useFresh } from "./useFresh";

/** The organisations on this installation. */
export function Tenants() {
  const { t } = useTranslation("admin");
  const filters = useFilters();
  const { after, page, next, previous } = usePages(filters.key);
  const [{ data, error }, ask] = useQuery({
    query: TenantTableDocument,
    variables: { first: 25, after, search: filters.get("search") },
  });
  useFresh(ask);
  const search = useTyped(filters.get("search"), (value) => filters.set({ search: value }));
  const tenants = data?.tenants;
  return (
    <>
      <PageHeader title={t("tenants.title")} description={t("tenants.text")} />
      <TextInput
        {...search}
        label={t("fleet.search")}
        placeholder={t("tenants.searchHint")}
        leftSection={<IconSearch size={16} aria-hidden />}
        type="search"
        maw={320}
        mb="md"
      />
      {error && !data ? <FaultPanel fault={faultOf(error)} retry={() => ask()} /> : null}
      {!data && !error ? <Skeleton h={480} /> : null}
      {tenants?.nodes.length === 0 ? (
        <EmptyState icon={IconBuilding} title={t("tenants.none")}>
          {t("tenants.noneText")}
        </EmptyState>
      ) : null}
      {tenants && tenants.nodes.length > 0 ? (
        <>
          <WideTable minWidth={680} label={t("tenants.table")}>
            <Table highlightOnHover aria-label={t("tenants.table")}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t("tenants.name")}</Table.Th>
                  <Table.Th>{t("tenants.plan")}</Table.Th>
                  <Table.Th>{t("tenants.status")}</Table.Th>
                  <Table.Th className="numeric">{t("tenants.members")}</Table.Th>
                  <Table.Th className="numeric">{t("tenants.instances")}</Table.Th>
                  <Table.Th>{t("tenants.created")}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {tenants.nodes.map((tenant) => (
                  <Table.Tr key={tenant.id}>
                    <Table.Td>
                      <Anchor component={Link} to={`/admin/tenants/${tenant.id}`}>
                        {tenant.name}
                      </Anchor>
                      <Text size="xs" c="dimmed" className="mono">
                        {tenant.slug}
                      </Text>
                    </Table.Td>
                    <Table.Td>{tenant.planCode}</Table.Td>
                    <Table.Td>{tenant.status}</Table.Td>
                    <Table.Td className="numeric">{number(tenant.members)}</Table.Td>
                    <Table.Td className="numeric">{number(tenant.instances)}</Table.Td>
                    <Table.Td>
                      <When at={tenant.createdAt} />
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </WideTable>
          <Pager
            page={page}
            hasNext={tenants.pageInfo.hasNextPage}
            onPrevious={previous}
            onNext={() => next(tenants.pageInfo.endCursor)}
            note={t("tenants.total", { count: tenants.totalCount })}
          />
        </>
      ) : null}
    </>
  );
}
