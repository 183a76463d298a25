import { useMemo } from "react";
import { type MemberRole, RoleChoicesDocument, type RoleChoicesQuery } from "./customer/graphql";
import { useAll } from "./useAll";

const LISTING = {
  document: RoleChoicesDocument,
  page: (data: RoleChoicesQuery) => data.tenant.roles,
  most: 5,
};

/** A role as a form holds it: a built-in one by its name, one of the organisation's own by its id. */
export type RoleChoice = string;

export function choiceOf(role: MemberRole, customRoleId?: string | null): RoleChoice {
  return customRoleId ?? role;
}

/** A choice as the API takes it. */
export function roleOf(choice: RoleChoice): { role: MemberRole; customRoleId?: string } {
  return choice.startsWith("rol_")
    ? { role: "CUSTOM", customRoleId: choice }
    : { role: choice as MemberRole };
}

/** The organisation's own roles, by name; none while they are on their way, or where they may not be seen. */
export function useRoleChoices(tenantId: string, asked: boolean) {
  const { rows } = useAll(LISTING, asked ? { tenantId, first: 100 } : null);
  return useMemo(() => (rows ?? []).toSorted((a, b) => a.name.localeCompare(b.name)), [rows]);
}
