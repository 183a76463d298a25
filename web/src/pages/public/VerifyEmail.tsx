import { Button, Stack, Text } from "@mantine/core";
import { useCallback, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { VerifyEmailDocument } from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { useSession } from "../../app/session";
import { ActionAlert } from "../../ui/ActionAlert";
import { AskNewLink } from "./AskNewLink";
import { EntryPage, Waits } from "./EntryPage";
import { useLinkToken } from "./useLinkToken";

export function VerifyEmail() {
  const { t } = useTranslation("public");
  const token = useLinkToken();
  if (token) return <Verify key={token} token={token} />;
  return (
    <EntryPage title={t("verify.missing")} lead={t("verify.missingText")}>
      <AskNewLink />
    </EntryPage>
  );
}

/** Follows the link at once: whoever opened it wants nothing else. */
function Verify({ token }: { token: string }) {
  const { t } = useTranslation("public");
  const { viewer, refresh } = useSession();
  const { run, problem, fault } = useAction(VerifyEmailDocument);
  const [state, setState] = useState<"busy" | "done" | "already" | "failed">("busy");
  const started = useRef(false);
  const follow = useCallback(async () => {
    setState("busy");
    const outcome = await run({ token });
    const already = !outcome.ok && outcome.problem?.code === "ALREADY_VERIFIED";
    setState(outcome.ok ? "done" : already ? "already" : "failed");
    if (outcome.ok) refresh();
  }, [run, token, refresh]);
  useEffect(() => {
    if (started.current) return;
    started.current = true;
    void follow();
  }, [follow]);

  if (state === "busy") {
    return (
      <EntryPage title={t("verify.busy")}>
        <Waits />
      </EntryPage>
    );
  }
  if (state === "failed") {
    const link = problem?.code === "LINK_EXPIRED" || problem?.code === "INVALID_LINK";
    return (
      <EntryPage title={t("verify.failed")}>
        <Stack>
          <ActionAlert problem={problem} fault={fault} />
          {link ? <AskNewLink /> : <Button onClick={follow}>{t("common:fault.retry")}</Button>}
        </Stack>
      </EntryPage>
    );
  }
  const logged = Boolean(viewer);
  const text = state === "already" ? t("verify.alreadyText") : t("verify.doneText");
  return (
    <EntryPage
      title={state === "already" ? t("verify.already") : t("verify.done")}
      lead={<Text role="status">{logged ? t("verify.doneIn") : text}</Text>}
    >
      <Button component={Link} to={logged ? "/home" : "/log-in"} fullWidth>
        {logged ? t("verify.goOn") : t("verify.logIn")}
      </Button>
    </EntryPage>
  );
}
