import { Badge, Button, SegmentedControl, Skeleton, Table, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconBriefcase } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";
import { JobTableDocument, RetryJobDocument } from "../../api/admin/graphql";
import { faultOf } from "../../api/client";
import { useAction } from "../../api/useAction";
import { ActionAlert } from "../../ui/ActionAlert";
import { EmptyState } from "../../ui/EmptyState";
import { FaultPanel } from "../../ui/FaultPanel";
import { PageHeader } from "../../ui/PageHeader";
import { Pager } from "../../ui/Pager";
import { useFilters } from "../../ui/useFilters";
import { usePages } from "../../ui/usePages";
import { When } from "../../ui/When";
import { WideTable } from "../../ui/WideTable";
import { useFresh } from "./useFresh";

const COLOURS = { WAITING: "blue", RUNNING: "brand", DEAD: "red" } as const;

/** Background work that is not done. */
export function Jobs() {
  const { t } = useTranslation("admin");
  const filters = useFilters();
  const deadOnly = filters.get("dead") === "1";
  const { after, page, next, previous } = usePages(filters.key);
  const [{ data, error }, ask] = useQuery({
    query: JobTableDocument,
    variables: { first: 25, after, deadOnly },
  });
  useFresh(ask);
  const retry = useAction(RetryJobDocument);
  const again = async (id: string) => {
    const done = await retry.run({ id });
    if (done.ok) notifications.show({ message: t("jobs.retried") });
    ask({ requestPolicy: "network-only" });
  };
  const jobs = data?.jobs;
  return (
    <>
      <PageHeader title={t("jobs.title")} description={t("jobs.text")} />
      <SegmentedControl
        aria-label={t("jobs.show")}
        value={deadOnly ? "dead" : "all"}
        onChange={(value) => filters.set({ dead: value === "dead" ? "1" : null })}
        data={[
          { value: "all", label: t("jobs.all") },
          { value: "dead", label: t("jobs.dead") },
        ]}
        mb="md"
      />
      <ActionAlert problem={retry.problem} fault={retry.fault} />
      {error && !data ? <FaultPanel fault={faultOf(error)} retry={() => ask()} /> : null}
      {!data && !error ? <Skeleton h={300} /> : null}
      {jobs?.nodes.length === 0 ? (
        <EmptyState icon={IconBriefcase} title={t("jobs.emptyTitle")}>
          {t("jobs.emptyText")}
        </EmptyState>
      ) : null}
      {jobs && jobs.nodes.length > 0 ? (
        <>
          <WideTable minWidth={700} label={t("jobs.table")}>
            <Table aria-label={t("jobs.table")}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t("jobs.task")}</Table.Th>
                  <Table.Th>{t("jobs.state")}</Table.Th>
                  <Table.Th className="numeric">{t("jobs.attempts")}</Table.Th>
                  <Table.Th>{t("jobs.runAt")}</Table.Th>
                  <Table.Th>{t("jobs.error")}</Table.Th>
                  <Table.Th>{t("jobs.retry")}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {jobs.nodes.map((job) => (
                  <Table.Tr key={job.id}>
                    <Table.Td className="mono">{job.task}</Table.Td>
                    <Table.Td>
                      <Badge color={COLOURS[job.state]}>{t(`jobs.states.${job.state}`)}</Badge>
                    </Table.Td>
                    <Table.Td className="numeric">
                      {job.attempts} / {job.maxAttempts}
                    </Table.Td>
                    <Table.Td>
                      <When at={job.runAt} />
                    </Table.Td>
                    <Table.Td maw={280}>
                      <Text size="sm" lineClamp={3} className="mono">
                        {job.lastError ?? t("jobs.noError")}
                      </Text>
                    </Table.Td>
                    <Table.Td>
                      <Button
                        size="xs"
                        variant="default"
                        disabled={job.state === "RUNNING" || retry.busy}
                        onClick={() => again(job.id)}
                        aria-label={t("jobs.retryOne", { task: job.task, id: job.id })}
                      >
                        {t("jobs.retry")}
                      </Button>
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </WideTable>
          <Pager
            page={page}
            hasNext={jobs.pageInfo.hasNextPage}
            onPrevious={previous}
            onNext={() => next(jobs.pageInfo.endCursor)}
            note={t("jobs.total", { count: jobs.totalCount })}
          />
        </>
      ) : null}
    </>
  );
}
