import { Button, Group, Modal, Radio, Stack, TextInput } from "@mantine/core";
import { type FormEvent, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { type AuditStreamKind, CreateAuditStreamDocument } from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { useTenant } from "../../app/tenant";
import { ActionAlert, fieldError } from "../../ui/ActionAlert";

const KINDS = ["WEBHOOK", "SYSLOG", "FILE"] as const;

interface Props {
  onClose: () => void;
  /** With the secret that signs what a webhook gets. */
  onDone: (secret?: string | null) => void;
}

/** Where the trail goes too. It begins with the oldest record that is kept. */
export function CreateStream({ onClose, onDone }: Props) {
  const { t } = useTranslation("audit");
  const tenant = useTenant();
  const create = useAction(CreateAuditStreamDocument);
  const [kind, setKind] = useState<AuditStreamKind>("WEBHOOK");
  const [target, setTarget] = useState("");
  const [empty, setEmpty] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setEmpty(target.trim() === "");
    if (target.trim() === "") return input.current?.focus();
    const made = await create.run({ input: { tenantId: tenant.id, kind, target: target.trim() } });
    if (made.ok) onDone(made.payload.secret);
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title={t("streams.createTitle")}
      closeButtonProps={{ "aria-label": t("common:confirm.cancel") }}
    >
      <form onSubmit={submit} noValidate>
        <Stack>
          <Radio.Group
            label={t("streams.kindLabel")}
            value={kind}
            onChange={(value) => setKind(value as AuditStreamKind)}
            error={fieldError(create.problem, "kind")}
          >
            <Stack gap="xs" mt="xs">
              {KINDS.map((it) => (
                <Radio
                  key={it}
                  value={it}
                  label={t(`streams.kind.${it}`)}
                  description={t(`streams.about.${it}`)}
                />
              ))}
            </Stack>
          </Radio.Group>
          <TextInput
            ref={input}
            label={t("streams.target")}
            placeholder={t(`streams.example.${kind}`)}
            value={target}
            onChange={(event) => setTarget(event.currentTarget.value)}
            error={empty ? t("streams.noTarget") : fieldError(create.problem, "target")}
            autoComplete="off"
          />
          <ActionAlert problem={create.problem} fault={create.fault} fields={["kind", "target"]} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t("common:confirm.cancel")}
            </Button>
            <Button type="submit" loading={create.busy}>
              {t("streams.submit")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
