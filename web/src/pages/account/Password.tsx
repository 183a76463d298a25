import { Button, Group, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { renewSocket } from "../../api/client";
import { ChangePasswordDocument } from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { useViewer } from "../../app/session";
import { ActionAlert } from "../../ui/ActionAlert";
import { NewPassword, PasswordField, passwordFault } from "../../ui/NewPassword";
import { useEntryForm } from "../../ui/useEntryForm";
import { Section } from "./Section";

const FIELDS = ["currentPassword", "newPassword"];

export function Password() {
  const { t } = useTranslation("account");
  const viewer = useViewer();
  const [saved, setSaved] = useState(false);
  const change = useAction(ChangePasswordDocument);
  const { form, onInvalid, show } = useEntryForm({
    initialValues: { currentPassword: "", newPassword: "" },
    validate: {
      currentPassword: (value: string) => (value === "" ? t("password.currentMissing") : null),
      newPassword: (value: string) => {
        const fault = passwordFault(value);
        return fault ? t(`password:${fault}`) : null;
      },
    },
  });
  const submit = form.onSubmit(async (input) => {
    setSaved(false);
    const outcome = await change.run({ input });
    show(outcome);
    setSaved(outcome.ok);
    if (!outcome.ok) return;
    form.reset();
    // The socket was opened with the token that was good before.
    renewSocket();
  }, onInvalid);
  return (
    <Section id="account-password" title={t("password.title")} lead={t("password.lead")}>
      <form onSubmit={submit} noValidate>
        <Stack>
          {/* For password managers: whose password it is. */}
          <input type="text" name="username" autoComplete="username" value={viewer.email} readOnly hidden />
          <PasswordField label={t("password.current")} {...form.getInputProps("currentPassword")} />
          <NewPassword
            label={t("password.new")}
            password={form.values.newPassword}
            email={viewer.email}
            {...form.getInputProps("newPassword")}
          />
          <ActionAlert problem={change.problem} fault={change.fault} fields={FIELDS} />
          <Group>
            <Button type="submit" loading={change.busy}>
              {t("password.save")}
            </Button>
            <Text size="sm" role="status">
              {saved ? t("password.saved") : ""}
            </Text>
          </Group>
        </Stack>
      </form>
    </Section>
  );
}
