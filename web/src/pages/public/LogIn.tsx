import { Alert, Anchor, Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useLocation, useSearchParams } from "react-router";
import { LogInDocument, type LogInMutation } from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { safeNext } from "../../app/next";
import { useGoOn, useSession } from "../../app/session";
import { ActionAlert } from "../../ui/ActionAlert";
import { PasswordField } from "../../ui/NewPassword";
import { useEntryForm } from "../../ui/useEntryForm";
import { EntryPage } from "./EntryPage";
import { PasskeyLogIn } from "./PasskeyLogIn";
import { Resend } from "./Resend";
import { SecondStep } from "./SecondStep";
import { SignOn, SignOnProblem } from "./SignOn";
import { checks } from "./validate";

const UNVERIFIED = ["NOT_VERIFIED", "EMAIL_NOT_VERIFIED"];

export function LogIn() {
  const { t } = useTranslation("public");
  const { state } = useLocation();
  const [params] = useSearchParams();
  const next = safeNext(params.get("next"));
  const { viewer, fault: sessionFault, refresh } = useSession();
  const goOn = useGoOn();
  const logIn = useAction(LogInDocument);
  const [unverified, setUnverified] = useState<string | null>(null);
  const [entering, setEntering] = useState(false);
  const [second, setSecond] = useState<LogInMutation["logIn"]["secondFactor"]>(null);
  // Also for whoever is logged in already, perhaps in another tab; but not past what a provider's answer led to.
  const told = params.has("problem") && !entering;
  useEffect(() => {
    if (viewer && !told) goOn(next);
  }, [viewer, told, next, goOn]);

  const { form, onInvalid, show } = useEntryForm({
    initialValues: { email: typeof state?.email === "string" ? state.email : "", password: "" },
    validate: {
      email: checks(t).email,
      password: (value: string) => (value === "" ? t("fields.passwordMissing") : null),
    },
  });
  const enter = () => {
    setEntering(true);
    refresh();
  };
  const submit = form.onSubmit(async (input) => {
    setUnverified(null);
    const outcome = await logIn.run({ input });
    show(outcome);
    if (outcome.ok && outcome.payload.secondFactor) {
      setSecond(outcome.payload.secondFactor);
    } else if (outcome.ok) {
      enter();
    } else if (UNVERIFIED.includes(outcome.problem?.code ?? "")) {
      setUnverified(input.email.trim());
    }
  }, onInvalid);

  if (second) {
    const again = () => setSecond(null);
    return <SecondStep token={second.token} factors={second.factors} onDone={enter} onAgain={again} />;
  }
  if (viewer && told) {
    return (
      <EntryPage title={t("logIn.title")} lead={t("logIn.still", { email: viewer.email })}>
        <SignOnProblem />
        <Button fullWidth onClick={() => goOn(next)}>
          {t("logIn.on")}
        </Button>
      </EntryPage>
    );
  }
  const problem = unverified ? null : logIn.problem;
  const signUp = next ? `/sign-up?next=${encodeURIComponent(next)}` : "/sign-up";
  return (
    <EntryPage
      title={t("logIn.title")}
      lead={next && next !== "/home" ? t("logIn.goOn") : undefined}
      below={
        <>
          {t("logIn.no")}{" "}
          <Anchor component={Link} to={signUp} state={state}>
            {t("logIn.signUp")}
          </Anchor>
        </>
      }
    >
      <SignOnProblem />
      <form onSubmit={submit} noValidate>
        <Stack>
          <TextInput
            label={t("fields.email")}
            type="email"
            autoComplete="email"
            {...form.getInputProps("email")}
          />
          <PasswordField label={t("fields.password")} {...form.getInputProps("password")} />
          <ActionAlert problem={problem} fault={logIn.fault ?? sessionFault} fields={["email", "password"]} />
          {unverified ? (
            <Alert color="yellow" role="alert" title={t("logIn.unverified")}>
              <Text size="sm" mb="sm">
                {t("logIn.unverifiedText", { email: unverified })}
              </Text>
              <Resend email={unverified} />
            </Alert>
          ) : null}
          <Button type="submit" loading={logIn.busy || (entering && !sessionFault)}>
            {t("logIn.submit")}
          </Button>
          <Group justify="center">
            <Anchor component={Link} to="/forgot-password" state={{ email: form.values.email }} size="sm">
              {t("logIn.forgot")}
            </Anchor>
          </Group>
          <SignOn email={form.values.email} next={next} />
        </Stack>
      </form>
      <PasskeyLogIn onDone={enter} />
    </EntryPage>
  );
}
