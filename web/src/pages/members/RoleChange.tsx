import { Select, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ChangeMemberRoleDocument } from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import type { Givable } from "../../api/useGivable";
import { choiceOf, type RoleChoice, roleOf } from "../../api/useRoleChoices";
import { useTenant } from "../../app/tenant";
import { Confirm } from "../../ui/Confirm";
import { done } from "../../ui/done";
import { useKept } from "../../ui/useKept";
import { type Member, type OwnRole, ROLES } from "./roles";

interface Props {
  member: Member;
  givable: Givable;
  own: boolean;
  /** The organisation's own roles. */
  ownRoles: readonly OwnRole[];
  onDone: () => void;
}

/** A member's role, and its change: at once, but with a question where an owner is made or unmade, or it is one's own. */
export function RoleChange({ member, givable, own, ownRoles, onDone }: Props) {
  const { t } = useTranslation("members");
  const tenant = useTenant();
  const change = useAction(ChangeMemberRoleDocument);
  const [wish, setWish] = useState<RoleChoice | null>(null);
  const [asking, setAsking] = useState(false);
  const shown = useKept(wish);
  const present = choiceOf(member.role, member.customRole?.id);
  // Also while the others are on their way.
  const held = member.customRole && !ownRoles.some((it) => it.id === present) ? [member.customRole] : [];
  const known = [...ownRoles, ...held];
  const nameOf = (choice: RoleChoice) =>
    known.find((it) => it.id === choice)?.name ?? t(`common:role.${choice}`);

  if (!givable(member.role, member.customRole?.rights)) return <Text>{nameOf(present)}</Text>;

  const close = () => {
    setAsking(false);
    setWish(null);
    change.reset();
  };
  const run = async (choice: RoleChoice) => {
    const input = { tenantId: tenant.id, userId: member.userId, ...roleOf(choice) };
    const outcome = await change.run({ input });
    // Why it did not happen is said in the dialog, whether or not it was open before.
    if (!outcome.ok) return setAsking(true);
    close();
    done(t("role.done", { name: member.name, role: nameOf(choice) }));
    onDone();
  };
  const choose = (choice: RoleChoice | null) => {
    if (!choice || choice === present) return;
    setWish(choice);
    if (own || choice === "OWNER" || member.role === "OWNER") setAsking(true);
    else void run(choice);
  };
  const values = {
    name: member.name,
    from: nameOf(present),
    to: shown ? nameOf(shown) : "",
  };
  const choices = [
    ...ROLES.filter((role) => givable(role)).map((role) => ({
      value: role as RoleChoice,
      label: nameOf(role),
    })),
    ...known.filter((it) => givable("CUSTOM", it.rights)).map((it) => ({ value: it.id, label: it.name })),
  ];
  return (
    <>
      <Select
        aria-label={t("role.of", { name: member.name })}
        data={choices}
        value={wish ?? present}
        onChange={choose}
        allowDeselect={false}
        disabled={change.busy}
        comboboxProps={{ withinPortal: true }}
        w={140}
      />
      <Confirm
        opened={asking}
        onClose={close}
        title={t("role.title", values)}
        confirmLabel={t("role.confirm", values)}
        danger={own}
        action={change}
        onConfirm={() => shown && void run(shown)}
      >
        <Text>{t(own ? "role.own" : "role.text", values)}</Text>
        {shown && !shown.startsWith("rol_") ? <Text size="sm">{t(`about.${shown}`)}</Text> : null}
        {shown === "OWNER" ? <Text size="sm">{t("role.toOwner")}</Text> : null}
      </Confirm>
    </>
  );
}
