import { Button, Group, Modal, Radio, Stack, Text, Textarea } from "@mantine/core";
import { type FormEvent, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { GrantSupportAccessDocument, type SupportLevel } from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { useTenant } from "../../app/tenant";
import { ActionAlert, fieldError } from "../../ui/ActionAlert";
import { done } from "../../ui/done";

const HOURS = [1, 4, 24, 72, 168] as const;
const LEVELS = ["READ", "WRITE"] as const;

interface Props {
  onClose: () => void;
  onDone: () => void;
}

/** The consent: how far, how long, and for what. */
export function GrantDialog({ onClose, onDone }: Props) {
  const { t } = useTranslation("support");
  const tenant = useTenant();
  const grant = useAction(GrantSupportAccessDocument);
  const [level, setLevel] = useState<SupportLevel>("READ");
  const [hours, setHours] = useState(4);
  const [reason, setReason] = useState("");
  const [empty, setEmpty] = useState(false);
  const input = useRef<HTMLTextAreaElement>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setEmpty(reason.trim() === "");
    if (reason.trim() === "") return input.current?.focus();
    const made = await grant.run({ input: { tenantId: tenant.id, level, hours, reason: reason.trim() } });
    if (!made.ok) return;
    done(t("grant.done"));
    onDone();
  };
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={t("grant.title")}
      closeButtonProps={{ "aria-label": t("common:confirm.cancel") }}
    >
      <form onSubmit={submit} noValidate>
        <Stack>
          <Text>{t("grant.text")}</Text>
          <Radio.Group
            label={t("grant.level")}
            value={level}
            onChange={(value) => setLevel(value as SupportLevel)}
          >
            <Stack gap="xs" mt="xs">
              {LEVELS.map((it) => (
                <Radio key={it} value={it} label={t(`level.${it}`)} description={t(`about.${it}`)} />
              ))}
            </Stack>
          </Radio.Group>
          <Radio.Group
            label={t("grant.hours")}
            value={String(hours)}
            onChange={(value) => setHours(Number(value))}
            error={fieldError(grant.problem, "hours")}
          >
            <Group mt="xs">
              {HOURS.map((it) => (
                <Radio key={it} value={String(it)} label={t(`hours.${it}`)} />
              ))}
            </Group>
          </Radio.Group>
          <Textarea
            ref={input}
            label={t("grant.reason")}
            description={t("grant.reasonNote")}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
            error={empty ? t("grant.noReason") : fieldError(grant.problem, "reason")}
            maxLength={500}
            rows={3}
          />
          <ActionAlert problem={grant.problem} fault={grant.fault} fields={["hours", "reason"]} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t("common:confirm.cancel")}
            </Button>
            <Button type="submit" loading={grant.busy}>
              {t("grant.confirm")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
