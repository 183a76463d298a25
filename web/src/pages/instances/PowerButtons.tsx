import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconPlayerPlay, IconPlayerStop } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import {
  type InstanceStateFragment,
  StartInstanceDocument,
  StopInstanceDocument,
} from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { useTenant } from "../../app/tenant";
import { ActionAlert } from "../../ui/ActionAlert";

/** Stops and starts the instance; stopping says first what it means. */
export function PowerButtons({ instance }: { instance: InstanceStateFragment }) {
  const { t } = useTranslation("instances");
  const tenant = useTenant();
  const [asking, { open, close }] = useDisclosure(false);
  const [refused, dialog] = useDisclosure(false);
  const start = useAction(StartInstanceDocument);
  const stop = useAction(StopInstanceDocument);
  const input = { tenantId: tenant.id, id: instance.id };
  const doStart = async () => {
    const done = await start.run({ input });
    if (!done.ok) dialog.open();
  };
  const doStop = async () => {
    const done = await stop.run({ input });
    if (done.ok) close();
  };
  return (
    <>
      {instance.desired === "STOPPED" ? (
        <Button
          variant={instance.phase === "STOPPED" ? "filled" : "default"}
          leftSection={<IconPlayerPlay size={16} aria-hidden />}
          loading={start.busy}
          onClick={doStart}
        >
          {t("power.start")}
        </Button>
      ) : (
        <Button variant="default" leftSection={<IconPlayerStop size={16} aria-hidden />} onClick={open}>
          {t("power.stop")}
        </Button>
      )}
      <Modal
        opened={asking}
        onClose={close}
        title={t("power.stopTitle", { name: instance.name })}
        closeButtonProps={{ "aria-label": t("common:confirm.cancel") }}
      >
        <Stack>
          <Text>{t("power.stopText")}</Text>
          <Text>{t("power.stopKept")}</Text>
          <ActionAlert {...stop} />
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              {t("common:confirm.cancel")}
            </Button>
            <Button color="red.8" onClick={doStop} loading={stop.busy} data-autofocus>
              {t("power.stopConfirm")}
            </Button>
          </Group>
        </Stack>
      </Modal>
      <Modal
        opened={refused}
        onClose={dialog.close}
        title={t("power.start")}
        closeButtonProps={{ "aria-label": t("common:confirm.cancel") }}
      >
        <ActionAlert {...start} />
      </Modal>
    </>
  );
}
