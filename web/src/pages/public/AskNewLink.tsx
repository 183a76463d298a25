import { Button, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ResendVerificationDocument } from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { ActionAlert } from "../../ui/ActionAlert";
import { useEntryForm } from "../../ui/useEntryForm";
import { checks } from "./validate";

/** For whoever has no link that works: another one, to an address they name. */
export function AskNewLink() {
  const { t } = useTranslation("public");
  const [asked, setAsked] = useState(false);
  const resend = useAction(ResendVerificationDocument);
  const { form, onInvalid, show } = useEntryForm({
    initialValues: { email: "" },
    validate: { email: checks(t).email },
  });
  const submit = form.onSubmit(async ({ email }) => {
    const outcome = await resend.run({ email });
    show(outcome);
    setAsked(outcome.ok);
  }, onInvalid);
  return (
    <form onSubmit={submit} noValidate aria-label={t("verify.again")}>
      <Stack>
        <TextInput
          label={t("fields.email")}
          type="email"
          autoComplete="email"
          {...form.getInputProps("email")}
        />
        <ActionAlert problem={resend.problem} fault={resend.fault} fields={["email"]} />
        <Button type="submit" loading={resend.busy}>
          {t("verify.send")}
        </Button>
        <Text size="sm" role="status">
          {asked ? t("verify.sent") : ""}
        </Text>
      </Stack>
    </form>
  );
}
