import { Button } from "@mantine/core";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useQuery } from "urql";
import { faultOf } from "../../api/client";
import { InvitationPreviewDocument } from "../../api/customer/graphql";
import { forgetInvitation, keepInvitation, keptInvitation } from "../../app/invitation";
import { useSession } from "../../app/session";
import { FaultPanel } from "../../ui/FaultPanel";
import { EntryPage, Waits } from "./EntryPage";
import { InvitationCard } from "./InvitationCard";
import { useLinkToken } from "./useLinkToken";

export function Invitation() {
  const { t } = useTranslation("public");
  const linked = useLinkToken();
  useEffect(() => {
    if (linked) keepInvitation(linked);
  }, [linked]);
  const token = linked ?? keptInvitation();
  if (token) return <Preview key={token} token={token} />;
  return <EntryPage title={t("invitation.missing")} lead={t("invitation.missingText")} />;
}

function Preview({ token }: { token: string }) {
  const { t } = useTranslation("public");
  const { viewer, fault: sessionFault, refresh } = useSession();
  const [{ data, error }, ask] = useQuery({
    query: InvitationPreviewDocument,
    variables: { token },
    requestPolicy: "network-only",
  });
  const gone = data !== undefined && data.invitation === null;
  useEffect(() => {
    if (gone) forgetInvitation();
  }, [gone]);
  const fault = sessionFault ?? (error && !data ? faultOf(error) : null);
  const retry = () => {
    if (sessionFault) refresh(false);
    ask();
  };
  if (fault) return <FaultPanel fault={fault} retry={retry} />;
  if (!data || viewer === undefined) {
    return (
      <EntryPage title={t("invitation.loading")}>
        <Waits />
      </EntryPage>
    );
  }
  if (!data.invitation) {
    return (
      <EntryPage title={t("invitation.gone")} lead={t("invitation.goneText")}>
        <Button component={Link} to="/home" variant="default" fullWidth>
          {t("invitation.home")}
        </Button>
      </EntryPage>
    );
  }
  return <InvitationCard token={token} invitation={data.invitation} onAccepted={forgetInvitation} />;
}
