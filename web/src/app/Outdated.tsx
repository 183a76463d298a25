import { Button, Center, Paper, Stack, Text, Title } from "@mantine/core";
import { IconClockPause } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { LogOutDocument } from "../api/customer/graphql";
import { useAction } from "../api/useAction";
import { ActionAlert } from "../ui/ActionAlert";
import { useSession } from "./session";

/**
 * In the place of an organisation's pages that wants a newer log-in. Logging out leads to the log-in, and from there back
 * to this page (`RequireLogin`).
 */
export function Outdated({ name }: { name: string }) {
  const { t } = useTranslation();
  const { refresh } = useSession();
  const logOut = useAction(LogOutDocument);
  const again = async () => {
    if ((await logOut.run({})).ok) refresh();
  };
  return (
    <Center p="md" mih={320}>
      <Paper className="surface" p="xl" maw={520}>
        <Stack gap="sm" align="flex-start">
          <IconClockPause size={28} aria-hidden />
          <Title order={1} size="h3" tabIndex={-1}>
            {t("outdated.title", { name })}
          </Title>
          <Text>{t("outdated.text")}</Text>
          <ActionAlert fault={logOut.fault} />
          <Button onClick={again} loading={logOut.busy}>
            {t("outdated.again")}
          </Button>
        </Stack>
      </Paper>
    </Center>
  );
}
