import { Button, Paper, Skeleton, Stack, Text, Title } from "@mantine/core";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { ResendInvitationDocument, RevokeInvitationDocument } from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import type { Givable } from "../../api/useGivable";
import { useTenant } from "../../app/tenant";
import { ActionAlert } from "../../ui/ActionAlert";
import { Confirm } from "../../ui/Confirm";
import { done } from "../../ui/done";
import { useKept } from "../../ui/useKept";
import { type Invitation, InvitationTable } from "./InvitationTable";
import type { useInvitations } from "./useInvitations";

interface Props {
  invitations: ReturnType<typeof useInvitations>;
  givable: Givable;
  onChanged: () => void;
}

/** Who is invited and has not come yet. */
export function Invitations({ invitations, givable, onChanged }: Props) {
  const { t } = useTranslation("members");
  const tenant = useTenant();
  const resend = useAction(ResendInvitationDocument);
  const revoke = useAction(RevokeInvitationDocument);
  const [sending, setSending] = useState<string | null>(null);
  const [asked, setAsked] = useState<Invitation | null>(null);
  const shown = useKept(asked);
  const title = useRef<HTMLHeadingElement>(null);
  const list = invitations.rows;

  const send = async (invitation: Invitation) => {
    setSending(invitation.id);
    const outcome = await resend.run({ input: { tenantId: tenant.id, id: invitation.id } });
    if (outcome.ok) done(t("resend.done", { email: invitation.email }));
    setSending(null);
    onChanged();
  };
  const close = () => {
    revoke.reset();
    setAsked(null);
  };
  const confirm = async () => {
    if (!shown) return;
    const outcome = await revoke.run({ input: { tenantId: tenant.id, id: shown.id } });
    if (!outcome.ok) return;
    close();
    done(t("revoke.done", { email: shown.email }));
    onChanged();
    // The button that was pressed is gone with its row.
    setTimeout(() => title.current?.focus(), 300);
  };
  return (
    <Paper className="surface" p="md" component="section" aria-labelledby="invitations">
      <Stack gap="xs">
        <Title order={2} size="h4" id="invitations" tabIndex={-1} ref={title}>
          {t("pending.title")}
        </Title>
        <ActionAlert problem={resend.problem} fault={resend.fault ?? invitations.fault} />
        {!list ? (
          invitations.fault ? null : (
            <Skeleton height={60} />
          )
        ) : list.length === 0 ? (
          <Text c="dimmed">{t("pending.none")}</Text>
        ) : (
          <InvitationTable
            invitations={list}
            givable={givable}
            sending={sending}
            onResend={send}
            onRevoke={setAsked}
          />
        )}
        {invitations.complete === false ? (
          <Button variant="default" onClick={invitations.more} w="fit-content">
            {t("common:pager.more")}
          </Button>
        ) : null}
      </Stack>
      <Confirm
        opened={asked !== null}
        onClose={close}
        title={t("revoke.title", { email: shown?.email })}
        confirmLabel={t("revoke.confirm")}
        danger
        action={revoke}
        onConfirm={confirm}
      >
        <Text>{t("revoke.text")}</Text>
      </Confirm>
    </Paper>
  );
}
