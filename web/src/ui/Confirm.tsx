import { Button, Group, Modal, Stack } from "@mantine/core";
import type { FormEvent, ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Fault } from "../api/client";
import type { Problem } from "../api/useAction";
import { ActionAlert } from "./ActionAlert";

interface Props {
  opened: boolean;
  onClose: () => void;
  title: string;
  children: ReactNode;
  confirmLabel: string;
  /** Something is lost by it. */
  danger?: boolean;
  action: { busy: boolean; problem: Problem | null; fault: Fault | null };
  onConfirm: () => void;
}

/** A question before something is done, and the place where it is said why it could not be. */
export function Confirm({
  opened,
  onClose,
  title,
  children,
  confirmLabel,
  danger,
  action,
  onConfirm,
}: Props) {
  const { t } = useTranslation();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onConfirm();
  };
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={title}
      closeButtonProps={{ "aria-label": t("confirm.cancel") }}
      attributes={{ header: { role: "none" } }}
    >
      <form onSubmit={submit}>
        <Stack>
          {children}
          <ActionAlert problem={action.problem} fault={action.fault} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose} data-autofocus={danger || undefined}>
              {t("confirm.cancel")}
            </Button>
            <Button type="submit" color={danger ? "red.8" : undefined} loading={action.busy}>
              {confirmLabel}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
