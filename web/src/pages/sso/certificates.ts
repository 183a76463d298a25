import type { SsoCertificateState, SsoSamlShownFragment } from "../../api/customer/graphql";

/** How near a certificate's end is. */
export type Urgency = "ended" | "seven" | "thirty" | "sixty";

export type Certificate = SsoSamlShownFragment["certificates"][number];

type Ending = Pick<Certificate, "endsAt">;

const DAY = 86_400_000;

/** From when on an end is spoken of: the most pressing first, in days that are left. */
const STEPS: readonly [Urgency, number][] = [
  ["ended", 0],
  ["seven", 7],
  ["thirty", 30],
  ["sixty", 60],
];

/** Null: there is time. */
export function urgencyOf({ endsAt }: Ending, now: number): Urgency | null {
  const left = Date.parse(endsAt) - now;
  return STEPS.find(([, days]) => left <= days * DAY)?.[0] ?? null;
}

export interface Warning {
  urgency: Urgency;
  endsAt: string;
}

/** What has to be said of one side's certificates: any of them will do, so the one that ends last counts. */
export function warningOf(certificates: readonly Ending[], now: number): Warning | null {
  const last = certificates.toSorted((a, b) => Date.parse(a.endsAt) - Date.parse(b.endsAt)).at(-1);
  const urgency = last ? urgencyOf(last, now) : null;
  return last && urgency ? { urgency, endsAt: last.endsAt } : null;
}

/**
 * What comes next when our certificate changes: a next one is made, then used, then the previous one goes. It has to be
 * gone before another is used.
 */
export function stepOf(own: readonly { state: SsoCertificateState }[]): "make" | "use" | "remove" {
  if (own.some((it) => it.state === "PREVIOUS")) return "remove";
  return own.some((it) => it.state === "NEXT") ? "use" : "make";
}
