import { useCallback, useMemo, useState } from "react";
import { type AnyVariables, type UseQueryArgs, useQuery } from "urql";
import { faultOf } from "./client";

/**
 * A query whose last answer stays on the page while a newer one is on its way, or does not come. `current` says
 * whether the answer is the one to the question asked now, `variables` to which question it is.
 */
export function useLasting<Data, Variables extends AnyVariables>(args: UseQueryArgs<Variables, Data>) {
  const [state, execute] = useQuery<Data, Variables>(args);
  const [kept, setKept] = useState<{ data: Data; variables: Variables } | null>(null);
  if (state.data && state.operation && kept?.data !== state.data) {
    setKept({ data: state.data, variables: state.operation.variables as Variables });
  }
  const again = useCallback(() => execute({ requestPolicy: "network-only" }), [execute]);
  const fault = useMemo(() => (state.error ? faultOf(state.error) : null), [state.error]);
  const current = kept !== null && JSON.stringify(kept.variables) === JSON.stringify(args.variables);
  return { data: kept?.data, variables: kept?.variables, current, fault, again };
}
