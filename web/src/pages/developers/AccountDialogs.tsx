import { Radio, Stack, Text, Textarea } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import {
  AddServiceAccountKeyDocument,
  AddServiceAccountSecretDocument,
  DeleteServiceAccountDocument,
  RemoveServiceAccountCredentialDocument,
  type ServiceAccountShownFragment,
} from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { useTenant } from "../../app/tenant";
import { fieldError } from "../../ui/ActionAlert";
import { Confirm } from "../../ui/Confirm";
import { done } from "../../ui/done";
import type { Shown } from "../../ui/SecretShown";
import { expiryOf } from "./keyState";

type Credential = ServiceAccountShownFragment["credentials"][number];

/** What is asked about an account. */
export type AccountAsked = { account: ServiceAccountShownFragment } & (
  | { what: "secret" | "key" | "delete" }
  | { what: "remove"; credential: Credential }
);

interface Props {
  asked: AccountAsked | null;
  onClose: () => void;
  /** With what is to be shown once, if anything. */
  onDone: (shown?: Shown[]) => void;
}

/** The one dialog that is open. Each begins anew, so nothing typed for one account is there for the next. */
export function AccountDialogs({ asked, onClose, onDone }: Props) {
  const shared = { onClose, onDone };
  switch (asked?.what) {
    case "secret":
      return <AddSecret account={asked.account} {...shared} />;
    case "key":
      return <AddKey account={asked.account} {...shared} />;
    case "delete":
      return <Delete account={asked.account} {...shared} />;
    case "remove":
      return <Remove account={asked.account} credential={asked.credential} {...shared} />;
    default:
      return null;
  }
}

type Dialog = Omit<Props, "asked"> & { account: ServiceAccountShownFragment };

function AddSecret({ account, onClose, onDone }: Dialog) {
  const { t } = useTranslation("developers");
  const tenant = useTenant();
  const add = useAction(AddServiceAccountSecretDocument);
  const [days, setDays] = useState("365");
  const confirm = async () => {
    const expiresAt = expiryOf(days === "null" ? null : Number(days), Date.now());
    const made = await add.run({ input: { tenantId: tenant.id, id: account.id, expiresAt } });
    if (!made.ok) return;
    const { clientId, clientSecret } = made.payload;
    onDone([
      { label: t("accounts.clientId"), value: clientId ?? "" },
      { label: t("accounts.clientSecret"), value: clientSecret ?? "" },
    ]);
  };
  return (
    <Confirm
      opened
      onClose={onClose}
      title={t("accounts.addSecretOf", { name: account.name })}
      confirmLabel={t("accounts.addSecret")}
      action={add}
      onConfirm={confirm}
    >
      <Text>{t("accounts.secretText")}</Text>
      <Radio.Group label={t("create.life")} value={days} onChange={setDays}>
        <Stack gap="xs" mt="xs">
          {[30, 90, 365, null].map((life) => (
            <Radio
              key={life}
              value={String(life)}
              label={life ? t("create.days", { count: life }) : t("create.noEnd")}
            />
          ))}
        </Stack>
      </Radio.Group>
    </Confirm>
  );
}

function AddKey({ account, onClose, onDone }: Dialog) {
  const { t } = useTranslation("developers");
  const tenant = useTenant();
  const add = useAction(AddServiceAccountKeyDocument);
  const [pem, setPem] = useState("");
  const confirm = async () => {
    const input = { tenantId: tenant.id, id: account.id, publicKeyPem: pem };
    const made = await add.run({ input });
    if (!made.ok) return;
    done(t("accounts.keyAdded", { name: account.name }));
    onDone();
  };
  return (
    <Confirm
      opened
      onClose={onClose}
      title={t("accounts.addKeyOf", { name: account.name })}
      confirmLabel={t("accounts.addKey")}
      action={add}
      onConfirm={confirm}
    >
      <Text>{t("accounts.keyText")}</Text>
      <Textarea
        label={t("accounts.pem")}
        placeholder="-----BEGIN PUBLIC KEY-----"
        value={pem}
        onChange={(event) => setPem(event.currentTarget.value)}
        error={fieldError(add.problem, "publicKeyPem")}
        rows={6}
        spellCheck={false}
        data-autofocus
      />
    </Confirm>
  );
}

function Remove({ account, credential, onClose, onDone }: Dialog & { credential: Credential }) {
  const { t } = useTranslation("developers");
  const tenant = useTenant();
  const remove = useAction(RemoveServiceAccountCredentialDocument);
  const confirm = async () => {
    const input = { tenantId: tenant.id, id: account.id, credentialId: credential.id };
    if (!(await remove.run({ input })).ok) return;
    done(t("accounts.removed", { hint: credential.hint }));
    onDone();
  };
  return (
    <Confirm
      opened
      onClose={onClose}
      title={t("accounts.removeTitle", { hint: credential.hint })}
      confirmLabel={t("accounts.remove")}
      danger
      action={remove}
      onConfirm={confirm}
    >
      <Text>{t("accounts.removeText", { name: account.name })}</Text>
    </Confirm>
  );
}

function Delete({ account, onClose, onDone }: Dialog) {
  const { t } = useTranslation("developers");
  const tenant = useTenant();
  const remove = useAction(DeleteServiceAccountDocument);
  const confirm = async () => {
    if (!(await remove.run({ input: { tenantId: tenant.id, id: account.id } })).ok) return;
    done(t("accounts.deleted", { name: account.name }));
    onDone();
  };
  return (
    <Confirm
      opened
      onClose={onClose}
      title={t("accounts.deleteTitle", { name: account.name })}
      confirmLabel={t("accounts.delete")}
      danger
      action={remove}
      onConfirm={confirm}
    >
      <Text>{t("accounts.deleteText")}</Text>
    </Confirm>
  );
}
