import { Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { type FormEvent, type ReactNode, useState } from "react";
import { Trans, useTranslation } from "react-i18next";

interface Props {
  opened: boolean;
  onClose: () => void;
  title: string;
  /** What will be lost. */
  children: ReactNode;
  /** What has to be typed. */
  phrase: string;
  confirmLabel: string;
  busy: boolean;
  onConfirm: () => void;
}

/** A question before something is lost, answered by typing the name of what is lost. */
export function TypedConfirm({
  opened,
  onClose,
  title,
  children,
  phrase,
  confirmLabel,
  busy,
  onConfirm,
}: Props) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState("");
  const close = () => {
    setTyped("");
    onClose();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (typed === phrase) onConfirm();
  };
  return (
    <Modal
      opened={opened}
      onClose={close}
      title={title}
      closeButtonProps={{ "aria-label": t("confirm.cancel") }}
    >
      <form onSubmit={submit}>
        <Stack>
          {children}
          <TextInput
            label={<Trans t={t} i18nKey="confirm.type" values={{ what: phrase }} />}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
            autoComplete="off"
            data-autofocus
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              {t("confirm.cancel")}
            </Button>
            <Button color="red.8" type="submit" disabled={typed !== phrase} loading={busy}>
              {confirmLabel}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
