import type { ApiKeyShownFragment } from "../../api/customer/graphql";

export type KeyState = "active" | "ending" | "expired" | "revoked";

type Dates = Pick<ApiKeyShownFragment, "expiresAt" | "revokedAt" | "rotatedUntil">;

/** What a key is worth at a moment: a rotated key still works until its overlap is over. */
export function stateOf({ expiresAt, revokedAt, rotatedUntil }: Dates, now: number): KeyState {
  const past = (at: string | null | undefined) => at != null && Date.parse(at) <= now;
  if (past(revokedAt)) return "revoked";
  if (past(expiresAt) || past(rotatedUntil)) return "expired";
  return rotatedUntil ? "ending" : "active";
}

/** How long a new key may live, in days; null: until it is revoked. */
export const LIVES = [7, 30, 90, 365, null] as const;

/** The moment when a key made now ends. */
export function expiryOf(days: number | null, now: number): string | null {
  return days === null ? null : new Date(now + days * 86_400_000).toISOString();
}

/** The addresses and networks in a text, separated by commas, blanks or lines. */
export function addressesOf(text: string): string[] {
  return text.split(/[\s,;]+/).filter((word) => word !== "");
}
