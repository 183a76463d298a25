import { Group, Paper, Progress, SimpleGrid, Skeleton, Stack, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { UsagePeriodQuery } from "../../api/customer/graphql";
import { locale } from "../../app/i18n";
import { dateUtc, number } from "../../ui/format";
import type { Span } from "./span";

interface Props {
  period: Span;
  tenant?: UsagePeriodQuery["tenant"];
}

/** What the running period has come to, and how much of what the plan includes that is. */
export function PeriodCard({ period, tenant }: Props) {
  const { t } = useTranslation("usage");
  const totals = tenant?.usageTotals;
  const allowance = tenant?.allowances.executions;
  const figures = [
    { label: t("billable"), value: totals?.billable, note: t("billableNote") },
    { label: t("executions"), value: totals?.executions, note: t("executionsNote") },
    { label: t("failed"), value: totals?.failed, note: t("failedNote") },
  ];
  return (
    <Paper className="surface" p="md" component="section" aria-labelledby="usage-period">
      <Stack gap="md">
        <Group justify="space-between" gap="xs">
          <Title order={2} size="h4" id="usage-period">
            {t("period.title")}
          </Title>
          <Text size="sm" c="dimmed">
            {t("period.days", { first: dateUtc(period.first), last: dateUtc(period.last) })}
          </Text>
        </Group>
        <SimpleGrid cols={{ base: 1, xs: 3 }} spacing="md">
          {figures.map((figure) => (
            <div key={figure.label}>
              <Text size="sm">{figure.label}</Text>
              {figure.value === undefined ? (
                <Skeleton height={31} width={90} />
              ) : (
                <Text fz={24} lh="31px" fw={650} style={{ fontVariantNumeric: "tabular-nums" }}>
                  {number(figure.value)}
                </Text>
              )}
              <Text size="xs" c="dimmed">
                {figure.note}
              </Text>
            </div>
          ))}
        </SimpleGrid>
        {allowance ? <Included used={allowance.used} limit={allowance.limit} /> : <Skeleton height={41} />}
      </Stack>
    </Paper>
  );
}

/** Never rounded up: 100 % is said when all is used. */
function percent(share: number): string {
  const digits = share < 0.1 ? 1 : 0;
  const shown = new Intl.NumberFormat(locale, {
    style: "percent",
    maximumFractionDigits: digits,
    roundingMode: "floor",
  });
  return shown.format(share);
}

function Included({ used, limit }: { used: number; limit: number }) {
  const { t } = useTranslation("usage");
  const share = limit > 0 ? used / limit : 1;
  const values = { used: number(used), limit: number(limit), percent: percent(share) };
  const beyond =
    used > limit ? t("period.beyond", { count: used - limit, shown: number(used - limit) }) : null;
  return (
    <Stack gap={6}>
      <Group justify="space-between" gap="xs">
        <Text size="sm">{t("period.included", values)}</Text>
        {beyond ? (
          <Text size="sm" fw={600}>
            {beyond}
          </Text>
        ) : null}
      </Group>
      <Progress.Root size="lg">
        <Progress.Section
          value={Math.min(100, share * 100)}
          color={beyond ? "red.8" : "brand.6"}
          aria-label={t("period.bar")}
          aria-valuetext={t("period.included", values)}
        />
      </Progress.Root>
    </Stack>
  );
}
