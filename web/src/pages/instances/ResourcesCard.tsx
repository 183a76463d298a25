import { Group, Paper, Progress, Skeleton, Stack, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { InstanceShownQuery } from "../../api/customer/graphql";
import { mebibytes, number } from "../../ui/format";
import { When } from "../../ui/When";

type Resources = InstanceShownQuery["tenant"]["instance"]["resources"];

const cores = (millis: number) => number(millis / 1000);

/** What the instance takes of what it may take. `on`: whether it runs, so that there is something to measure. */
export function ResourcesCard({ resources, on }: { resources: Resources | null; on: boolean }) {
  const { t } = useTranslation("instances");
  if (!resources) return <Skeleton h={246} />;
  const r = resources;
  return (
    <Paper className="surface" p="lg">
      <Title order={2} size="h4" mb="sm">
        {t("resources.title")}
      </Title>
      <Stack gap="md">
        <Bar label={t("resources.memory")} used={r.memoryMib} limit={r.memoryLimitMib} shown={mebibytes} />
        <Bar
          label={t("resources.cpu")}
          used={r.cpuMillis}
          limit={r.cpuLimitMillis}
          shown={(millis) => t("resources.cores", { count: millis / 1000, cores: cores(millis) })}
        />
        <Bar label={t("resources.storage")} used={r.storageMib} limit={r.storageLimitMib} shown={mebibytes} />
      </Stack>
      <Text size="sm" c="dimmed" mt="md">
        {r.measuredAt ? (
          <>
            {t("resources.measured")} <When at={r.measuredAt} />
          </>
        ) : on ? (
          t("resources.soon")
        ) : (
          t("resources.off")
        )}
      </Text>
    </Paper>
  );
}

interface BarProps {
  label: string;
  used: number | null;
  limit: number;
  shown: (value: number) => string;
}

function Bar({ label, used, limit, shown }: BarProps) {
  const { t } = useTranslation("instances");
  const text =
    used === null
      ? t("resources.unmeasured", { limit: shown(limit) })
      : t("resources.of", { used: shown(used), limit: shown(limit) });
  const share = used === null || limit <= 0 ? 0 : Math.min(100, (used / limit) * 100);
  return (
    <div>
      <Group justify="space-between" gap="xs" mb={4}>
        <Text size="sm">{label}</Text>
        <Text size="sm" c={used === null ? "dimmed" : undefined}>
          {text}
          {share >= 90 ? ` · ${t("resources.nearlyFull")}` : ""}
        </Text>
      </Group>
      <Progress value={share} color={share >= 90 ? "red.8" : "brand"} aria-label={`${label}: ${text}`} />
    </div>
  );
}
