import { Button, Group, Modal, Radio, Stack, TextInput } from "@mantine/core";
import { type FormEvent, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { CreateServiceAccountDocument } from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { useGivable } from "../../api/useGivable";
import { roleOf, useRoleChoices } from "../../api/useRoleChoices";
import { useTenant } from "../../app/tenant";
import { ActionAlert, fieldError } from "../../ui/ActionAlert";
import { done } from "../../ui/done";

const BUILT_IN = ["ADMIN", "DEVELOPER", "BILLING", "VIEWER"] as const;
const FIELDS = ["name", "role", "customRoleId"];

interface Props {
  onClose: () => void;
  onDone: () => void;
}

/** A new service account: its name and its role, with no right that its maker lacks. */
export function CreateAccount({ onClose, onDone }: Props) {
  const { t } = useTranslation("developers");
  const tenant = useTenant();
  const create = useAction(CreateServiceAccountDocument);
  const own = useRoleChoices(tenant.id, tenant.may("role:view"));
  const givable = useGivable(true);
  const [name, setName] = useState("");
  const [role, setRole] = useState("VIEWER");
  const [empty, setEmpty] = useState(false);
  const input = useRef<HTMLInputElement>(null);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setEmpty(name.trim() === "");
    if (name.trim() === "") return input.current?.focus();
    const made = await create.run({ input: { tenantId: tenant.id, name: name.trim(), ...roleOf(role) } });
    if (!made.ok) return;
    done(t("accounts.created", { name: name.trim() }));
    onDone();
  };
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={t("accounts.createTitle")}
      closeButtonProps={{ "aria-label": t("common:confirm.cancel") }}
    >
      <form onSubmit={submit} noValidate>
        <Stack>
          <TextInput
            ref={input}
            label={t("create.name")}
            description={t("accounts.nameNote")}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            error={empty ? t("create.noName") : fieldError(create.problem, "name")}
            maxLength={80}
            autoComplete="off"
            data-autofocus
          />
          <Radio.Group
            label={t("accounts.role")}
            description={t("accounts.roleNote")}
            value={role}
            onChange={setRole}
            error={fieldError(create.problem, "role") ?? fieldError(create.problem, "customRoleId")}
          >
            <Stack gap="xs" mt="xs">
              {BUILT_IN.filter((it) => givable(it)).map((it) => (
                <Radio key={it} value={it} label={t(`common:role.${it}`)} />
              ))}
              {own
                .filter((it) => givable("CUSTOM", it.rights))
                .map((it) => (
                  <Radio
                    key={it.id}
                    value={it.id}
                    label={it.name}
                    description={it.description || undefined}
                  />
                ))}
            </Stack>
          </Radio.Group>
          <ActionAlert problem={create.problem} fault={create.fault} fields={FIELDS} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t("common:confirm.cancel")}
            </Button>
            <Button type="submit" loading={create.busy}>
              {t("accounts.createSubmit")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
