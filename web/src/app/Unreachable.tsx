import { Button, Center, Paper, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useLocation } from "react-router";
import { PageHeader } from "../ui/PageHeader";
import type { Viewer } from "./session";

/** In the place of an organisation's pages, where the session does not do there. */
export function Unreachable({ tenant }: { tenant: Viewer["unreachable"][number] }) {
  const { t } = useTranslation();
  const { pathname, search } = useLocation();
  const back = encodeURIComponent(pathname + search);
  return (
    <Center p="md" mih={320}>
      <Paper className="surface" p="xl" maw={520}>
        <PageHeader title={t("unreachable.title", { name: tenant.name })} />
        <Stack>
          <Text>{t(tenant.startUrl ? "unreachable.sso" : "unreachable.other")}</Text>
          {tenant.startUrl ? (
            <Button component="a" href={`${tenant.startUrl}&return_to=${back}`}>
              {t("unreachable.logIn")}
            </Button>
          ) : null}
        </Stack>
      </Paper>
    </Center>
  );
}
