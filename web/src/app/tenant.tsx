/** The organisation that a page under `/t/:tenant` is about. */
import { createContext, useContext } from "react";
import type { Membership } from "./session";

export interface TenantHere {
  id: string;
  slug: string;
  name: string;
  /** Null for platform support, which looks in by the organisation's consent and is no member. */
  role: Membership["role"] | null;
  /** Whether the viewer may do something here: only for what to show, the server decides. */
  may: (right: string) => boolean;
}

export const TenantContext = createContext<TenantHere | null>(null);

export function useTenant(): TenantHere {
  const tenant = useContext(TenantContext);
  if (!tenant) throw new Error("useTenant needs a page under /t/:tenant");
  return tenant;
}
