/**
 * The one client of the product's API.
 *
 * Queries and mutations go by POST, subscriptions over one WebSocket that is opened when first needed, is tried
 * again for as long as somebody listens, and asks anew after each reconnect: the server sends the present state
 * first, so nothing that happened in between is missed.
 */
import {
  Client,
  cacheExchange,
  type Exchange,
  fetchExchange,
  makeOperation,
  mapExchange,
  type Operation,
  subscriptionExchange,
} from "@urql/core";
import { createClient as createSocket, type Client as Socket } from "graphql-ws";
import { marked } from "./attended";
import { probe } from "./connection";
import { fetchOrEarly } from "./early";
import { online, setOnline, signalExpired } from "./signals";

/** Why something was denied: the right that is missing, the roles that have it, and the people who give those. */
export interface Denial {
  missing: string;
  grantedBy: string[];
  whoCanGrant: string[];
}

/** What the API says of a fault, in an error's `extensions`. */
export interface Fault {
  code: string;
  message: string;
  remedy: string | null;
  requestId: string | null;
  access?: Denial | null;
}

/** The denial in an error's `extensions.access`, if all of it is there. */
function denialOf(value: unknown): Denial | null {
  if (typeof value !== "object" || value === null) return null;
  const { missing, right, grantedBy, whoCanGrant } = value as Record<string, unknown>;
  const name = missing ?? right;
  const words = (list: unknown) =>
    Array.isArray(list) ? list.filter((it): it is string => typeof it === "string") : [];
  if (typeof name !== "string") return null;
  return { missing: name, grantedBy: words(grantedBy), whoCanGrant: words(whoCanGrant) };
}

/** Something that has a GraphQL error's form, whoever made it. */
interface Faulty {
  networkError?: Error;
  graphQLErrors?: readonly { message: string; extensions?: Record<string, unknown> }[];
  message?: string;
}

/** What went wrong, in the API's words; a lost connection has the code `OFFLINE`. */
export function faultOf(error: Faulty): Fault {
  const first = error.graphQLErrors?.[0];
  const text = (key: string) => {
    const value = first?.extensions?.[key];
    return typeof value === "string" ? value : null;
  };
  if (first) {
    return {
      code: text("code") ?? "UNKNOWN",
      message: first.message,
      remedy: text("remedy"),
      requestId: text("requestId"),
      access: denialOf(first.extensions?.access),
    };
  }
  return { code: "OFFLINE", message: error.message ?? "", remedy: null, requestId: null };
}

/**
 * Tells the rest of the page when the session is over or the server out of reach, and asks again what stayed without
 * an answer as soon as the server is back.
 */
const watch: Exchange = (input) => {
  const unanswered = new Map<number, Operation>();
  online.subscribe(() => {
    if (!online.get()) return;
    const operations = [...unanswered.values()];
    unanswered.clear();
    // The client drops those that nobody waits for any more.
    for (const it of operations) {
      const context = { ...it.context, requestPolicy: "network-only" as const };
      input.client.reexecuteOperation(makeOperation(it.kind, it, context));
    }
  });
  return mapExchange({
    onResult(result) {
      const { operation, error } = result;
      const fault = error ? faultOf(error) : null;
      // Who is logged in, or what is asked of them, has changed.
      const asked = ["UNAUTHENTICATED", "MFA_REQUIRED", "SESSION_TOO_OLD", "SSO_REQUIRED"];
      if (fault && asked.includes(fault.code)) signalExpired();
      if (operation.kind === "subscription") return;
      const offline = fault?.code === "OFFLINE";
      if (offline && operation.kind === "query") unanswered.set(operation.key, operation);
      else unanswered.delete(operation.key);
      setOnline(!offline);
      // What comes beside an error lacks the fields that failed, whatever their type says: it is no data to show.
      return error ? { ...result, data: undefined } : result;
    },
  })(input);
};

let made: Socket | null = null;

/** The one socket of this page. */
function socket(): Socket {
  if (made) return made;
  let connected = false;
  made = createSocket({
    url: () => `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}/graphql`,
    lazy: true,
    retryAttempts: Number.POSITIVE_INFINITY,
    shouldRetry: () => true,
    keepAlive: 20_000,
    on: {
      connected: () => {
        connected = true;
      },
      // A page that only listens learns of a lost server here. A socket that never came about says nothing of it.
      closed: () => {
        if (connected) void probe();
        connected = false;
      },
    },
    // Quick at first, for a server that restarts; then at most every ten seconds, not all pages at once.
    retryWait: (retries) =>
      new Promise((resolve) =>
        setTimeout(resolve, Math.min(10_000, 250 * 2 ** retries) * (0.75 + Math.random() / 2)),
      ),
  });
  return made;
}

function over(exchangeUrl: string): Client {
  return new Client({
    url: exchangeUrl,
    fetch: (url, init) => fetchOrEarly(url, marked(init)),
    preferGetMethod: false,
    requestPolicy: "cache-and-network",
    exchanges: [
      cacheExchange,
      watch,
      fetchExchange,
      subscriptionExchange({
        forwardSubscription(operation) {
          return {
            subscribe(sink) {
              const request = { query: operation.query ?? "", variables: operation.variables };
              let ended = false;
              let wait = 500;
              let timer: ReturnType<typeof setTimeout> | undefined;
              let unsubscribe = () => {};
              const begin = () => {
                unsubscribe = socket().subscribe(request, {
                  next: (value) => {
                    wait = 500;
                    sink.next(value as Parameters<typeof sink.next>[0]);
                  },
                  // The transport retries by itself; what reaches us here is final.
                  error: (error) => sink.error(error),
                  // The server ends what a session or a membership has ended under, and everything when it stops: who
                  // is logged in is asked anew, and whoever still listens then, goes on.
                  complete: () => {
                    if (ended) return sink.complete();
                    signalExpired();
                    timer = setTimeout(() => {
                      // Whoever the socket was opened as, it is of an older session's token.
                      renewSocket();
                      begin();
                    }, wait);
                    wait = Math.min(30_000, wait * 2);
                  },
                });
              };
              begin();
              return {
                unsubscribe: () => {
                  ended = true;
                  clearTimeout(timer);
                  unsubscribe();
                },
              };
            },
          };
        },
      }),
    ],
  });
}

/** The customer API. */
export function customerClient(): Client {
  return over("/graphql");
}

/** The operator's API. It has no subscriptions. */
export function adminClient(): Client {
  return over("/admin/graphql");
}

/** Ends the socket, so that the next subscription opens one as whoever is logged in then. */
export function renewSocket(): void {
  made?.terminate();
}
