import { Anchor, Button, Group, Select, Skeleton, Stack, Table, Text, TextInput } from "@mantine/core";
import { IconSearch, IconServer2 } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useQuery } from "urql";
import {
  FleetTableDocument,
  type FleetTableQuery,
  type FleetTableQueryVariables,
} from "../../api/admin/graphql";
import { faultOf } from "../../api/client";
import { EmptyState } from "../../ui/EmptyState";
import { FaultPanel } from "../../ui/FaultPanel";
import { PageHeader } from "../../ui/PageHeader";
import { Pager } from "../../ui/Pager";
import { PhaseBadge } from "../../ui/PhaseBadge";
import { useFilters, useTyped } from "../../ui/useFilters";
import { usePages } from "../../ui/usePages";
import { When } from "../../ui/When";
import { WideTable } from "../../ui/WideTable";
import { SortHeader } from "./SortHeader";
import { useFresh } from "./useFresh";

const SIZE = 25;
const PHASES = [
  "QUEUED",
  "DATABASE",
  "STARTING",
  "MIGRATING",
  "OWNER",
  "READY",
  "STOPPING",
  "STOPPED",
  "FAILED",
  "DELETING",
  "DELETED",
] as const;
type Sort = NonNullable<FleetTableQueryVariables["sort"]>;
type Row = FleetTableQuery["instances"]["nodes"][number];

/** Every instance there is: searched, filtered, sorted and paged by the server. */
export function Fleet() {
  const { t } = useTranslation("admin");
  const filters = useFilters();
  const { after, page, next, previous } = usePages(filters.key);
  const phase = PHASES.find((p) => p === filters.get("phase")) ?? null;
  const sort = (filters.get("sort") ?? "CREATED_AT") as Sort;
  const descending = (filters.get("order") ?? (sort === "CREATED_AT" ? "desc" : "asc")) === "desc";
  const [{ data, error, fetching }, ask] = useQuery({
    query: FleetTableDocument,
    variables: {
      first: SIZE,
      after,
      region: filters.get("region"),
      phase,
      tenantId: filters.get("tenant"),
      search: filters.get("search"),
      sort,
      descending,
    },
  });
  useFresh(ask);
  const search = useTyped(filters.get("search"), (value) => filters.set({ search: value }));
  const filtered = ["region", "phase", "tenant", "search"].some((key) => filters.get(key));

  const head = (column: Sort, label: string) => (
    <SortHeader
      label={label}
      hint={t("fleet.sortBy", { column: label })}
      sorted={sort === column ? (descending ? "descending" : "ascending") : null}
      onSort={() => filters.set({ sort: column, order: sort === column && !descending ? "desc" : "asc" })}
    />
  );
  const rows = data?.instances.nodes ?? [];
  return (
    <>
      <PageHeader title={t("fleet.title")} description={t("fleet.text")} />
      <Group mb="md" align="flex-end" role="search">
        <TextInput
          {...search}
          label={t("fleet.search")}
          placeholder={t("fleet.searchHint")}
          leftSection={<IconSearch size={16} aria-hidden />}
          type="search"
          w={{ base: "100%", xs: 260 }}
        />
        <Select
          label={t("fleet.region")}
          placeholder={t("fleet.anyRegion")}
          clearable
          value={filters.get("region")}
          onChange={(value) => filters.set({ region: value })}
          data={(data?.regions ?? []).map((r) => ({ value: r.code, label: r.name }))}
          w={{ base: "100%", xs: 180 }}
        />
        <Select
          label={t("fleet.phase")}
          placeholder={t("fleet.anyPhase")}
          clearable
          value={phase}
          onChange={(value) => filters.set({ phase: value })}
          data={PHASES.map((p) => ({ value: p, label: t(`common:phase.${p}`) }))}
          w={{ base: "100%", xs: 180 }}
        />
        {filtered ? (
          <Button
            variant="default"
            onClick={() => filters.set({ region: null, phase: null, tenant: null, search: null })}
          >
            {t("fleet.clear")}
          </Button>
        ) : null}
      </Group>
      {error && !data ? <FaultPanel fault={faultOf(error)} retry={() => ask()} /> : null}
      {!data && fetching ? <Skeleton h={480} /> : null}
      {data && rows.length === 0 ? (
        <EmptyState icon={IconServer2} title={filtered ? t("fleet.none") : t("fleet.emptyTitle")}>
          {filtered ? t("fleet.noneText") : t("fleet.emptyText")}
        </EmptyState>
      ) : null}
      {rows.length > 0 ? (
        <>
          <WideTable minWidth={760} label={t("fleet.table")}>
            <Table highlightOnHover aria-label={t("fleet.table")}>
              <Table.Thead>
                <Table.Tr>
                  {head("NAME", t("fleet.name"))}
                  <Table.Th>{t("fleet.tenant")}</Table.Th>
                  {head("REGION", t("fleet.region"))}
                  {head("PHASE", t("fleet.phase"))}
                  {head("ATTEMPTS", t("fleet.attempts"))}
                  {head("CREATED_AT", t("fleet.created"))}
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {rows.map((row) => (
                  <FleetRow key={row.id} row={row} />
                ))}
              </Table.Tbody>
            </Table>
          </WideTable>
          <Pager
            page={page}
            hasNext={data?.instances.pageInfo.hasNextPage ?? false}
            onPrevious={previous}
            onNext={() => next(data?.instances.pageInfo.endCursor)}
            note={t("fleet.total", { count: data?.instances.totalCount ?? 0 })}
          />
        </>
      ) : null}
    </>
  );
}

function FleetRow({ row }: { row: Row }) {
  const { t } = useTranslation("admin");
  return (
    <Table.Tr>
      <Table.Td>
        <Anchor component={Link} to={`/admin/fleet/${row.id}`}>
          {row.name}
        </Anchor>
        <Text size="xs" c="dimmed" className="mono">
          {row.slug}
        </Text>
      </Table.Td>
      <Table.Td>
        <Anchor component={Link} to={`/admin/tenants/${row.tenantId}`}>
          {row.tenantName}
        </Anchor>
      </Table.Td>
      <Table.Td>{row.region}</Table.Td>
      <Table.Td>
        <Stack gap={2} align="flex-start">
          <PhaseBadge phase={row.phase} />
          {row.deleteAt ? (
            <Text size="xs" c="dimmed">
              {t("fleet.dueToGo")}
            </Text>
          ) : null}
          {row.failureMessage ? (
            <Text size="xs" c="var(--mantine-color-error)" lineClamp={2} maw={260}>
              {row.failureMessage}
            </Text>
          ) : null}
        </Stack>
      </Table.Td>
      <Table.Td>{row.attempts}</Table.Td>
      <Table.Td>
        <When at={row.createdAt} />
      </Table.Td>
    </Table.Tr>
  );
}
