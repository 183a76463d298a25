import { Alert, Button, Stack } from "@mantine/core";
import { IconFingerprint } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { LogInWithPasskeyDocument, StartPasskeyLogInDocument } from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { ActionAlert } from "../../ui/ActionAlert";
import { askPasskey, hasPasskeys } from "../../ui/passkey";

/** The way in without a password. */
export function PasskeyLogIn({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation("public");
  const [cancelled, setCancelled] = useState(false);
  const start = useAction(StartPasskeyLogInDocument);
  const logIn = useAction(LogInWithPasskeyDocument);
  if (!hasPasskeys()) return null;
  const run = async () => {
    setCancelled(false);
    logIn.reset();
    const started = await start.run({});
    if (!started.ok || !started.payload.token) return;
    const credential = await askPasskey(started.payload.options);
    if (!credential) return setCancelled(true);
    const outcome = await logIn.run({ input: { token: started.payload.token, credential } });
    if (outcome.ok) onDone();
  };
  return (
    <Stack>
      <Button
        variant="default"
        leftSection={<IconFingerprint size={16} aria-hidden />}
        onClick={run}
        loading={start.busy || logIn.busy}
      >
        {t("logIn.passkey")}
      </Button>
      {cancelled ? (
        <Alert color="yellow" role="alert">
          {t("passkeyCancelled")}
        </Alert>
      ) : null}
      <ActionAlert problem={start.problem ?? logIn.problem} fault={start.fault ?? logIn.fault} />
    </Stack>
  );
}
