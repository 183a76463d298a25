import { useState } from "react";
import { useTranslation } from "react-i18next";
import { FinishPasskeyDocument, StartPasskeyDocument } from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { done } from "../../ui/done";
import { makePasskey } from "../../ui/passkey";
import { NameDialog } from "./NameDialog";

interface Props {
  onClose: () => void;
  onDone: (codes?: string[] | null) => void;
}

/** A new passkey: named, then made by the device. */
export function AddPasskey({ onClose, onDone }: Props) {
  const { t } = useTranslation("account");
  const start = useAction(StartPasskeyDocument);
  const finish = useAction(FinishPasskeyDocument);
  const [cancelled, setCancelled] = useState(false);
  const submit = async (name: string) => {
    setCancelled(false);
    const started = await start.run({});
    if (!started.ok) return started;
    const credential = await makePasskey(started.payload.options);
    if (!credential || !started.payload.token) {
      setCancelled(true);
      return null;
    }
    const answer = { token: started.payload.token, credential };
    const outcome = await finish.run({ input: { answer, name } });
    if (outcome.ok) {
      done(t("security.passkeys.added"));
      onClose();
      onDone(outcome.payload.recoveryCodes);
    }
    return outcome;
  };
  const action = {
    busy: start.busy || finish.busy,
    problem: start.problem ?? finish.problem,
    fault: start.fault ?? finish.fault,
  };
  return (
    <NameDialog
      title={t("security.passkeys.add")}
      name=""
      submitLabel={t("security.passkeys.add")}
      action={action}
      note={cancelled ? t("security.passkeys.cancelled") : null}
      onClose={onClose}
      onSubmit={submit}
    />
  );
}
