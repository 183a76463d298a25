import { Button, List, Stack, Text } from "@mantine/core";
import { IconPlayerPlay } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useTenant } from "../../app/tenant";
import { EmptyState } from "../../ui/EmptyState";
import type { UsageInstance } from "./useInstances";

/** Before anything ran: how to make a workflow run that is counted. */
export function FirstRun({ instances }: { instances: UsageInstance[] }) {
  const { t } = useTranslation("usage");
  const tenant = useTenant();
  const ready = instances.find((i) => i.phase === "READY");
  const action =
    ready && tenant.may("instance:open") ? (
      <Button component="a" href={ready.openUrl} target="_blank" rel="noreferrer">
        {t("first.open", { name: ready.name })}
      </Button>
    ) : instances.length === 0 && tenant.may("instance:create") ? (
      <Button component={Link} to={`/t/${tenant.slug}/instances/new`}>
        {t("first.create")}
      </Button>
    ) : null;
  return (
    <EmptyState icon={IconPlayerPlay} title={t("first.title")} action={action}>
      <Stack gap="sm">
        <Text>{t("first.text")}</Text>
        <List type="ordered" ta="left" spacing={6}>
          <List.Item>{t("first.step1")}</List.Item>
          <List.Item>{t("first.step2")}</List.Item>
          <List.Item>{t("first.step3")}</List.Item>
        </List>
        <Text size="sm">{t("first.note")}</Text>
      </Stack>
    </EmptyState>
  );
}
