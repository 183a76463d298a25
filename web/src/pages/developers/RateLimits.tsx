import { Group, Paper, Progress, Skeleton, Stack, Text, Title } from "@mantine/core";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { RateLimitsDocument } from "../../api/customer/graphql";
import { useLasting } from "../../api/useLasting";
import { useTenant } from "../../app/tenant";
import { ActionAlert } from "../../ui/ActionAlert";
import { FaultPanel } from "../../ui/FaultPanel";
import { duration, number } from "../../ui/format";
import { PageHeader } from "../../ui/PageHeader";
import { When } from "../../ui/When";

const REFRESH = 5_000;

/** How much of each rate limit is used now. Looking at it is a request too. */
export function RateLimits() {
  const { t } = useTranslation("developers");
  const tenant = useTenant();
  const { data, fault, again } = useLasting({
    query: RateLimitsDocument,
    variables: { tenantId: tenant.id },
  });
  useEffect(() => {
    const timer = setInterval(() => document.visibilityState === "visible" && again(), REFRESH);
    return () => clearInterval(timer);
  }, [again]);
  if (fault && !data) return <FaultPanel fault={fault} retry={again} />;
  return (
    <>
      <PageHeader title={t("limits.title")} description={t("limits.text")} />
      <ActionAlert fault={fault} />
      {data ? null : <Skeleton h={200} />}
      <Stack>
        {data?.tenant.rateLimits.map((limit) => {
          const used = Math.max(0, limit.limit - limit.remaining);
          const share = limit.limit > 0 ? Math.min(100, (used / limit.limit) * 100) : 0;
          const colour = share >= 90 ? "red.8" : share >= 70 ? "yellow.8" : undefined;
          const use = t("limits.use", { used: number(used), limit: number(limit.limit) });
          return (
            <Paper key={limit.name} className="surface" p="md" component="section" aria-label={limit.name}>
              <Group justify="space-between">
                <Title order={2} size="h4" className="mono">
                  {limit.name}
                </Title>
                <Text size="sm">{use}</Text>
              </Group>
              <Text size="sm" c="dimmed" mb="xs">
                {limit.description}
              </Text>
              <Progress.Root size="lg">
                <Progress.Section value={share} color={colour} aria-label={`${limit.name}: ${use}`} />
              </Progress.Root>
              <Text size="sm" c="dimmed" mt="xs">
                {t("limits.window", { window: duration(limit.windowSeconds * 1000) })}{" "}
                {used > 0 ? (
                  <>
                    {t("limits.resets")} <When at={limit.resetsAt} />
                  </>
                ) : (
                  t("limits.unused")
                )}
              </Text>
            </Paper>
          );
        })}
      </Stack>
      <Text size="sm" c="dimmed" mt="md">
        {t("limits.headers")}
      </Text>
    </>
  );
}
