import { Group, SimpleGrid, Skeleton, Stack, Title } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";
import { faultOf } from "../../api/client";
import { InstanceListDocument, InstanceRegionsDocument } from "../../api/customer/graphql";
import { useTenantActivity } from "../../api/useLive";
import { useTenant } from "../../app/tenant";
import { FaultPanel } from "../../ui/FaultPanel";
import { number } from "../../ui/format";
import { PageHeader } from "../../ui/PageHeader";
import { Pager } from "../../ui/Pager";
import { usePages } from "../../ui/usePages";
import { AllowanceCard } from "./AllowanceCard";
import { FirstInstance } from "./FirstInstance";
import { GraceRow } from "./GraceRow";
import { InstanceRow } from "./InstanceRow";
import { stageOf } from "./life";
import { NewInstanceButton } from "./NewInstanceButton";
import { useClock } from "./useClock";

const PAGE = 20;

/** The running calendar month, in UTC, as plans count. */
function month(): { from: string; to: string } {
  const now = new Date();
  const from = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1));
  const to = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1));
  return { from: from.toISOString(), to: to.toISOString() };
}

/** The organisation's instances, and what of its plan they use. */
export function InstanceList() {
  const { t } = useTranslation("instances");
  const tenant = useTenant();
  const pages = usePages(tenant.id);
  const [span] = useState(month);
  const { now, correct } = useClock(30_000);
  const [{ data, error }, ask] = useQuery({
    query: InstanceListDocument,
    variables: {
      tenantId: tenant.id,
      first: PAGE,
      after: pages.after,
      ...span,
      usage: tenant.may("usage:view"),
    },
  });
  const [regions] = useQuery({ query: InstanceRegionsDocument });
  useTenantActivity(tenant.id, (activity) => {
    correct(activity.at);
    ask({ requestPolicy: "network-only" });
  });

  if (error && !data) {
    return <FaultPanel fault={faultOf(error)} retry={() => ask({ requestPolicy: "network-only" })} />;
  }
  const shown = data?.tenant;
  const nodes = shown?.instances.nodes.filter((i) => stageOf(i, now) !== "gone");
  const deleted = nodes?.filter((i) => ["grace", "removing"].includes(stageOf(i, now))) ?? [];
  const alive = nodes?.filter((i) => !deleted.includes(i));
  const name = (code: string) => regions.data?.regions.find((r) => r.code === code)?.name ?? code;
  const runs = (id: string) => {
    if (!shown?.usage) return null;
    const row = shown.usage.nodes.find((r) => r.instanceId === id);
    return row ? row.executions : shown.usage.pageInfo.hasNextPage ? null : 0;
  };
  const allowed = shown?.allowances.instances;
  const reason = !tenant.may("instance:create")
    ? t("list.noRight")
    : allowed && allowed.used >= allowed.limit
      ? t("list.limitReached", { count: allowed.limit, limit: number(allowed.limit) })
      : null;
  const left = Math.max(0, (allowed?.limit ?? 0) - (allowed?.used ?? 0));
  const end = shown?.instances.pageInfo;

  return (
    <>
      <PageHeader
        title={t("list.title")}
        description={t("list.intro")}
        actions={<NewInstanceButton reason={reason} />}
      />
      <Stack gap="lg">
        <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="md">
          <AllowanceCard
            label={t("list.instances")}
            allowance={allowed}
            note={reason ?? t("list.left", { count: left, left: number(left) })}
            noteId="no-new-instance"
          />
          <AllowanceCard
            label={t("list.executions")}
            allowance={shown?.allowances.executions}
            note={t("list.executionsNote")}
            alarming
          />
        </SimpleGrid>
        {alive === undefined ? (
          <Stack gap="sm" aria-hidden>
            <Skeleton h={92} />
            <Skeleton h={92} />
          </Stack>
        ) : alive.length === 0 && deleted.length === 0 && pages.page === 1 ? (
          <FirstInstance />
        ) : (
          <Stack
            gap="sm"
            component="ul"
            p={0}
            m={0}
            style={{ listStyle: "none" }}
            aria-label={t("list.title")}
          >
            {alive.map((i) => (
              <InstanceRow key={i.id} instance={i} region={name(i.region)} executions={runs(i.id)} />
            ))}
          </Stack>
        )}
        <Pager
          page={pages.page}
          hasNext={end?.hasNextPage ?? false}
          onPrevious={pages.previous}
          onNext={() => pages.next(end?.endCursor)}
        />
        {deleted.length > 0 ? (
          <Stack gap="sm" component="section" aria-labelledby="deleted-title">
            <Group>
              <Title order={2} size="h4" id="deleted-title">
                {t("list.deleted")}
              </Title>
            </Group>
            {deleted.map((i) => (
              <GraceRow key={i.id} instance={i} removing={stageOf(i, now) === "removing"} />
            ))}
          </Stack>
        ) : null}
      </Stack>
    </>
  );
}
