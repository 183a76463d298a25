import { Anchor, Button, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { ResetPasswordDocument } from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { useSession } from "../../app/session";
import { ActionAlert } from "../../ui/ActionAlert";
import { NewPassword } from "../../ui/NewPassword";
import { useEntryForm } from "../../ui/useEntryForm";
import { EntryPage } from "./EntryPage";
import { useHeadFocus } from "./useHeadFocus";
import { useLinkToken } from "./useLinkToken";
import { checks } from "./validate";

export function ResetPassword() {
  const { t } = useTranslation("public");
  const token = useLinkToken();
  if (token) return <Reset key={token} token={token} />;
  return (
    <EntryPage title={t("reset.missing")} lead={t("reset.missingText")}>
      <Button component={Link} to="/forgot-password" fullWidth>
        {t("reset.again")}
      </Button>
    </EntryPage>
  );
}

function Reset({ token }: { token: string }) {
  const { t } = useTranslation("public");
  const { refresh } = useSession();
  const [done, setDone] = useState(false);
  const reset = useAction(ResetPasswordDocument);
  const { form, onInvalid, show } = useEntryForm({
    initialValues: { password: "" },
    validate: { password: checks(t).newPassword },
  });
  useHeadFocus(done);
  const submit = form.onSubmit(async ({ password }) => {
    const outcome = await reset.run({ input: { token, password } });
    show(outcome);
    if (!outcome.ok) return;
    setDone(true);
    // It ended every session, this browser's too.
    refresh();
  }, onInvalid);

  if (done) {
    return (
      <EntryPage title={t("reset.done")} lead={<Text role="status">{t("reset.doneText")}</Text>}>
        <Button component={Link} to="/log-in" fullWidth>
          {t("reset.logIn")}
        </Button>
      </EntryPage>
    );
  }
  const badLink = reset.problem?.code === "LINK_EXPIRED" || reset.problem?.code === "INVALID_LINK";
  return (
    <EntryPage title={t("reset.title")} lead={t("reset.lead")}>
      <form onSubmit={submit} noValidate>
        <Stack>
          <NewPassword
            label={t("fields.newPassword")}
            password={form.values.password}
            {...form.getInputProps("password")}
          />
          <ActionAlert problem={reset.problem} fault={reset.fault} fields={["password"]} />
          {badLink ? (
            <Anchor component={Link} to="/forgot-password">
              {t("reset.again")}
            </Anchor>
          ) : null}
          <Button type="submit" loading={reset.busy}>
            {t("reset.submit")}
          </Button>
        </Stack>
      </form>
    </EntryPage>
  );
}
