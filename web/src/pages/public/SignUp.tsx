import { Anchor, Button, Stack, TextInput } from "@mantine/core";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useLocation, useSearchParams } from "react-router";
import { SignUpDocument } from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { useGoOn, useSession } from "../../app/session";
import { ActionAlert } from "../../ui/ActionAlert";
import { NewPassword } from "../../ui/NewPassword";
import { useEntryForm } from "../../ui/useEntryForm";
import { EntryPage } from "./EntryPage";
import { LinkSent } from "./LinkSent";
import { useHeadFocus } from "./useHeadFocus";
import { checks } from "./validate";

const FIELDS = ["name", "email", "password"];

export function SignUp() {
  const { t } = useTranslation("public");
  const { state } = useLocation();
  const [params] = useSearchParams();
  const next = params.get("next");
  const { viewer } = useSession();
  const goOn = useGoOn();
  // Whoever is logged in has an account.
  useEffect(() => {
    if (viewer) goOn(next);
  }, [viewer, next, goOn]);
  const [sentTo, setSentTo] = useState<string | null>(null);
  const signUp = useAction(SignUpDocument);
  const check = checks(t);
  useHeadFocus(sentTo);
  const { form, onInvalid, show } = useEntryForm({
    initialValues: { name: "", email: typeof state?.email === "string" ? state.email : "", password: "" },
    validate: { name: check.name, email: check.email, password: check.newPassword },
  });
  const submit = form.onSubmit(async (input) => {
    const outcome = await signUp.run({ input });
    show(outcome);
    if (outcome.ok) setSentTo(input.email.trim());
  }, onInvalid);

  if (sentTo) return <LinkSent email={sentTo} next={next} onOther={() => setSentTo(null)} />;
  const logIn = next ? `/log-in?next=${encodeURIComponent(next)}` : "/log-in";
  return (
    <EntryPage
      title={t("signUp.title")}
      lead={t("signUp.lead")}
      below={
        <>
          {t("signUp.have")}{" "}
          <Anchor component={Link} to={logIn}>
            {t("signUp.logIn")}
          </Anchor>
        </>
      }
    >
      <form onSubmit={submit} noValidate>
        <Stack>
          <TextInput
            label={t("fields.name")}
            autoComplete="name"
            maxLength={120}
            {...form.getInputProps("name")}
          />
          <TextInput
            label={t("fields.email")}
            type="email"
            autoComplete="email"
            {...form.getInputProps("email")}
          />
          <NewPassword
            label={t("fields.password")}
            password={form.values.password}
            email={form.values.email}
            {...form.getInputProps("password")}
          />
          <ActionAlert problem={signUp.problem} fault={signUp.fault} fields={FIELDS} />
          <Button type="submit" loading={signUp.busy}>
            {t("signUp.submit")}
          </Button>
        </Stack>
      </form>
    </EntryPage>
  );
}
