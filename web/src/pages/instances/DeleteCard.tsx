import { Button, Group, Paper, Radio, Stack, Text, Title } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { DeleteInstanceDocument, type InstanceStateFragment } from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { useTenant } from "../../app/tenant";
import { ActionAlert } from "../../ui/ActionAlert";
import { TypedConfirm } from "../../ui/TypedConfirm";
import type { Stage } from "./life";

interface Props {
  instance: InstanceStateFragment;
  stage: Stage;
}

/** Deletes the instance: with days of grace, or at once. One whose grace runs can only be hastened. */
export function DeleteCard({ instance, stage }: Props) {
  const { t } = useTranslation("instances");
  const tenant = useTenant();
  const remove = useAction(DeleteInstanceDocument);
  const [opened, setOpened] = useState(false);
  const [how, setHow] = useState("grace");
  const waiting = stage === "grace";
  const immediately = waiting || how === "now";
  const close = () => {
    setOpened(false);
    setHow("grace");
    remove.reset();
  };
  const confirm = async () => {
    const input = { tenantId: tenant.id, id: instance.id, confirmSlug: instance.slug, immediately };
    const done = await remove.run({ input });
    if (done.ok) close();
  };
  return (
    <Paper className="surface" p="lg">
      <Group justify="space-between">
        <div style={{ flex: 1, minWidth: 220 }}>
          <Title order={2} size="h4" mb={4}>
            {waiting ? t("delete.titleNow") : t("delete.title")}
          </Title>
          <Text size="sm" c="dimmed">
            {waiting ? t("delete.textNow") : t("delete.text")}
          </Text>
        </div>
        <Button variant="outline" color="var(--mantine-color-error)" onClick={() => setOpened(true)}>
          {waiting ? t("delete.openNow") : t("delete.open")}
        </Button>
      </Group>
      <TypedConfirm
        key={String(opened)}
        opened={opened}
        onClose={close}
        title={t("delete.dialog", { name: instance.name })}
        phrase={instance.slug}
        confirmLabel={immediately ? t("delete.confirmNow") : t("delete.confirm")}
        busy={remove.busy}
        onConfirm={confirm}
      >
        <Stack gap="sm">
          <Text>{t("delete.loses")}</Text>
          {waiting ? null : (
            <Radio.Group value={how} onChange={setHow} label={t("delete.how")}>
              <Stack gap="xs" mt="xs">
                <Radio value="grace" label={t("delete.grace")} description={t("delete.graceText")} />
                <Radio value="now" label={t("delete.now")} description={t("delete.nowText")} />
              </Stack>
            </Radio.Group>
          )}
          {waiting ? <Text>{t("delete.nowText")}</Text> : null}
          <ActionAlert {...remove} />
        </Stack>
      </TypedConfirm>
    </Paper>
  );
}
