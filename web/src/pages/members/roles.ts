import type { MemberRole, MembersQuery } from "../../api/customer/graphql";

export type Member = MembersQuery["tenant"]["members"]["nodes"][number];

/** One of the organisation's own roles. */
export interface OwnRole {
  id: string;
  name: string;
  description?: string;
  rights: readonly string[];
}

export const ROLES: readonly MemberRole[] = ["OWNER", "ADMIN", "DEVELOPER", "BILLING", "VIEWER"];
