/**
 * The invitation that somebody came with, kept while they sign up: the link that verifies their address may open in
 * another tab. It works for the invited address alone, and is kept for an hour.
 */
const KEY = "tenantry-invitation";
const HOUR = 3_600_000;

export function keepInvitation(token: string): void {
  localStorage.setItem(KEY, JSON.stringify({ token, at: Date.now() }));
}

export function keptInvitation(): string | null {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "null") as { token?: unknown; at?: unknown } | null;
    if (typeof kept?.token === "string" && typeof kept.at === "number" && Date.now() - kept.at < HOUR) {
      return kept.token;
    }
  } catch {
    // Not ours, or half written: as if there were none.
  }
  localStorage.removeItem(KEY);
  return null;
}

export function forgetInvitation(): void {
  localStorage.removeItem(KEY);
}
