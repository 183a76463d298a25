import { Alert, Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { IconFingerprint } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";
import { faultOf, renewSocket } from "../api/client";
import { HowToProveDocument, LogOutDocument, ProveDocument, type ProveInput } from "../api/customer/graphql";
import { useAction } from "../api/useAction";
import { usePasskey } from "../api/usePasskey";
import { ActionAlert } from "../ui/ActionAlert";
import { PasswordField } from "../ui/NewPassword";
import { hasPasskeys } from "../ui/passkey";

/**
 * "Confirm it's you": by the password, a code or a passkey, whichever the person has. Who has none of them came by an
 * identity provider, and proves it by coming that way again.
 */
export function ProveDialog({ onEnd }: { onEnd: (proved: boolean) => void }) {
  const { t } = useTranslation();
  const [{ data, error }] = useQuery({ query: HowToProveDocument, requestPolicy: "network-only" });
  const [text, setText] = useState("");
  const [wantsCode, setWantsCode] = useState(false);
  const prove = useAction(ProveDocument);
  const passkey = usePasskey();
  const logOut = useAction(LogOutDocument);
  const security = data?.viewer?.security;
  const byCode = security ? Boolean(security.totpSince) && (wantsCode || !security.hasPassword) : false;
  const typed = security ? security.hasPassword || Boolean(security.totpSince) : false;
  const nothing = security ? !typed && security.passkeys.length === 0 : false;

  const send = async (input: ProveInput) => {
    const outcome = await prove.run({ input });
    if (!outcome.ok) return;
    // The socket was opened with the token from before.
    renewSocket();
    onEnd(true);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (text !== "") void send(byCode ? { totp: text } : { password: text });
  };
  const withPasskey = async () => {
    const answer = await passkey.ask();
    if (answer) await send({ passkey: answer });
  };
  const anew = async () => {
    if (!(await logOut.run({})).ok) return;
    // As a new page: this one would still know who was logged in.
    location.assign(`/log-in?next=${encodeURIComponent(location.pathname + location.search)}`);
  };
  return (
    <Modal
      opened
      onClose={() => onEnd(false)}
      title={t("prove.title")}
      closeButtonProps={{ "aria-label": t("confirm.cancel") }}
      attributes={{ header: { role: "none" } }}
      zIndex={400}
    >
      <form onSubmit={submit} noValidate>
        <Stack aria-busy={!security && !error}>
          <Text>{t(nothing ? "prove.anewText" : "prove.text")}</Text>
          {typed && byCode ? (
            <TextInput
              label={t("prove.code")}
              inputMode="numeric"
              autoComplete="one-time-code"
              value={text}
              onChange={(event) => setText(event.currentTarget.value)}
              data-autofocus
            />
          ) : null}
          {typed && !byCode ? (
            <PasswordField
              label={t("prove.password")}
              value={text}
              onChange={(event) => setText(event.currentTarget.value)}
              data-autofocus
            />
          ) : null}
          <ActionAlert
            problem={prove.problem ?? passkey.challenge.problem}
            fault={prove.fault ?? passkey.challenge.fault ?? logOut.fault ?? (error ? faultOf(error) : null)}
          />
          {passkey.cancelled ? (
            <Alert color="yellow" role="alert">
              {t("prove.cancelled")}
            </Alert>
          ) : null}
          <Group>
            {security && security.passkeys.length > 0 && hasPasskeys() ? (
              <Button
                variant="default"
                leftSection={<IconFingerprint size={16} aria-hidden />}
                onClick={withPasskey}
                loading={passkey.challenge.busy}
              >
                {t("prove.passkey")}
              </Button>
            ) : null}
            {security?.hasPassword && security.totpSince ? (
              <Button
                variant="subtle"
                onClick={() => {
                  setText("");
                  setWantsCode(!wantsCode);
                }}
              >
                {t(wantsCode ? "prove.usePassword" : "prove.useCode")}
              </Button>
            ) : null}
          </Group>
          <Group justify="flex-end">
            <Button variant="default" onClick={() => onEnd(false)}>
              {t("confirm.cancel")}
            </Button>
            {nothing ? (
              <Button onClick={anew} loading={logOut.busy} data-autofocus>
                {t("prove.anew")}
              </Button>
            ) : (
              <Button type="submit" loading={prove.busy} disabled={!typed}>
                {t("prove.submit")}
              </Button>
            )}
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
