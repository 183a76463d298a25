import type { MemberRole, MembersQuery } from "../../api/customer/graphql";

export type Member = MembersQuery["tenant"]["members"]["nodes"][number];

/** One of the organisation's own roles. */
export interface OwnRole {
  id: string;
  name: string;
  description?: string;
}

export const ROLES: readonly MemberRole[] = ["OWNER", "ADMIN", "DEVELOPER", "BILLING", "VIEWER"];

/** The roles that somebody may give and take: an admin's reach ends below owners. The server decides in the end. */
export function givable(giver: MemberRole): readonly MemberRole[] {
  if (giver === "OWNER") return [...ROLES, "CUSTOM"];
  return giver === "ADMIN" || giver === "CUSTOM"
    ? [...ROLES.filter((role) => role !== "OWNER"), "CUSTOM"]
    : [];
}
