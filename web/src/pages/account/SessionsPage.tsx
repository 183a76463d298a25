import { Button, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import {
  OwnSessionsDocument,
  RevokeOtherSessionsDocument,
  RevokeSessionDocument,
} from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { useLasting } from "../../api/useLasting";
import { useGone, useViewer } from "../../app/session";
import { Confirm } from "../../ui/Confirm";
import { done } from "../../ui/done";
import { PagedList } from "../../ui/PagedList";
import { PageHeader } from "../../ui/PageHeader";
import { useKept } from "../../ui/useKept";
import { usePages } from "../../ui/usePages";
import { LogOutEverywhere } from "./LogOutEverywhere";
import { type OwnSession, SessionCard } from "./SessionCard";

/** Where the person is logged in, and the end of it. */
export function SessionsPage() {
  const { t } = useTranslation("account");
  const viewer = useViewer();
  const pages = usePages(viewer.id);
  const sessions = useLasting({
    query: OwnSessionsDocument,
    variables: { first: 20, after: pages.after },
    requestPolicy: "network-only",
  });
  const revoke = useAction(RevokeSessionDocument);
  const revokeOthers = useAction(RevokeOtherSessionsDocument);
  const [asked, setAsked] = useState<OwnSession | null>(null);
  const [others, setOthers] = useState(false);
  const shown = useKept(asked);
  const list = sessions.data?.viewer?.sessions;
  useGone(sessions.data?.viewer === null);
  const close = () => {
    revoke.reset();
    setAsked(null);
  };
  const closeOthers = () => {
    revokeOthers.reset();
    setOthers(false);
  };
  const end = async () => {
    if (!shown || !(await revoke.run({ input: { id: shown.id } })).ok) return;
    close();
    done(t("sessions.ended"));
    sessions.again();
  };
  const endOthers = async () => {
    if (!(await revokeOthers.run({})).ok) return;
    closeOthers();
    done(t("sessions.othersEnded"));
    sessions.again();
  };
  const several = (list?.nodes.length ?? 0) > 1 || pages.page > 1;
  return (
    <Stack maw={760} gap="lg">
      <PageHeader
        title={t("sessions.title")}
        description={t("sessions.text")}
        actions={
          several ? (
            <Button variant="default" onClick={() => setOthers(true)}>
              {t("sessions.endOthers")}
            </Button>
          ) : null
        }
      />
      <PagedList list={list} asked={sessions} pages={pages} label={t("sessions.title")} empty={null}>
        {(nodes) => (
          <Stack component="ul" className="plain-list" gap="sm" aria-label={t("sessions.title")}>
            {nodes.map((session) => (
              <SessionCard key={session.id} session={session} onEnd={() => setAsked(session)} />
            ))}
          </Stack>
        )}
      </PagedList>
      <LogOutEverywhere />
      <Confirm
        opened={asked !== null}
        onClose={close}
        title={t("sessions.endAsk", { device: shown?.device ?? "" })}
        confirmLabel={t("sessions.end")}
        danger
        action={revoke}
        onConfirm={end}
      >
        <Text>{t("sessions.endText")}</Text>
      </Confirm>
      <Confirm
        opened={others}
        onClose={closeOthers}
        title={t("sessions.othersAsk")}
        confirmLabel={t("sessions.endOthers")}
        danger
        action={revokeOthers}
        onConfirm={endOthers}
      >
        <Text>{t("sessions.othersText")}</Text>
      </Confirm>
    </Stack>
  );
}
