import { useCallback } from "react";
import { useQuery } from "urql";
import { useTenant } from "../app/tenant";
import { BuiltInRightsDocument, type MemberRole } from "./customer/graphql";

/** Whether the viewer may give and take a role; one of the organisation's own comes with its rights. */
export type Givable = (role: MemberRole, rights?: readonly string[]) => boolean;

/**
 * Nobody hands on a right that they lack, and only owners make owners. Nothing may be given until the rights of the
 * built-in roles are known, or where it is not asked. The server decides in the end.
 */
export function useGivable(asked: boolean): Givable {
  const { id, role: mine, may } = useTenant();
  const [{ data }] = useQuery({
    query: BuiltInRightsDocument,
    variables: { tenantId: id },
    pause: !asked,
  });
  const known = asked ? data?.tenant.rights : undefined;
  return useCallback(
    (role, rights = []) => {
      if (!known || (role === "OWNER" && mine !== "OWNER")) return false;
      if (role === "CUSTOM") return rights.every(may);
      const word = role.toLowerCase();
      return known.filter((it) => it.roles.includes(word)).every((it) => may(it.right));
    },
    [known, mine, may],
  );
}
