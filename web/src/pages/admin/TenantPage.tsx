import { Anchor, Paper, Skeleton, Table, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { useQuery } from "urql";
import { TenantDetailDocument } from "../../api/admin/graphql";
import { faultOf } from "../../api/client";
import { BackLink } from "../../ui/BackLink";
import { FaultPanel } from "../../ui/FaultPanel";
import { number } from "../../ui/format";
import { PageHeader } from "../../ui/PageHeader";
import { PhaseBadge } from "../../ui/PhaseBadge";
import { When } from "../../ui/When";
import { WideTable } from "../../ui/WideTable";
import { BreakGlass } from "./BreakGlass";
import { Facts } from "./Facts";
import { useFresh } from "./useFresh";

/** One organisation, as far as staff may see it without its consent: no data of its own. */
export function TenantPage() {
  const { t } = useTranslation("admin");
  const id = useParams().tenant ?? "";
  const [{ data, error }, ask] = useQuery({ query: TenantDetailDocument, variables: { id } });
  useFresh(ask);
  if (error && !data) return <FaultPanel fault={faultOf(error)} retry={() => ask()} />;
  if (!data) return <Skeleton h={420} />;
  const tenant = data.tenant;
  if (!tenant) {
    const fault = {
      code: "NOT_FOUND",
      message: t("tenants.missing"),
      remedy: t("instance.missingRemedy"),
      requestId: null,
    };
    return <FaultPanel fault={fault} />;
  }
  const facts = [
    [
      t("instance.id"),
      <span key="id" className="mono">
        {tenant.id}
      </span>,
    ],
    [t("tenants.plan"), tenant.planCode],
    [t("tenants.status"), tenant.status],
    [t("tenants.members"), number(tenant.members)],
    [t("tenants.instances"), number(tenant.instances)],
    [t("tenants.created"), <When key="created" at={tenant.createdAt} />],
  ] as const;
  return (
    <>
      <PageHeader
        title={tenant.name}
        description={<span className="mono">{tenant.slug}</span>}
        back={<BackLink to="/admin/tenants">{t("tenants.back")}</BackLink>}
      />
      <Paper className="surface" p="md" mb="md">
        <Facts facts={facts} />
      </Paper>
      <Paper className="surface" p="md">
        <Title order={2} size="h4" mb="sm">
          {t("tenants.instances")}
        </Title>
        {data.instances.nodes.length === 0 ? (
          <Text c="dimmed">{t("tenants.noInstances")}</Text>
        ) : (
          <WideTable minWidth={480} label={t("tenants.instances")}>
            <Table aria-label={t("tenants.instances")}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t("fleet.name")}</Table.Th>
                  <Table.Th>{t("fleet.region")}</Table.Th>
                  <Table.Th>{t("fleet.phase")}</Table.Th>
                  <Table.Th>{t("fleet.created")}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {data.instances.nodes.map((instance) => (
                  <Table.Tr key={instance.id}>
                    <Table.Td>
                      <Anchor component={Link} to={`/admin/fleet/${instance.id}`}>
                        {instance.name}
                      </Anchor>
                    </Table.Td>
                    <Table.Td>{instance.region}</Table.Td>
                    <Table.Td>
                      <PhaseBadge phase={instance.phase} />
                    </Table.Td>
                    <Table.Td>
                      <When at={instance.createdAt} />
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </WideTable>
        )}
        <Anchor component={Link} to={`/admin/fleet?tenant=${tenant.id}`} size="sm">
          {t("tenants.inFleet")}
        </Anchor>
      </Paper>
      <BreakGlass tenant={tenant} />
    </>
  );
}
