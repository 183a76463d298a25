import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { LogOutEverywhereDocument } from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { useSession } from "../../app/session";
import { ActionAlert } from "../../ui/ActionAlert";
import { Section } from "./Section";

/** The end of all sessions, this one too. */
export function LogOutEverywhere() {
  const { t } = useTranslation("account");
  const { refresh } = useSession();
  const navigate = useNavigate();
  const [opened, { open, close }] = useDisclosure(false);
  const end = useAction(LogOutEverywhereDocument);
  const run = async () => {
    const outcome = await end.run({});
    if (!outcome.ok) return;
    close();
    // First away: this page sends whoever is not logged in to the log-in, and back here.
    await navigate("/", { replace: true });
    refresh();
  };
  return (
    <Section id="account-sessions" title={t("sessions.everywhere")} lead={t("sessions.lead")}>
      <Button variant="default" onClick={open}>
        {t("sessions.do")}
      </Button>
      <Modal
        opened={opened}
        onClose={close}
        title={t("sessions.ask")}
        closeButtonProps={{ "aria-label": t("common:confirm.cancel") }}
      >
        <Stack>
          <Text>{t("sessions.askText")}</Text>
          <ActionAlert problem={end.problem} fault={end.fault} />
          <Group justify="flex-end">
            <Button variant="default" onClick={close} data-autofocus>
              {t("common:confirm.cancel")}
            </Button>
            <Button color="red.8" onClick={run} loading={end.busy}>
              {t("sessions.do")}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </Section>
  );
}
