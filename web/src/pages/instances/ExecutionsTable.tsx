import { Anchor, Badge, Table } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { InstanceExecutionsQuery } from "../../api/customer/graphql";
import { duration } from "../../ui/format";
import { When } from "../../ui/When";

type Execution = InstanceExecutionsQuery["tenant"]["instance"]["executions"]["nodes"][number];

const COLOURS: Record<string, string> = { success: "green", error: "red", crashed: "red", canceled: "gray" };

interface Props {
  executions: readonly Execution[];
  /** Where the viewer can open the instance; null: they can't, or it is off. */
  openUrl: string | null;
}

export function ExecutionsTable({ executions, openUrl }: Props) {
  const { t } = useTranslation("instances");
  return (
    <Table.ScrollContainer
      minWidth={760}
      scrollAreaProps={{
        viewportProps: { tabIndex: 0, role: "region", "aria-label": t("executions.title") },
      }}
    >
      <Table aria-label={t("executions.title")}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("executions.status")}</Table.Th>
            <Table.Th>{t("executions.workflow")}</Table.Th>
            <Table.Th>{t("executions.mode")}</Table.Th>
            <Table.Th className="numeric">{t("executions.duration")}</Table.Th>
            <Table.Th>{t("executions.when")}</Table.Th>
            <Table.Th>{t("executions.counts")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {executions.map((run) => (
            <Table.Tr key={run.id}>
              <Table.Td>
                <Badge color={COLOURS[run.status] ?? "gray"} miw="max-content">
                  {t(`executions.statuses.${run.status}`, { defaultValue: run.status })}
                </Badge>
              </Table.Td>
              <Table.Td className="mono" style={{ whiteSpace: "nowrap" }}>
                {openUrl ? (
                  <Anchor href={workflowUrl(openUrl, run.workflowId)} target="_blank" rel="noopener" inherit>
                    {run.workflowId}
                  </Anchor>
                ) : (
                  run.workflowId
                )}
              </Table.Td>
              <Table.Td>{t(`executions.modes.${run.mode}`, { defaultValue: run.mode })}</Table.Td>
              <Table.Td className="numeric">
                {duration(Math.max(0, Date.parse(run.stoppedAt) - Date.parse(run.startedAt)))}
              </Table.Td>
              <Table.Td>
                <When at={run.stoppedAt} />
              </Table.Td>
              <Table.Td>{run.billable ? t("executions.yes") : t("executions.no")}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

/** A workflow in the instance's editor. */
function workflowUrl(openUrl: string, workflowId: string): string {
  const url = new URL(openUrl, location.href);
  url.searchParams.set("to", `/workflow/${encodeURIComponent(workflowId)}`);
  return url.href;
}
