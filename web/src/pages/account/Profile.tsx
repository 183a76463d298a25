import { Badge, Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { UpdateProfileDocument } from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { useSession, useViewer } from "../../app/session";
import { ActionAlert } from "../../ui/ActionAlert";
import { useEntryForm } from "../../ui/useEntryForm";
import { Section } from "./Section";
import { Unverified } from "./Unverified";

export function Profile() {
  const { t } = useTranslation("account");
  const viewer = useViewer();
  const { refresh } = useSession();
  const [saved, setSaved] = useState(false);
  const update = useAction(UpdateProfileDocument);
  const { form, onInvalid, show } = useEntryForm({
    initialValues: { name: viewer.name },
    validate: { name: (value: string) => (value.trim() === "" ? t("profile.nameMissing") : null) },
    onValuesChange: () => setSaved(false),
  });
  const submit = form.onSubmit(async (input) => {
    const outcome = await update.run({ input });
    show(outcome);
    setSaved(outcome.ok);
    if (outcome.ok) refresh();
  }, onInvalid);
  return (
    <Section id="account-profile" title={t("profile.title")}>
      <Stack>
        <form onSubmit={submit} noValidate>
          <Stack>
            <TextInput
              label={t("profile.name")}
              autoComplete="name"
              maxLength={120}
              {...form.getInputProps("name")}
            />
            <ActionAlert problem={update.problem} fault={update.fault} fields={["name"]} />
            <Group>
              <Button type="submit" loading={update.busy}>
                {t("profile.save")}
              </Button>
              <Text size="sm" role="status">
                {saved ? t("profile.saved") : ""}
              </Text>
            </Group>
          </Stack>
        </form>
        <div>
          <Text size="sm" fw={500}>
            {t("profile.email")}
          </Text>
          <Group gap="sm">
            <Text style={{ overflowWrap: "anywhere" }}>{viewer.email}</Text>
            {viewer.emailVerified ? (
              <Badge color="green" leftSection={<IconCheck size={12} aria-hidden />}>
                {t("profile.verified")}
              </Badge>
            ) : (
              <Badge color="yellow">{t("profile.unverified")}</Badge>
            )}
          </Group>
        </div>
        {viewer.emailVerified ? null : <Unverified email={viewer.email} />}
      </Stack>
    </Section>
  );
}
