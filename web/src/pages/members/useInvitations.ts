import { useMemo, useState } from "react";
import { InvitationsDocument, type InvitationsQuery } from "../../api/customer/graphql";
import { useAll } from "../../api/useAll";

const ROWS = 50;

/** The open invitations, newest first: as many as were asked for. */
export function useInvitations(tenantId: string, manages: boolean) {
  const [most, setMost] = useState(1);
  const listing = useMemo(
    () => ({
      document: InvitationsDocument,
      page: (data: InvitationsQuery) => data.tenant.invitations,
      most,
    }),
    [most],
  );
  const all = useAll(listing, manages ? { tenantId, first: ROWS } : null);
  return { ...all, more: () => setMost(most + 1) };
}
