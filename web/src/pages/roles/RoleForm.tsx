import { Button, Group, Input, Modal, Stack, TextInput } from "@mantine/core";
import { type FormEvent, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { CreateRoleDocument, type RoleShownFragment, UpdateRoleDocument } from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { useTenant } from "../../app/tenant";
import { ActionAlert, fieldError } from "../../ui/ActionAlert";
import { done } from "../../ui/done";
import { RightsMatrix } from "./RightsMatrix";
import type { RightInfo } from "./RolesPage";

const FIELDS = ["name", "description", "rights"];
/** What a role may begin with. */
const TEMPLATES = ["VIEWER", "DEVELOPER", "BILLING", "ADMIN"] as const;

interface Props {
  /** Absent: a new one. */
  role?: RoleShownFragment;
  rights: readonly RightInfo[];
  own: readonly string[];
  onClose: () => void;
  onDone: () => void;
}

/** A role's name and rights, beside those of the built-in roles. */
export function RoleForm({ role, rights, own, onClose, onDone }: Props) {
  const { t } = useTranslation("roles");
  const tenant = useTenant();
  const create = useAction(CreateRoleDocument);
  const update = useAction(UpdateRoleDocument);
  const action = role ? update : create;
  const [name, setName] = useState(role?.name ?? "");
  const [description, setDescription] = useState(role?.description ?? "");
  const [chosen, setChosen] = useState<string[]>(role?.rights ?? []);
  const [missing, setMissing] = useState<"name" | "rights" | null>(null);
  const input = useRef<HTMLInputElement>(null);
  const mine = useMemo(() => new Set(own), [own]);

  const like = (template: string) =>
    setChosen(
      rights
        .filter((it) => mine.has(it.right) && it.roles.some((has) => has.toUpperCase() === template))
        .map((it) => it.right),
    );
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const lacks = name.trim() === "" ? "name" : chosen.length === 0 ? "rights" : null;
    setMissing(lacks);
    if (lacks === "name") input.current?.focus();
    if (lacks) return;
    const values = {
      tenantId: tenant.id,
      name: name.trim(),
      description: description.trim(),
      rights: chosen,
    };
    const outcome = role
      ? await update.run({ input: { ...values, id: role.id } })
      : await create.run({ input: values });
    if (!outcome.ok) return;
    done(t(role ? "form.saved" : "form.created", { name: values.name }));
    onDone();
  };
  const rightsError = missing === "rights" ? t("form.noRights") : fieldError(action.problem, "rights");
  return (
    <Modal
      opened
      onClose={onClose}
      size="60rem"
      title={role ? t("form.edit", { name: role.name }) : t("form.create")}
      closeButtonProps={{ "aria-label": t("common:confirm.cancel") }}
    >
      <form onSubmit={submit} noValidate>
        <Stack>
          <TextInput
            ref={input}
            label={t("form.name")}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            error={missing === "name" ? t("form.noName") : fieldError(action.problem, "name")}
            maxLength={60}
            autoComplete="off"
            data-autofocus
          />
          <TextInput
            label={t("form.description")}
            value={description}
            onChange={(event) => setDescription(event.currentTarget.value)}
            error={fieldError(action.problem, "description")}
            maxLength={200}
            autoComplete="off"
          />
          <Group gap="xs">
            <span>{t("form.like")}</span>
            {TEMPLATES.map((template) => (
              <Button key={template} size="compact-sm" variant="default" onClick={() => like(template)}>
                {t(`common:role.${template}`)}
              </Button>
            ))}
          </Group>
          <RightsMatrix
            rights={rights}
            label={t("form.rights")}
            choosing={{ name: name.trim(), value: chosen, own: mine, onChange: setChosen }}
          />
          {rightsError ? <Input.Error role="alert">{rightsError}</Input.Error> : null}
          <ActionAlert problem={action.problem} fault={action.fault} fields={FIELDS} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t("common:confirm.cancel")}
            </Button>
            <Button type="submit" loading={action.busy}>
              {t(role ? "form.save" : "form.submit")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
