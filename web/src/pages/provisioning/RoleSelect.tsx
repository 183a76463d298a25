import { Select } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { MemberRole } from "../../api/customer/graphql";
import type { Givable } from "../../api/useGivable";
import type { RoleChoice } from "../../api/useRoleChoices";

const BUILT_IN = [
  "OWNER",
  "ADMIN",
  "DEVELOPER",
  "BILLING",
  "VIEWER",
] as const satisfies readonly MemberRole[];

/** The organisation's own roles, and which roles the viewer may give. */
export interface Roles {
  own: readonly { id: string; name: string; rights: readonly string[] }[];
  givable: Givable;
}

interface Props {
  label: string;
  hideLabel?: boolean;
  roles: Roles;
  value: RoleChoice | null;
  /** What the value is called, where it is none of those that may be given. */
  valueName: string | null;
  /** What no role is called; without it there is one in any case. */
  none?: string;
  onChange: (choice: RoleChoice | null) => void;
}

/** A choice among the roles that the viewer may give. What is set stays among them, and cannot be chosen anew. */
export function RoleSelect({ label, hideLabel, roles, value, valueName, none, onChange }: Props) {
  const { t } = useTranslation("provisioning");
  const data = [
    ...(none ? [{ value: "", label: none }] : []),
    ...BUILT_IN.filter((it) => roles.givable(it)).map((it) => ({
      value: it as string,
      label: t(`common:role.${it}`),
    })),
    ...roles.own
      .filter((it) => roles.givable("CUSTOM", it.rights))
      .map((it) => ({ value: it.id, label: it.name })),
  ];
  if (value && !data.some((it) => it.value === value)) {
    data.push({ value, label: valueName ?? value });
  }
  return (
    <Select
      label={hideLabel ? undefined : label}
      aria-label={hideLabel ? label : undefined}
      data={data}
      value={value ?? ""}
      allowDeselect={false}
      onChange={(choice) => onChange(choice || null)}
    />
  );
}
