import { useMemo } from "react";
import { UsageInstancesDocument, type UsageInstancesQuery } from "../../api/customer/graphql";
import { useAll } from "../../api/useAll";

export type UsageInstance = UsageInstancesQuery["tenant"]["instances"]["nodes"][number];

const LISTING = {
  document: UsageInstancesDocument,
  page: (data: UsageInstancesQuery) => data.tenant.instances,
  most: 5,
};

/** The tenant's instances, for their names. */
export function useInstances(tenantId: string) {
  const all = useAll(LISTING, { tenantId, first: 100 });
  const instances = all.rows;
  const byId = useMemo(() => new Map((instances ?? []).map((i) => [i.id, i])), [instances]);
  return { instances, byId, again: all.again };
}
