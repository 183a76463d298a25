import { Button, Group, Modal, Radio, Stack, Text, TextInput } from "@mantine/core";
import { type FormEvent, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { CreateProvisioningTokenDocument } from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { useTenant } from "../../app/tenant";
import { ActionAlert, fieldError } from "../../ui/ActionAlert";

const LIVES = [90, 180, 365] as const;
const FIELDS = ["name", "expiresAt"];
const DAY = 24 * 60 * 60 * 1000;

interface Props {
  onClose: () => void;
  onMade: (secret: string | null | undefined) => void;
}

/** A new token: its name and its end. */
export function CreateToken({ onClose, onMade }: Props) {
  const { t } = useTranslation("provisioning");
  const tenant = useTenant();
  const create = useAction(CreateProvisioningTokenDocument);
  const [name, setName] = useState("");
  const [days, setDays] = useState<number>(365);
  const [empty, setEmpty] = useState(false);
  const input = useRef<HTMLInputElement>(null);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setEmpty(name.trim() === "");
    if (name.trim() === "") return input.current?.focus();
    const expiresAt = new Date(Date.now() + days * DAY).toISOString();
    const made = await create.run({ input: { tenantId: tenant.id, name: name.trim(), expiresAt } });
    if (made.ok) onMade(made.payload.secret);
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title={t("create.title")}
      closeButtonProps={{ "aria-label": t("common:confirm.cancel") }}
    >
      <form onSubmit={submit} noValidate>
        <Stack>
          <Text size="sm">{t("create.text")}</Text>
          <TextInput
            ref={input}
            label={t("create.name")}
            description={t("create.nameNote")}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            error={empty ? t("create.noName") : fieldError(create.problem, "name")}
            maxLength={80}
            autoComplete="off"
            data-autofocus
          />
          <Radio.Group
            label={t("create.life")}
            value={String(days)}
            onChange={(value) => setDays(Number(value))}
            error={fieldError(create.problem, "expiresAt")}
          >
            <Group mt="xs">
              {LIVES.map((life) => (
                <Radio key={life} value={String(life)} label={t("create.days", { count: life })} />
              ))}
            </Group>
          </Radio.Group>
          <ActionAlert problem={create.problem} fault={create.fault} fields={FIELDS} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t("common:confirm.cancel")}
            </Button>
            <Button type="submit" loading={create.busy}>
              {t("create.submit")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
