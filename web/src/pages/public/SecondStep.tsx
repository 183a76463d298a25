import { Alert, Anchor, Button, Stack, TextInput } from "@mantine/core";
import { IconFingerprint } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import {
  CompleteLogInDocument,
  type CompleteLogInInput,
  type SecondFactor,
} from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { usePasskey } from "../../api/usePasskey";
import { ActionAlert } from "../../ui/ActionAlert";
import { hasPasskeys } from "../../ui/passkey";
import { useEntryForm } from "../../ui/useEntryForm";
import { EntryPage } from "./EntryPage";

interface Props {
  token: string;
  factors: readonly SecondFactor[];
  onDone: () => void;
  /** Back to the password. */
  onAgain: () => void;
}

/** What was pressed to get here is gone: the focus goes to what is asked for. */
const takeFocus = (field: HTMLElement | null) => field?.focus();

/** The second step of a log-in, with one of the factors that the person has. */
export function SecondStep({ token, factors, onDone, onAgain }: Props) {
  const { t } = useTranslation("public");
  const usable = factors.filter((it) => it !== "PASSKEY" || hasPasskeys());
  const [factor, setFactor] = useState<SecondFactor>(usable[0] ?? "RECOVERY_CODE");
  const complete = useAction(CompleteLogInDocument);
  const passkey = usePasskey();
  const { form, onInvalid } = useEntryForm({
    initialValues: { code: "" },
    validate: { code: (value: string) => (value.trim() === "" ? t("secondFactor.missing") : null) },
  });
  const send = async (proof: Omit<CompleteLogInInput, "token">) => {
    const outcome = await complete.run({ input: { token, ...proof } });
    if (outcome.ok) return onDone();
    form.reset();
    form.getInputNode("code")?.focus();
  };
  const submit = form.onSubmit(
    ({ code }) => send(factor === "TOTP" ? { totp: code } : { recoveryCode: code }),
    onInvalid,
  );
  const withPasskey = async () => {
    complete.reset();
    const answer = await passkey.ask(token);
    if (answer) await send({ passkey: answer });
  };
  const choose = (other: SecondFactor) => {
    complete.reset();
    form.reset();
    setFactor(other);
  };
  return (
    <EntryPage
      title={t("secondFactor.title")}
      lead={t(`secondFactor.${factor}.lead`)}
      below={
        <Anchor component="button" type="button" onClick={onAgain}>
          {t("secondFactor.again")}
        </Anchor>
      }
    >
      <Stack>
        {factor === "PASSKEY" ? (
          <Button
            leftSection={<IconFingerprint size={16} aria-hidden />}
            onClick={withPasskey}
            loading={passkey.challenge.busy || complete.busy}
            ref={takeFocus}
          >
            {t("secondFactor.usePasskey")}
          </Button>
        ) : (
          <form onSubmit={submit} noValidate key={factor}>
            <Stack>
              <TextInput
                ref={takeFocus}
                label={t(`secondFactor.${factor}.label`)}
                autoComplete="one-time-code"
                inputMode={factor === "TOTP" ? "numeric" : "text"}
                {...form.getInputProps("code")}
              />
              <Button type="submit" loading={complete.busy}>
                {t("secondFactor.submit")}
              </Button>
            </Stack>
          </form>
        )}
        {passkey.cancelled ? (
          <Alert color="yellow" role="alert">
            {t("passkeyCancelled")}
          </Alert>
        ) : null}
        <ActionAlert
          problem={complete.problem ?? passkey.challenge.problem}
          fault={complete.fault ?? passkey.challenge.fault}
        />
        {usable
          .filter((it) => it !== factor)
          .map((it) => (
            <Button key={it} variant="subtle" onClick={() => choose(it)}>
              {t(`secondFactor.${it}.choose`)}
            </Button>
          ))}
      </Stack>
    </EntryPage>
  );
}
