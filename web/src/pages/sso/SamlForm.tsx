import { Alert, Button, Checkbox, Group, Radio, Stack, Text, TextInput } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { SsoSamlInput, SsoSamlShownFragment } from "../../api/customer/graphql";
import type { Outcome, useAction } from "../../api/useAction";
import { ActionAlert } from "../../ui/ActionAlert";
import { useEntryForm } from "../../ui/useEntryForm";
import { MetadataText } from "./MetadataText";
import { keepsText, lackOf, samlInput, valuesOf } from "./samlInput";

interface Props {
  saml: SsoSamlShownFragment;
  action: Pick<ReturnType<typeof useAction>, "busy" | "problem" | "fault">;
  disabled?: boolean;
  /** Only the metadata can change. */
  frozen?: boolean;
  onSave: (changes: SsoSamlInput) => Promise<Outcome<unknown>>;
}

const SOURCES = ["address", "text"] as const;
const ATTRIBUTES = ["emailAttribute", "nameAttribute", "groupsAttribute"] as const;

/** What the provider's metadata says, under which names it tells of people, and whether it may begin. */
export function SamlForm({ saml, action, disabled = false, frozen = false, onSave }: Props) {
  const { t } = useTranslation("sso");
  const [initiates, setInitiates] = useState(saml.allowsIdpInitiated);
  const { form, onInvalid, show } = useEntryForm({
    initialValues: valuesOf(saml),
    validate: (values) => {
      const found = lackOf(values, saml);
      return found ? { [found.field]: t(`saml.lack.${found.lack}`) } : {};
    },
  });
  const { source } = form.values;
  const [sent, setSent] = useState(source);
  const submit = form.onSubmit(async (values) => {
    setSent(values.source);
    const outcome = await onSave(samlInput(values, initiates, saml));
    show(outcome);
    if (outcome.ok) form.setFieldValue("metadata", "");
  }, onInvalid);
  // What was wrong with one way is said beside its field, and no more once the other is chosen.
  const shown = [sent === "address" ? "metadataUrl" : "metadata", ...ATTRIBUTES];
  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        <Radio.Group label={t("saml.source.label")} {...form.getInputProps("source")}>
          <Stack gap="xs" mt="xs">
            {SOURCES.map((it) => (
              <Radio
                key={it}
                value={it}
                label={t(`saml.source.${it}`)}
                description={t(`saml.source.${it}Note`)}
                disabled={disabled}
              />
            ))}
          </Stack>
        </Radio.Group>
        {source === "address" ? (
          <TextInput
            {...form.getInputProps("metadataUrl")}
            type="url"
            label={t("saml.metadataUrl")}
            description={t("saml.metadataUrlNote")}
            placeholder="https://login.example.com/metadata.xml"
            autoComplete="off"
            disabled={disabled}
          />
        ) : (
          <MetadataText
            field={form.getInputProps("metadata")}
            keeps={keepsText(saml)}
            disabled={disabled}
            onText={(text) => form.setFieldValue("metadata", text)}
            onTooLarge={() => form.setFieldError("metadata", t("saml.lack.tooLarge"))}
          />
        )}
        <Text size="sm">{t("saml.attributes")}</Text>
        <Group grow align="flex-start" preventGrowOverflow={false}>
          {ATTRIBUTES.map((name) => (
            <TextInput
              key={name}
              {...form.getInputProps(name)}
              label={t(`saml.${name}`)}
              autoComplete="off"
              disabled={disabled || frozen}
              miw={160}
            />
          ))}
        </Group>
        <Checkbox
          label={t("saml.initiates")}
          description={t("saml.initiatesNote")}
          checked={initiates}
          onChange={(event) => setInitiates(event.currentTarget.checked)}
          disabled={disabled || frozen}
        />
        <div role="status">
          {initiates ? (
            <Alert color="yellow" icon={<IconAlertTriangle aria-hidden />} title={t("saml.initiatesRisk")}>
              {t("saml.initiatesRiskText")}
            </Alert>
          ) : null}
        </div>
        <ActionAlert problem={action.problem} fault={action.fault} fields={shown} />
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
