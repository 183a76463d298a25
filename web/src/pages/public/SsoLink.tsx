import { Button, Stack } from "@mantine/core";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { ConfirmSsoLinkDocument, LogOutDocument } from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { useSession } from "../../app/session";
import { ActionAlert } from "../../ui/ActionAlert";
import { EntryPage, Waits } from "./EntryPage";
import { useLinkToken } from "./useLinkToken";

/** Kept while the person logs in, in this tab alone. */
const KEY = "tenantry-sso-link";
const LOG_IN = `/log-in?next=${encodeURIComponent("/sso/link")}`;
/** What logging in anew does away with. */
const ANEW = ["OTHER_ACCOUNT", "LOG_IN_AGAIN"];

/** A provider has sent somebody with the address of an account: whoever logs in to it can tie the two. */
export function SsoLink() {
  const { t } = useTranslation("signOn");
  const linked = useLinkToken();
  useEffect(() => {
    if (linked) sessionStorage.setItem(KEY, linked);
  }, [linked]);
  const token = linked ?? sessionStorage.getItem(KEY);
  const { viewer, refresh } = useSession();
  const confirm = useAction(ConfirmSsoLinkDocument);
  const logOut = useAction(LogOutDocument);
  if (!token) return <EntryPage title={t("link.missing")} lead={t("link.missingText")} />;
  if (viewer === undefined) {
    return (
      <EntryPage title={t("link.title")}>
        <Waits />
      </EntryPage>
    );
  }
  if (viewer === null) {
    return (
      <EntryPage title={t("link.title")} lead={t("link.prove")}>
        <Button component={Link} to={LOG_IN} fullWidth>
          {t("link.logIn")}
        </Button>
      </EntryPage>
    );
  }
  const tie = async () => {
    const done = await confirm.run({ token });
    if (!done.ok) return;
    sessionStorage.removeItem(KEY);
    location.assign(done.payload.startUrl ?? "/home");
  };
  const anew = async () => {
    if (!(await logOut.run({})).ok) return;
    refresh();
    // As a new page: this one would still know who was logged in, and come back here.
    location.replace(LOG_IN);
  };
  const again = ANEW.includes(confirm.problem?.code ?? "");
  return (
    <EntryPage title={t("link.title")} lead={again ? undefined : t("link.as", { email: viewer.email })}>
      <Stack>
        <ActionAlert problem={confirm.problem} fault={confirm.fault ?? logOut.fault} />
        {again ? (
          <Button onClick={anew} loading={logOut.busy}>
            {t("link.anew")}
          </Button>
        ) : (
          <Button onClick={tie} loading={confirm.busy}>
            {t("link.tie")}
          </Button>
        )}
      </Stack>
    </EntryPage>
  );
}
