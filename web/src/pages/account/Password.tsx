import { Button, Group, Skeleton, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { renewSocket } from "../../api/client";
import {
  ChangePasswordDocument,
  RequestPasswordResetDocument,
  SecurityDocument,
} from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { useLasting } from "../../api/useLasting";
import { useViewer } from "../../app/session";
import { ActionAlert } from "../../ui/ActionAlert";
import { NewPassword, PasswordField, passwordFault } from "../../ui/NewPassword";
import { useEntryForm } from "../../ui/useEntryForm";
import { Section } from "./Section";

const FIELDS = ["currentPassword", "newPassword"];

/** Changes it, or leads to a first one: who came by an identity provider has none. */
export function Password() {
  const { t } = useTranslation("account");
  const { data, fault } = useLasting({ query: SecurityDocument, variables: {} });
  const has = data?.viewer?.security.hasPassword;
  if (has === undefined && !fault) return <Skeleton height={320} />;
  const lead = t(has === false ? "password.noneLead" : "password.lead");
  return (
    <Section id="account-password" title={t("password.title")} lead={lead}>
      {has === false ? <FirstPassword /> : <ChangePassword />}
    </Section>
  );
}

/** A link by mail proves that the address is theirs. */
function FirstPassword() {
  const { t } = useTranslation("account");
  const { email } = useViewer();
  const request = useAction(RequestPasswordResetDocument);
  const [sent, setSent] = useState(false);
  const send = async () => {
    setSent(false);
    setSent((await request.run({ email })).ok);
  };
  return (
    <Stack>
      <ActionAlert problem={request.problem} fault={request.fault} />
      <Group>
        <Button variant="default" onClick={send} loading={request.busy}>
          {t("password.send")}
        </Button>
        <Text size="sm" role="status">
          {sent ? t("password.sent", { email }) : ""}
        </Text>
      </Group>
    </Stack>
  );
}

function ChangePassword() {
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
  );
}
