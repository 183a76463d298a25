import { Button, Stack, Text } from "@mantine/core";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { ResendVerificationDocument } from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { ActionAlert } from "../../ui/ActionAlert";

/** Seconds between two, so that nobody fills a mailbox by impatience. The server has limits of its own. */
const PAUSE = 30;

/** Asks for another link to confirm an address. */
export function Resend({ email }: { email: string }) {
  const { t } = useTranslation("public");
  const [wait, setWait] = useState(0);
  const [asked, setAsked] = useState(false);
  const resend = useAction(ResendVerificationDocument);
  useEffect(() => {
    if (wait === 0) return;
    const timer = setTimeout(() => setWait(wait - 1), 1000);
    return () => clearTimeout(timer);
  }, [wait]);
  const again = async () => {
    const outcome = await resend.run({ email });
    setAsked(outcome.ok);
    if (outcome.ok) setWait(PAUSE);
  };
  return (
    <Stack gap="xs">
      <Button variant="default" onClick={again} loading={resend.busy} disabled={wait > 0}>
        {wait > 0 ? t("sent.wait", { count: wait }) : t("sent.again")}
      </Button>
      <Text size="sm" role="status">
        {asked ? `${t("sent.resent")} ${t("sent.resentText")}` : ""}
      </Text>
      <ActionAlert problem={resend.problem} fault={resend.fault} />
    </Stack>
  );
}
