import { Group, Paper, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { InstanceStateFragment } from "../../api/customer/graphql";
import { useTenant } from "../../app/tenant";
import { duration } from "../../ui/format";
import { OpenButton } from "./OpenButton";

/** The end of the wait. */
export function ReadyBanner({ instance }: { instance: InstanceStateFragment }) {
  const { t } = useTranslation("instances");
  const tenant = useTenant();
  const readies = instance.events.filter((event) => event.phase === "READY");
  const took =
    readies.length === 1 && instance.readyAt
      ? Date.parse(instance.readyAt) - Date.parse(instance.createdAt)
      : null;
  return (
    <Paper className="surface" p="lg">
      <Group justify="space-between">
        <div>
          <Title order={2} size="h4">
            {took ? t("ready.titleTook", { time: duration(took) }) : t("ready.title")}
          </Title>
          <Text c="dimmed">{tenant.may("instance:open") ? t("ready.text") : t("ready.textNoRight")}</Text>
        </div>
        {tenant.may("instance:open") ? (
          <OpenButton openUrl={instance.openUrl} size="md" name={instance.name} />
        ) : null}
      </Group>
    </Paper>
  );
}
