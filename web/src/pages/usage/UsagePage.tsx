import { Button, Paper, Stack, Text } from "@mantine/core";
import { useCallback, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { UsagePeriodDocument, UsageRowsDocument, type UsageRowsQuery } from "../../api/customer/graphql";
import { useAll } from "../../api/useAll";
import { useLasting } from "../../api/useLasting";
import { useTenantActivity } from "../../api/useLive";
import { useTenant } from "../../app/tenant";
import { ActionAlert } from "../../ui/ActionAlert";
import { FaultPanel } from "../../ui/FaultPanel";
import { PageHeader } from "../../ui/PageHeader";
import { groupOfChart, type UsageRow } from "./bars";
import { ChartCard } from "./ChartCard";
import { Controls } from "./Controls";
import { FirstRun } from "./FirstRun";
import { PeriodCard } from "./PeriodCard";
import { bounds, monthOf } from "./span";
import { UsageTable } from "./UsageTable";
import { useFilter, useToday } from "./useFilter";
import { useInstances } from "./useInstances";

/** Up to 500 bars' worth: 400 days, eight days' hours, or that many workflows. */
const BARS = { document: UsageRowsDocument, page: (data: UsageRowsQuery) => data.tenant.usage, most: 5 };

export function UsagePage() {
  const { t } = useTranslation("usage");
  const tenant = useTenant();
  const day = useToday();
  const { filter, problem, change, pages } = useFilter(day);
  const month = monthOf(day);

  const period = useLasting({
    query: UsagePeriodDocument,
    variables: { tenantId: tenant.id, ...bounds(month) },
  });
  const { instances, byId, again: askInstances } = useInstances(tenant.id);
  const wanted = useMemo(
    () =>
      problem === null
        ? { tenantId: tenant.id, ...bounds(filter.span), groupBy: filter.group, instanceId: filter.instance }
        : null,
    [tenant.id, filter, problem],
  );
  const chart = useAll(
    BARS,
    wanted && { ...wanted, groupBy: groupOfChart(filter.group, filter.span), first: 100 },
  );
  useTenantActivity(tenant.id, (activity) => {
    if (activity.instances) askInstances();
    if (!activity.usage) return;
    period.again();
    chart.again();
  });

  const name = useCallback(
    (row: UsageRow) => {
      const id = row.instanceId ?? "";
      const instance = byId.get(id)?.name ?? (instances ? t("goneInstance", { id: id.slice(-6) }) : "…");
      return row.workflowId ? `${row.workflowId} · ${instance}` : instance;
    },
    [byId, instances, t],
  );
  const link = (row: UsageRow) => {
    const instance = byId.get(row.instanceId ?? "");
    if (instance?.phase !== "READY" || !tenant.may("instance:open")) return null;
    const url = new URL(instance.openUrl);
    url.searchParams.set("to", `/workflow/${row.workflowId}`);
    return url.href;
  };

  if (period.fault && !period.data) return <FaultPanel fault={period.fault} retry={period.again} />;
  const never = period.data?.tenant.usageTotals.executions === 0;
  const nothing = chart.current && chart.rows?.length === 0;
  return (
    <>
      <PageHeader title={t("title")} description={t("description")} />
      <Stack gap="lg">
        {period.fault ? <ActionAlert fault={period.fault} /> : null}
        <PeriodCard period={month} tenant={period.data?.tenant} />
        <Controls
          filter={filter}
          problem={problem}
          instances={(instances ?? []).map((i) => ({ id: i.id, label: `${i.name} · ${i.slug}` }))}
          change={change}
        />
        {wanted === null ? null : nothing && never ? (
          <FirstRun instances={instances ?? []} />
        ) : nothing ? (
          <Paper className="surface" p="lg" role="status">
            <Text mb="sm">{t(filter.instance ? "nothingOfInstance" : "nothing")}</Text>
            <Button
              variant="default"
              onClick={() => change({ preset: "month", group: "DAY", instance: null })}
            >
              {t("showMonth")}
            </Button>
          </Paper>
        ) : (
          <>
            <ChartCard {...chart} group={filter.group} span={filter.span} name={name} />
            <UsageTable variables={wanted} pages={pages} name={name} link={link} />
          </>
        )}
      </Stack>
    </>
  );
}
