import { Alert, Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Fault } from "../../api/client";
import type { Outcome, Problem } from "../../api/useAction";
import { ActionAlert } from "../../ui/ActionAlert";
import { useEntryForm } from "../../ui/useEntryForm";

interface Props {
  title: string;
  name: string;
  submitLabel: string;
  action: { busy: boolean; problem: Problem | null; fault: Fault | null };
  /** Something that went wrong here, not at the server. */
  note?: string | null;
  onClose: () => void;
  onSubmit: (name: string) => Promise<Outcome<unknown> | null>;
}

/** What a passkey is called. */
export function NameDialog({ title, name, submitLabel, action, note, onClose, onSubmit }: Props) {
  const { t } = useTranslation("account");
  const { form, onInvalid, show } = useEntryForm({
    initialValues: { name },
    validate: { name: (value: string) => (value.trim() === "" ? t("security.passkeys.nameMissing") : null) },
  });
  const submit = form.onSubmit(async (input) => {
    const outcome = await onSubmit(input.name);
    if (outcome) show(outcome);
  }, onInvalid);
  return (
    <Modal
      opened
      onClose={onClose}
      title={title}
      closeButtonProps={{ "aria-label": t("common:confirm.cancel") }}
      attributes={{ header: { role: "none" } }}
    >
      <form onSubmit={submit} noValidate>
        <Stack>
          <TextInput
            label={t("security.passkeys.name")}
            description={t("security.passkeys.nameHint")}
            maxLength={60}
            data-autofocus
            {...form.getInputProps("name")}
          />
          {note ? (
            <Alert color="yellow" role="alert">
              {note}
            </Alert>
          ) : null}
          <ActionAlert problem={action.problem} fault={action.fault} fields={["name"]} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t("common:confirm.cancel")}
            </Button>
            <Button type="submit" loading={action.busy}>
              {submitLabel}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
