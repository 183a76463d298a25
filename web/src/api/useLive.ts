import { useEffect, useRef } from "react";
import { useSubscription } from "urql";
import { TenantActivityDocument, type TenantActivitySubscription } from "./customer/graphql";

/** Calls back when something of the tenant changed, and after each reconnect. */
export function useTenantActivity(
  tenantId: string,
  onChange: (activity: TenantActivitySubscription["tenantActivity"]) => void,
): void {
  const handler = useRef(onChange);
  useEffect(() => {
    handler.current = onChange;
  });
  const [{ data }] = useSubscription({ query: TenantActivityDocument, variables: { tenantId } });
  const activity = data?.tenantActivity;
  useEffect(() => {
    if (activity) handler.current(activity);
  }, [activity]);
}
