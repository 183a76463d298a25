import { Button, Group, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ResendMyVerificationDocument } from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { ActionAlert } from "../../ui/ActionAlert";

/** The way to confirm an address that is not confirmed. */
export function Unverified({ email }: { email: string }) {
  const { t } = useTranslation("account");
  const [sent, setSent] = useState(false);
  const resend = useAction(ResendMyVerificationDocument);
  const send = async () => setSent((await resend.run({ email })).ok);
  return (
    <Stack gap="xs">
      <Group>
        <Button variant="default" size="xs" onClick={send} loading={resend.busy}>
          {t("profile.verify")}
        </Button>
        <Text size="sm" role="status">
          {sent ? t("profile.sent") : ""}
        </Text>
      </Group>
      <ActionAlert problem={resend.problem} fault={resend.fault} />
    </Stack>
  );
}
