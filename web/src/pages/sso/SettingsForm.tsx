import { Button, Group, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import type { SsoSettingsShownFragment } from "../../api/customer/graphql";
import type { useAction } from "../../api/useAction";
import { ActionAlert, fieldError } from "../../ui/ActionAlert";
import { Copied } from "./Copied";
import { useRefused } from "./useRefused";

export type Settings = SsoSettingsShownFragment;

/** What a form changes of a connection. */
export interface Changes {
  issuer?: string;
  clientId?: string;
  clientSecret?: string;
  scopes: string[];
  emailClaim: string;
  nameClaim: string;
  groupsClaim: string;
}

interface Props {
  settings: Settings;
  action: Pick<ReturnType<typeof useAction>, "busy" | "problem" | "fault">;
  disabled?: boolean;
  onSave: (changes: Changes) => Promise<boolean>;
}

const FIELDS = [
  "issuer",
  "clientId",
  "clientSecret",
  "scopes",
  "emailClaim",
  "nameClaim",
  "groupsClaim",
] as const;

/** What the provider needs to know, and what the provider says in return. */
export function SettingsForm({ settings, action, disabled, onSave }: Props) {
  const { t } = useTranslation("sso");
  const form = useRefused(action.problem);
  const [values, setValues] = useState({
    issuer: settings.issuer,
    clientId: settings.clientId,
    clientSecret: "",
    scopes: settings.scopes.join(" "),
    emailClaim: settings.emailClaim,
    nameClaim: settings.nameClaim,
    groupsClaim: settings.groupsClaim,
  });
  const field = (name: (typeof FIELDS)[number]) => ({
    label: t(`settings.${name}`),
    value: values[name],
    onChange: (event: React.ChangeEvent<HTMLInputElement>) => {
      const value = event.currentTarget.value;
      setValues((old) => ({ ...old, [name]: value }));
    },
    error: fieldError(action.problem, name),
    autoComplete: "off",
    disabled,
  });
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const saved = await onSave({
      issuer: values.issuer.trim() || undefined,
      clientId: values.clientId.trim() || undefined,
      clientSecret: values.clientSecret || undefined,
      scopes: values.scopes.split(/\s+/).filter(Boolean),
      emailClaim: values.emailClaim,
      nameClaim: values.nameClaim,
      groupsClaim: values.groupsClaim,
    });
    if (saved) setValues((old) => ({ ...old, clientSecret: "" }));
  };
  return (
    <form ref={form} onSubmit={submit} noValidate>
      <Stack>
        <Text size="sm">{t("settings.give")}</Text>
        <Copied label={t("settings.redirectUri")} value={settings.redirectUri} />
        <Copied label={t("settings.backChannelLogoutUri")} value={settings.backChannelLogoutUri} />
        <Text size="sm">{t("settings.take")}</Text>
        <TextInput {...field("issuer")} placeholder="https://login.example.com" />
        <TextInput {...field("clientId")} />
        <PasswordInput
          {...field("clientSecret")}
          description={t(settings.hasSecret ? "settings.secretKept" : "settings.secretNote")}
          visibilityToggleButtonProps={{ "aria-label": t("settings.showSecret") }}
        />
        <TextInput {...field("scopes")} description={t("settings.scopesNote")} />
        <Group grow align="flex-start" preventGrowOverflow={false}>
          <TextInput {...field("emailClaim")} miw={160} />
          <TextInput {...field("nameClaim")} miw={160} />
          <TextInput {...field("groupsClaim")} miw={160} />
        </Group>
        <ActionAlert problem={action.problem} fault={action.fault} fields={FIELDS} />
        {disabled ? null : (
          <Group justify="flex-end">
            <Button type="submit" loading={action.busy}>
              {t("settings.save")}
            </Button>
          </Group>
        )}
      </Stack>
    </form>
  );
}
