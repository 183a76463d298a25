import { Button, Stack, Table, Text } from "@mantine/core";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import {
  AcceptInvitationDocument,
  type InvitationPreviewQuery,
  LogOutDocument,
} from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { useSession } from "../../app/session";
import { ActionAlert } from "../../ui/ActionAlert";
import { dateTime } from "../../ui/format";
import { EntryPage } from "./EntryPage";

const HERE = "/invitation";
const NEXT = `?next=${encodeURIComponent(HERE)}`;

interface Props {
  token: string;
  invitation: NonNullable<InvitationPreviewQuery["invitation"]>;
  onAccepted: () => void;
}

/** What the invitation says, and the way to accept it for whoever is here. */
export function InvitationCard({ token, invitation, onAccepted }: Props) {
  const { t } = useTranslation("public");
  const { viewer } = useSession();
  const { tenantName: tenant, inviterName: inviter, email } = invitation;
  const rows = [
    [t("invitation.role"), t(`common:role.${invitation.role}`)],
    [t("invitation.for"), email],
    [t("invitation.until"), dateTime(invitation.expiresAt)],
  ];
  const mine = viewer?.email.toLowerCase() === email.toLowerCase();
  return (
    <EntryPage title={t("invitation.title", { tenant })} lead={t("invitation.lead", { tenant, inviter })}>
      <Table variant="vertical" mb="md" aria-label={t("invitation.title", { tenant })}>
        <Table.Tbody>
          {rows.map(([term, text]) => (
            <Table.Tr key={term}>
              <Table.Th scope="row">{term}</Table.Th>
              <Table.Td style={{ overflowWrap: "anywhere" }}>{text}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {!viewer ? <Stranger email={email} /> : mine ? <Accept token={token} onAccepted={onAccepted} /> : null}
      {viewer && !mine ? <OtherAccount email={email} me={viewer.email} /> : null}
    </EntryPage>
  );
}

function Accept({ token, onAccepted }: { token: string; onAccepted: () => void }) {
  const { t } = useTranslation("public");
  const { viewer, refresh } = useSession();
  const navigate = useNavigate();
  const accept = useAction(AcceptInvitationDocument);
  const [joined, setJoined] = useState<string | null>(null);
  const there = viewer?.memberships.some((m) => m.tenant.slug === joined);
  // The organisation's pages know members only: so first the session has to say it.
  useEffect(() => {
    if (joined && there) navigate(`/t/${joined}`, { replace: true });
  }, [joined, there, navigate]);
  const run = async () => {
    const outcome = await accept.run({ token });
    if (!outcome.ok || !outcome.payload.tenant) return;
    onAccepted();
    setJoined(outcome.payload.tenant.slug);
    refresh();
  };
  return (
    <Stack>
      <ActionAlert problem={accept.problem} fault={accept.fault} />
      <Button onClick={run} loading={accept.busy || joined !== null}>
        {t("invitation.accept")}
      </Button>
    </Stack>
  );
}

function Stranger({ email }: { email: string }) {
  const { t } = useTranslation("public");
  return (
    <Stack>
      <Text>{t("invitation.stranger", { email })}</Text>
      <Button component={Link} to={`/log-in${NEXT}`} state={{ email }}>
        {t("invitation.logIn")}
      </Button>
      <Button component={Link} to={`/sign-up${NEXT}`} state={{ email }} variant="default">
        {t("invitation.signUp")}
      </Button>
    </Stack>
  );
}

function OtherAccount({ email, me }: { email: string; me: string }) {
  const { t } = useTranslation("public");
  const { refresh } = useSession();
  const logOut = useAction(LogOutDocument);
  const change = async () => {
    const outcome = await logOut.run({});
    if (outcome.ok) refresh();
  };
  return (
    <Stack>
      <Text fw={600} component="h2" size="md">
        {t("invitation.other")}
      </Text>
      <Text style={{ overflowWrap: "anywhere" }}>{t("invitation.otherText", { email, me })}</Text>
      <ActionAlert problem={logOut.problem} fault={logOut.fault} />
      <Button onClick={change} loading={logOut.busy}>
        {t("invitation.switch")}
      </Button>
      <Button component={Link} to="/home" variant="default">
        {t("invitation.home")}
      </Button>
    </Stack>
  );
}
