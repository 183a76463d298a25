import { useEffect, useRef, useState } from "react";
import { useNavigate } from "react-router";
import { CreateInstanceDocument, CreateTenantDocument } from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { useSession, useViewer } from "../../app/session";
import { keyring } from "./idempotency";
import { freeOf, withEnding } from "./slug";

export interface Wanted {
  tenant: { name: string; slug: string; derived: boolean };
  instance: { name: string; slug: string; region: string };
  plan: string;
}

interface Made {
  id: string;
  slug: string;
  name: string;
}

/**
 * Makes an organisation and then its first instance. When the second step fails, trying again goes on with the
 * organisation that is there. It ends on the instance's page, once the session knows the organisation.
 */
export function useStart() {
  const navigate = useNavigate();
  const viewer = useViewer();
  const { refresh } = useSession();
  const tenantAction = useAction(CreateTenantDocument);
  const instanceAction = useAction(CreateInstanceDocument);
  const [made, setMade] = useState<Made | null>(null);
  const [goal, setGoal] = useState<{ tenant: string; instance: string } | null>(null);
  const key = useRef(keyring());
  /** Addresses that were asked for here: the server answers a repeated call with what the first one made. */
  const asked = useRef<string | null>(null);

  const arrived = goal !== null && viewer.memberships.some((m) => m.tenant.slug === goal.tenant);
  useEffect(() => {
    if (!goal) return;
    if (arrived) {
      navigate(`/t/${goal.tenant}/instances/${goal.instance}`, { replace: true });
      return;
    }
    const again = setInterval(() => refresh(false), 2_000);
    return () => clearInterval(again);
  }, [goal, arrived, navigate, refresh]);

  const makeTenant = async ({ tenant, plan }: Wanted): Promise<Made | null> => {
    const mine = viewer.memberships.map((m) => m.tenant.slug).filter((slug) => slug !== asked.current);
    let slug = tenant.derived ? freeOf(tenant.slug, mine) : tenant.slug;
    // Nobody chose a derived address, so nobody is asked when somebody else has it.
    for (let attempt = 0; ; attempt++) {
      asked.current = slug;
      const outcome = await tenantAction.run({ input: { name: tenant.name.trim(), slug, plan } });
      if (outcome.ok) return outcome.payload.tenant;
      if (outcome.problem?.code !== "CONFLICT" || !tenant.derived || attempt > 3) return null;
      tenantAction.reset();
      slug = withEnding(tenant.slug, crypto.getRandomValues(new Uint16Array(1))[0]?.toString(36) ?? "2");
    }
  };

  const run = async (wanted: Wanted): Promise<boolean> => {
    const tenant = made ?? (await makeTenant(wanted));
    if (!tenant) return false;
    setMade(tenant);
    const { name, slug, region } = wanted.instance;
    const input = { tenantId: tenant.id, name: name.trim(), slug, region };
    const outcome = await instanceAction.run({ input: { ...input, idempotencyKey: key.current(input) } });
    refresh();
    if (!outcome.ok || !outcome.payload.instance) return false;
    setGoal({ tenant: tenant.slug, instance: outcome.payload.instance.id });
    return true;
  };

  return {
    run,
    busy: tenantAction.busy || instanceAction.busy || goal !== null,
    /** The organisation, once it is made. */
    made,
    tenantAction,
    instanceAction,
  };
}
