import { Group, Paper, Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { InstanceStateFragment } from "../../api/customer/graphql";
import { duration } from "../../ui/format";
import { When } from "../../ui/When";
import type { RegionShown } from "./RegionCards";

/** What the instance is. */
export function DetailsCard({
  instance,
  region,
}: {
  instance: InstanceStateFragment;
  region: RegionShown | null;
}) {
  const { t } = useTranslation("instances");
  return (
    <Paper className="surface" p="lg">
      <Title order={2} size="h4" mb="sm">
        {t("details.title")}
      </Title>
      <Stack component="dl" gap={8} m={0}>
        <Row label={t("details.address")}>
          <span className="mono">{instance.slug}</span>
        </Row>
        <Row label={t("details.region")}>
          {region ? region.name : instance.region}
          {region ? ` (${region.residency})` : ""}
        </Row>
        <Row label={t("details.version")}>{instance.n8NVersion}</Row>
        <Row label={t("details.created")}>
          <When at={instance.createdAt} />
        </Row>
        <Row label={t("details.ready")}>{instance.readyAt ? <When at={instance.readyAt} /> : "–"}</Row>
        <Row label={t("details.boot")}>{instance.bootMillis ? duration(instance.bootMillis) : "–"}</Row>
      </Stack>
    </Paper>
  );
}

function Row({ label, children }: { label: string; children: ReactNode }) {
  return (
    <Group justify="space-between" gap="md" wrap="nowrap" align="flex-start">
      <Text component="dt" size="sm" c="dimmed">
        {label}
      </Text>
      <Text component="dd" size="sm" m={0} ta="right" style={{ minWidth: 0 }}>
        {children}
      </Text>
    </Group>
  );
}
