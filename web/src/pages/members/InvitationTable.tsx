import { Badge, Button, Group, Table, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { InvitationsQuery } from "../../api/customer/graphql";
import type { Givable } from "../../api/useGivable";
import { When } from "../../ui/When";
import { WideTable } from "../../ui/WideTable";

export type Invitation = InvitationsQuery["tenant"]["invitations"]["nodes"][number];

interface Props {
  invitations: Invitation[];
  givable: Givable;
  /** The one that is being sent again. */
  sending: string | null;
  onResend: (invitation: Invitation) => void;
  onRevoke: (invitation: Invitation) => void;
}

export function InvitationTable({ invitations, ...rest }: Props) {
  const { t } = useTranslation("members");
  return (
    <WideTable minWidth={300} label={t("pending.title")}>
      <Table aria-labelledby="invitations">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("list.email")}</Table.Th>
            <Table.Th visibleFrom="sm">{t("list.role")}</Table.Th>
            <Table.Th visibleFrom="md">{t("pending.by")}</Table.Th>
            <Table.Th visibleFrom="sm">{t("pending.expires")}</Table.Th>
            <Table.Th>{t("list.actions")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {invitations.map((invitation) => (
            <Row key={invitation.id} invitation={invitation} {...rest} />
          ))}
        </Table.Tbody>
      </Table>
    </WideTable>
  );
}

type RowProps = Omit<Props, "invitations"> & { invitation: Invitation };

function Row({ invitation, givable, sending, onResend, onRevoke }: RowProps) {
  const { t } = useTranslation("members");
  const role = invitation.customRole?.name ?? t(`common:role.${invitation.role}`);
  const { email } = invitation;
  return (
    <Table.Tr>
      <Table.Td style={{ overflowWrap: "anywhere" }}>
        {email}
        <Text size="sm" c="dimmed" hiddenFrom="sm" component="div">
          {role}
          <Expiry at={invitation.expiresAt} named />
        </Text>
      </Table.Td>
      <Table.Td visibleFrom="sm">{role}</Table.Td>
      <Table.Td visibleFrom="md" miw={110} style={{ overflowWrap: "break-word" }}>
        {invitation.invitedBy}
      </Table.Td>
      <Table.Td visibleFrom="sm" style={{ whiteSpace: "nowrap" }}>
        <Expiry at={invitation.expiresAt} />
      </Table.Td>
      <Table.Td w={{ base: 125, sm: 210 }}>
        {givable(invitation.role, invitation.customRole?.rights) ? (
          <Group gap="xs">
            <Button
              variant="default"
              size="xs"
              loading={sending === invitation.id}
              onClick={() => onResend(invitation)}
              aria-label={t("resend.buttonOf", { email })}
            >
              {t("resend.button")}
            </Button>
            <Button
              variant="default"
              size="xs"
              onClick={() => onRevoke(invitation)}
              aria-label={t("revoke.buttonOf", { email })}
            >
              {t("revoke.button")}
            </Button>
          </Group>
        ) : null}
      </Table.Td>
    </Table.Tr>
  );
}

function Expiry({ at, named }: { at: string; named?: boolean }) {
  const { t } = useTranslation("members");
  const expired = Date.parse(at) <= Date.now();
  return (
    <Group gap={expired ? "xs" : 4}>
      {expired ? <Badge color="yellow">{t("pending.expired")}</Badge> : named ? t("pending.expires") : null}
      <When at={at} />
    </Group>
  );
}
