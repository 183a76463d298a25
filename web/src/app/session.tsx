/** Who is logged in, for the whole page: asked once, and again when another tab or the server says it changed. */
import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useSyncExternalStore,
} from "react";
import { useNavigate } from "react-router";
import { useQuery } from "urql";
import { type Fault, faultOf, renewSocket } from "../api/client";
import { SessionDocument, type SessionQuery } from "../api/customer/graphql";
import { expiries } from "../api/signals";
import { keptInvitation } from "./invitation";
import { safeNext } from "./next";

export type Viewer = NonNullable<SessionQuery["viewer"]>;
export type Membership = Viewer["memberships"][number];

interface Session {
  /** Undefined until the first answer. */
  viewer: Viewer | null | undefined;
  fault: Fault | null;
  /** Asks again: after a log-in, a log-out or a change of the profile. */
  refresh: (tellOthers?: boolean) => void;
}

const Context = createContext<Session | null>(null);

/** Other tabs of this browser: one logs out, all are out. */
const tabs = new BroadcastChannel("tenantry-session");

export function SessionProvider({ children }: { children: ReactNode }) {
  const [{ data, error }, execute] = useQuery({
    query: SessionDocument,
    requestPolicy: "network-only",
  });
  const expired = useSyncExternalStore(expiries.subscribe, expiries.get, expiries.get);

  const refresh = useCallback(
    (tellOthers = true) => {
      execute({ requestPolicy: "network-only" });
      if (tellOthers) tabs.postMessage("changed");
    },
    [execute],
  );
  useEffect(() => {
    if (expired > 0) refresh(false);
  }, [expired, refresh]);
  useEffect(() => {
    const listen = () => refresh(false);
    tabs.addEventListener("message", listen);
    return () => tabs.removeEventListener("message", listen);
  }, [refresh]);

  // The socket was opened as whoever was logged in then.
  const id = data?.viewer?.id ?? null;
  const before = useRef(id);
  useEffect(() => {
    if (before.current !== null && before.current !== id) renewSocket();
    before.current = id;
  }, [id]);

  const fault = error && !data ? faultOf(error) : null;
  const value = useMemo<Session>(
    () => ({ viewer: data ? data.viewer : undefined, fault, refresh }),
    [data, fault, refresh],
  );
  return <Context.Provider value={value}>{children}</Context.Provider>;
}

export function useSession(): Session {
  const session = useContext(Context);
  if (!session) throw new Error("useSession needs a SessionProvider");
  return session;
}

/** For a page whose answer says that nobody is logged in any more: who is, is asked anew. */
export function useGone(gone: boolean): void {
  const { refresh } = useSession();
  useEffect(() => {
    if (gone) refresh(false);
  }, [gone, refresh]);
}

/** The person who is logged in; for pages behind `RequireLogin`. */
export function useViewer(): Viewer {
  const { viewer } = useSession();
  if (!viewer) throw new Error("useViewer needs a log-in");
  return viewer;
}

/**
 * Goes on after a log-in: to where the person was going, to the invitation they came with, or to their organisation. `/open` is the server's own page,
 * so that is a real navigation.
 */
export function useGoOn(): (next: string | null) => void {
  const navigate = useNavigate();
  return useCallback(
    (next) => {
      const to = safeNext(next) ?? (keptInvitation() ? "/invitation" : "/home");
      if (to.startsWith("/open?")) location.assign(to);
      else navigate(to, { replace: true });
    },
    [navigate],
  );
}
