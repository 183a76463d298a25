import { Anchor, Button, Group, List, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { EntryPage } from "./EntryPage";
import { Resend } from "./Resend";

interface Props {
  email: string;
  next: string | null;
  onOther: () => void;
}

/**
 * After signing up. It promises no more than is known: the API's answer does not tell whether the address has an
 * account, and an installation may keep its mails.
 */
export function LinkSent({ email, next, onOther }: Props) {
  const { t } = useTranslation("public");
  const invited = next?.startsWith("/invitation");
  const logIn = next ? `/log-in?next=${encodeURIComponent(next)}` : "/log-in";
  return (
    <EntryPage
      title={t("sent.title")}
      lead={t("sent.lead")}
      below={
        <Anchor component={Link} to={logIn} state={{ email }}>
          {t("sent.logIn")}
        </Anchor>
      }
    >
      <Stack>
        <Text fw={600} className="mono">
          {email}
        </Text>
        <Text>{t("sent.step")}</Text>
        <Text>{t(invited ? "sent.invited" : "sent.then")}</Text>
        <div>
          <Text fw={600} component="h2" size="md" mb={4}>
            {t("sent.nothing")}
          </Text>
          <List size="sm" spacing={4}>
            <List.Item>{t("sent.spam")}</List.Item>
            <List.Item>{t("sent.kept")}</List.Item>
          </List>
        </div>
        <Group align="flex-start">
          <Resend email={email} />
          <Button variant="subtle" onClick={onOther}>
            {t("sent.other")}
          </Button>
        </Group>
      </Stack>
    </EntryPage>
  );
}
