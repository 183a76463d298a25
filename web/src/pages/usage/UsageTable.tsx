import { Anchor, Box, Button, Paper, Skeleton, Stack, Table, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { UsageGroup, UsageRowsQueryVariables } from "../../api/customer/graphql";
import { UsageRowsDocument } from "../../api/customer/graphql";
import { useLasting } from "../../api/useLasting";
import { useTenantActivity } from "../../api/useLive";
import { ActionAlert } from "../../ui/ActionAlert";
import { number } from "../../ui/format";
import { Pager } from "../../ui/Pager";
import { WideTable } from "../../ui/WideTable";
import { isTime, moment, type UsageRow } from "./bars";
import type { useFilter } from "./useFilter";

const ROWS = 25;

interface Props {
  variables: Omit<UsageRowsQueryVariables, "first" | "after">;
  pages: ReturnType<typeof useFilter>["pages"];
  name: (row: UsageRow) => string;
  /** Where a workflow is opened, if it still is somewhere and the viewer may. */
  link: (row: UsageRow) => string | null;
}

/** The numbers behind the chart, page by page. */
export function UsageTable({ variables, pages, name, link }: Props) {
  const { t } = useTranslation("usage");
  const shown = useLasting({
    query: UsageRowsDocument,
    variables: { ...variables, first: ROWS, after: pages.after } as UsageRowsQueryVariables,
  });
  useTenantActivity(variables.tenantId, (activity) => activity.usage && shown.again());
  const usage = shown.data?.tenant.usage;
  // While the next answer is on its way the rows are those of the question before, under their own heading.
  const group: UsageGroup = shown.variables?.groupBy ?? variables.groupBy;
  return (
    <Paper
      className="surface"
      p="md"
      component="section"
      aria-labelledby="usage-table"
      aria-busy={!shown.current}
    >
      <Stack gap="xs">
        <Title order={2} size="h4" id="usage-table">
          {t("table.title")}
        </Title>
        {isTime(group) ? (
          <Text size="sm" c="dimmed">
            {t("table.gaps")}
          </Text>
        ) : null}
        {shown.fault ? (
          <>
            <ActionAlert fault={shown.fault} />
            <Button variant="default" onClick={shown.again} w="fit-content">
              {t("common:fault.retry")}
            </Button>
          </>
        ) : null}
        <Box opacity={shown.current ? 1 : 0.5}>
          {usage ? (
            <Rows rows={usage.nodes} group={group} name={name} link={link} />
          ) : shown.fault ? null : (
            <Skeleton height={240} />
          )}
        </Box>
        <Pager
          page={pages.page}
          hasNext={usage?.pageInfo.hasNextPage ?? false}
          onPrevious={pages.previous}
          onNext={() => pages.next(usage?.pageInfo.endCursor)}
        />
      </Stack>
    </Paper>
  );
}

function Rows({
  rows,
  group,
  name,
  link,
}: { rows: UsageRow[]; group: UsageGroup } & Pick<Props, "name" | "link">) {
  const { t } = useTranslation("usage");
  return (
    <WideTable minWidth={460} label={t("table.title")}>
      <Table aria-labelledby="usage-table">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t(`column.${group}`)}</Table.Th>
            {group === "WORKFLOW" ? <Table.Th>{t("column.INSTANCE")}</Table.Th> : null}
            <Table.Th className="numeric">{t("billable")}</Table.Th>
            <Table.Th className="numeric">{t("executions")}</Table.Th>
            <Table.Th className="numeric">{t("failed")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Table.Tr key={`${row.from} ${row.instanceId} ${row.workflowId}`}>
              <First row={row} group={group} name={name} link={link} />
              <Table.Td className="numeric">{number(row.billable)}</Table.Td>
              <Table.Td className="numeric">{number(row.executions)}</Table.Td>
              <Table.Td className="numeric">{number(row.failed)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </WideTable>
  );
}

function First({
  row,
  group,
  name,
  link,
}: { row: UsageRow; group: UsageGroup } & Pick<Props, "name" | "link">) {
  if (row.from) return <Table.Td>{moment(row.from, group)}</Table.Td>;
  if (group !== "WORKFLOW") return <Table.Td>{name(row)}</Table.Td>;
  const to = link(row);
  return (
    <>
      <Table.Td className="mono">
        {to ? (
          <Anchor href={to} target="_blank" rel="noreferrer" inherit>
            {row.workflowId}
          </Anchor>
        ) : (
          row.workflowId
        )}
      </Table.Td>
      <Table.Td>{name({ ...row, workflowId: null })}</Table.Td>
    </>
  );
}
