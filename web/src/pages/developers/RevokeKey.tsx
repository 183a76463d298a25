import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { type ApiKeyShownFragment, RevokeApiKeyDocument } from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { useTenant } from "../../app/tenant";
import { Confirm } from "../../ui/Confirm";
import { done } from "../../ui/done";
import { useKept } from "../../ui/useKept";

interface Props {
  apiKey: ApiKeyShownFragment | null;
  onClose: () => void;
  onDone: () => void;
}

/** Ends a key for good. */
export function RevokeKey({ apiKey, onClose, onDone }: Props) {
  const { t } = useTranslation("developers");
  const tenant = useTenant();
  const revoke = useAction(RevokeApiKeyDocument);
  const shown = useKept(apiKey);
  const close = () => {
    revoke.reset();
    onClose();
  };
  const confirm = async () => {
    if (!shown) return;
    const outcome = await revoke.run({ input: { tenantId: tenant.id, id: shown.id } });
    if (!outcome.ok) return;
    done(t("revoke.done", { name: shown.name }));
    onDone();
  };
  return (
    <Confirm
      opened={apiKey !== null}
      onClose={close}
      title={t("revoke.title", { name: shown?.name })}
      confirmLabel={t("revoke.confirm")}
      danger
      action={revoke}
      onConfirm={confirm}
    >
      <Text>{t("revoke.text")}</Text>
    </Confirm>
  );
}
