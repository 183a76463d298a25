import { Badge, Button, Group, Table, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Givable } from "../../api/useGivable";
import { useViewer } from "../../app/session";
import { date } from "../../ui/format";
import { WideTable } from "../../ui/WideTable";
import { MemberMenu } from "./MemberMenu";
import { RoleChange } from "./RoleChange";
import type { Member, OwnRole } from "./roles";

const ANYWHERE = { overflowWrap: "anywhere" } as const;

interface Props {
  members: Member[];
  givable: Givable;
  ownRoles: readonly OwnRole[];
  onRemove: (member: Member) => void;
  onChanged: () => void;
}

export function MemberTable({ members, ...rest }: Props) {
  const { t } = useTranslation("members");
  const viewer = useViewer();
  return (
    <WideTable minWidth={300} label={t("list.title")}>
      <Table aria-labelledby="members">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("list.name")}</Table.Th>
            <Table.Th visibleFrom="sm">{t("list.email")}</Table.Th>
            <Table.Th visibleFrom="sm">{t("list.joined")}</Table.Th>
            <Table.Th>{t("list.role")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {members.map((member) => (
            <Row key={member.userId} member={member} own={member.userId === viewer.id} {...rest} />
          ))}
        </Table.Tbody>
      </Table>
    </WideTable>
  );
}

type RowProps = Omit<Props, "members"> & { member: Member; own: boolean };

function Row({ member, own, givable, ownRoles, onRemove, onChanged }: RowProps) {
  const { t } = useTranslation("members");
  const remove = own ? t("leave.button") : t("remove.button");
  return (
    <Table.Tr>
      <Table.Td style={ANYWHERE}>
        <Group gap="xs">
          <Text>{member.name}</Text>
          {own ? <Badge>{t("list.you")}</Badge> : null}
        </Group>
        <Text size="sm" c="dimmed" hiddenFrom="sm">
          {member.email}
        </Text>
      </Table.Td>
      <Table.Td visibleFrom="sm" style={ANYWHERE}>
        {member.email}
      </Table.Td>
      <Table.Td visibleFrom="sm" style={{ whiteSpace: "nowrap" }}>
        {date(member.joinedAt)}
      </Table.Td>
      <Table.Td w={{ base: 170, sm: 310 }}>
        <Group gap="xs" justify="space-between">
          <RoleChange member={member} givable={givable} own={own} ownRoles={ownRoles} onDone={onChanged} />
          {own || givable(member.role, member.customRole?.rights) ? (
            <Button
              variant="default"
              size="xs"
              onClick={() => onRemove(member)}
              aria-label={own ? undefined : t("remove.buttonOf", { name: member.name })}
            >
              {remove}
            </Button>
          ) : null}
          {own ? null : (
            <MemberMenu
              member={member}
              manages={givable(member.role, member.customRole?.rights)}
              onChanged={onChanged}
            />
          )}
        </Group>
      </Table.Td>
    </Table.Tr>
  );
}
