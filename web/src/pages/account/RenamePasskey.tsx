import { useTranslation } from "react-i18next";
import { type PasskeyShownFragment, RenamePasskeyDocument } from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { done } from "../../ui/done";
import { NameDialog } from "./NameDialog";

interface Props {
  passkey: PasskeyShownFragment;
  onClose: () => void;
  onDone: () => void;
}

/** Another name for a passkey. */
export function RenamePasskey({ passkey, onClose, onDone }: Props) {
  const { t } = useTranslation("account");
  const rename = useAction(RenamePasskeyDocument);
  const submit = async (name: string) => {
    const outcome = await rename.run({ input: { id: passkey.id, name } });
    if (outcome.ok) {
      done(t("security.passkeys.renamed"));
      onClose();
      onDone();
    }
    return outcome;
  };
  return (
    <NameDialog
      title={t("security.passkeys.renameOf", { name: passkey.name })}
      name={passkey.name}
      submitLabel={t("security.passkeys.save")}
      action={rename}
      onClose={onClose}
      onSubmit={submit}
    />
  );
}
