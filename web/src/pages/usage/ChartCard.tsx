import { Box, Button, Paper, Skeleton, Stack, Text, Title } from "@mantine/core";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import type { Fault } from "../../api/client";
import type { UsageGroup } from "../../api/customer/graphql";
import { ActionAlert } from "../../ui/ActionAlert";
import { number } from "../../ui/format";
import { groupOfChart, isTime, MOST_NAMED, namedBars, sum, timeBars, type UsageRow } from "./bars";
import type { Span } from "./span";

// The drawing library is large: the numbers are there before it.
const UsageChart = lazy(async () => ({ default: (await import("./UsageChart")).UsageChart }));

interface Props {
  rows?: UsageRow[];
  complete?: boolean;
  /** Whether these are the rows that are asked for now. */
  current: boolean;
  fault: Fault | null;
  again: () => void;
  group: UsageGroup;
  span: Span;
  name: (row: UsageRow) => string;
}

export function ChartCard({ rows, complete, current, fault, again, group, span, name }: Props) {
  const { t } = useTranslation("usage");
  const drawn = groupOfChart(group, span);
  const time = isTime(drawn);
  const bars = rows ? (time ? timeBars(rows, drawn, span, Date.now()) : namedBars(rows, name)) : [];
  const total = sum(rows ?? []);
  const values = {
    all: number(total.executions),
    billable: number(total.billable),
    failed: number(total.failed),
  };
  const notes = [
    time ? t("chart.utc") : null,
    drawn === group ? null : t("chart.asDays"),
    !time && (rows?.length ?? 0) > MOST_NAMED
      ? t("chart.busiest", { count: MOST_NAMED, of: number(rows?.length ?? 0) })
      : null,
    complete === false ? t("chart.incomplete") : null,
  ].filter(Boolean);
  return (
    <Paper className="surface" p="md" component="section" aria-labelledby="usage-chart" aria-busy={!current}>
      <Stack gap="xs">
        <Title order={2} size="h4" id="usage-chart">
          {t("chart.title")}
        </Title>
        {rows ? (
          <Text size="sm">{t(complete ? "chart.total" : "chart.totalOfSome", values)}</Text>
        ) : (
          <Skeleton height={22} width={260} />
        )}
        {fault ? (
          <>
            <ActionAlert fault={fault} />
            <Button variant="default" onClick={again} w="fit-content">
              {t("common:fault.retry")}
            </Button>
          </>
        ) : null}
        {rows ? (
          <Box opacity={current ? 1 : 0.5}>
            <Suspense fallback={<Skeleton height={280} />}>
              <UsageChart bars={bars} time={time} label={t("chart.alternative", values)} />
            </Suspense>
          </Box>
        ) : fault ? null : (
          <Skeleton height={280} />
        )}
        {notes.length > 0 ? (
          <Text size="xs" c="dimmed">
            {notes.join(" ")}
          </Text>
        ) : null}
      </Stack>
    </Paper>
  );
}
