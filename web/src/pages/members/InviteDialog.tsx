import { Alert, Button, Group, Modal, Radio, Stack, TextInput } from "@mantine/core";
import { type FormEvent, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { InviteMemberDocument } from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import type { Givable } from "../../api/useGivable";
import { type RoleChoice, roleOf } from "../../api/useRoleChoices";
import { useTenant } from "../../app/tenant";
import { ActionAlert, fieldError } from "../../ui/ActionAlert";
import { done } from "../../ui/done";
import { type OwnRole, ROLES } from "./roles";

const FIELDS = ["email", "role", "customRoleId"];

interface Props {
  opened: boolean;
  onClose: () => void;
  onDone: () => void;
  givable: Givable;
  /** The organisation's own roles. */
  ownRoles: readonly OwnRole[];
  /** All that the plan has are taken. */
  full: boolean;
}

/** Whom to invite, as what. */
export function InviteDialog({ opened, onClose, onDone, givable, ownRoles, full }: Props) {
  const { t } = useTranslation("members");
  const tenant = useTenant();
  const invite = useAction(InviteMemberDocument);
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<RoleChoice>("DEVELOPER");
  const [empty, setEmpty] = useState(false);
  const input = useRef<HTMLInputElement>(null);

  const close = () => {
    invite.reset();
    setEmpty(false);
    onClose();
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const address = email.trim();
    setEmpty(address === "");
    if (address === "") return input.current?.focus();
    const outcome = await invite.run({ input: { tenantId: tenant.id, email: address, ...roleOf(role) } });
    if (!outcome.ok) {
      if (outcome.problem?.field === "email") input.current?.focus();
      return;
    }
    done(t("invite.done", { email: address }));
    setEmail("");
    close();
    onDone();
  };
  return (
    <Modal
      opened={opened}
      onClose={close}
      size="lg"
      title={t("invite.title", { tenant: tenant.name })}
      closeButtonProps={{ "aria-label": t("common:confirm.cancel") }}
      attributes={{ header: { role: "none" } }}
    >
      <form onSubmit={submit} noValidate>
        <Stack>
          {full ? (
            <Alert color="yellow" title={t("full.title")}>
              {t("full.text")}
            </Alert>
          ) : null}
          <TextInput
            ref={input}
            type="email"
            label={t("invite.email")}
            description={t("invite.emailNote")}
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
            error={empty ? t("invite.noEmail") : fieldError(invite.problem, "email")}
            autoComplete="off"
            data-autofocus
          />
          <Radio.Group
            label={t("invite.role")}
            value={role}
            onChange={setRole}
            error={fieldError(invite.problem, "role") ?? fieldError(invite.problem, "customRoleId")}
          >
            <Stack gap="sm" mt="xs">
              {ROLES.filter((it) => givable(it)).map((choice) => (
                <Radio
                  key={choice}
                  value={choice}
                  label={t(`common:role.${choice}`)}
                  description={t(`about.${choice}`)}
                />
              ))}
              {ownRoles
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
          <ActionAlert problem={invite.problem} fault={invite.fault} fields={FIELDS} />
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              {t("common:confirm.cancel")}
            </Button>
            <Button type="submit" loading={invite.busy}>
              {t("invite.send")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
