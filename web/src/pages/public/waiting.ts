const FACTORS = ["PASSKEY", "TOTP", "RECOVERY_CODE"];

/** What waits for a second step: `#token=…&factors=TOTP+PASSKEY&next=…`. */
export function waiting(hash: string): { token: string; factors: string[]; next: string | null } | null {
  const told = new URLSearchParams(hash.slice(1));
  const token = told.get("token");
  const named = told.get("factors")?.split(" ") ?? [];
  // In this order: the first is offered first.
  const factors = FACTORS.filter((it) => named.includes(it));
  return token && factors.length > 0 ? { token, factors, next: told.get("next") } : null;
}
