import { useEffect, useState } from "react";
import { useQuery, useSubscription } from "urql";
import { type Fault, faultOf } from "../../api/client";
import {
  InstanceProgressDocument,
  InstanceShownDocument,
  type InstanceShownQuery,
  type InstanceStateFragment,
} from "../../api/customer/graphql";
import { isMoving } from "../../api/phases";
import { newest } from "./life";

type Measured = Pick<InstanceShownQuery["tenant"]["instance"], "health" | "resources">;

interface Watched {
  instance: InstanceStateFragment | null;
  measured: Measured | null;
  fault: Fault | null;
  again: () => void;
}

/**
 * An instance as it is now: pushed at each change, and asked for again at an interval, because what is measured is not
 * pushed and a proxy may let no socket through. The newer of two copies is shown, whichever way it came.
 */
export function useInstance(tenantId: string, id: string): Watched {
  const variables = { tenantId, id };
  const [{ data, error }, ask] = useQuery({ query: InstanceShownDocument, variables });
  const [{ data: push }] = useSubscription({ query: InstanceProgressDocument, variables });
  const [instance, setInstance] = useState<InstanceStateFragment | null>(null);
  const [measured, setMeasured] = useState<Measured | null>(null);

  const asked = data?.tenant.instance;
  const pushed = push?.instanceProgress;
  useEffect(() => {
    if (!asked) return;
    setInstance((last) => (last && newest(last) > newest(asked) ? last : asked));
    setMeasured(asked);
  }, [asked]);
  useEffect(() => {
    if (pushed) setInstance((last) => (last && newest(last) > newest(pushed) ? last : pushed));
  }, [pushed]);

  const pause = !instance || isMoving(instance.phase) ? 5_000 : 20_000;
  const phase = instance?.phase;
  useEffect(() => {
    // Health is asked for anew as soon as the phase changes.
    if (phase) ask({ requestPolicy: "network-only" });
    const timer = setInterval(() => {
      if (!document.hidden) ask({ requestPolicy: "network-only" });
    }, pause);
    return () => clearInterval(timer);
  }, [ask, pause, phase]);

  const fault = error ? faultOf(error) : null;
  return { instance, measured, fault, again: () => ask({ requestPolicy: "network-only" }) };
}
