import { Anchor, Button, List, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useLocation } from "react-router";
import { RequestPasswordResetDocument } from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { ActionAlert } from "../../ui/ActionAlert";
import { useEntryForm } from "../../ui/useEntryForm";
import { EntryPage } from "./EntryPage";
import { useHeadFocus } from "./useHeadFocus";
import { checks } from "./validate";

export function ForgotPassword() {
  const { t } = useTranslation("public");
  const { state } = useLocation();
  const [sentTo, setSentTo] = useState<string | null>(null);
  const request = useAction(RequestPasswordResetDocument);
  const { form, onInvalid, show } = useEntryForm({
    initialValues: { email: typeof state?.email === "string" ? state.email : "" },
    validate: { email: checks(t).email },
  });
  useHeadFocus(sentTo);
  const submit = form.onSubmit(async ({ email }) => {
    const outcome = await request.run({ email });
    show(outcome);
    if (outcome.ok) setSentTo(email.trim());
  }, onInvalid);

  const back = (
    <Anchor component={Link} to="/log-in" state={{ email: form.values.email }}>
      {t("forgot.back")}
    </Anchor>
  );
  if (sentTo) {
    return (
      <EntryPage title={t("forgot.sent")} lead={t("forgot.sentText", { email: sentTo })} below={back}>
        <Stack>
          <div>
            <Text fw={600} component="h2" size="md" mb={4}>
              {t("sent.nothing")}
            </Text>
            <List size="sm" spacing={4}>
              <List.Item>{t("sent.spam")}</List.Item>
              <List.Item>{t("sent.kept")}</List.Item>
            </List>
          </div>
          <Button variant="default" onClick={() => setSentTo(null)}>
            {t("forgot.other")}
          </Button>
        </Stack>
      </EntryPage>
    );
  }
  return (
    <EntryPage title={t("forgot.title")} lead={t("forgot.lead")} below={back}>
      <form onSubmit={submit} noValidate>
        <Stack>
          <TextInput
            label={t("fields.email")}
            type="email"
            autoComplete="email"
            {...form.getInputProps("email")}
          />
          <ActionAlert problem={request.problem} fault={request.fault} fields={["email"]} />
          <Button type="submit" loading={request.busy}>
            {t("forgot.submit")}
          </Button>
        </Stack>
      </form>
    </EntryPage>
  );
}
