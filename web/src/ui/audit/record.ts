/** One record of an audit trail, the organisation's or the platform's. */
export interface AuditShown {
  seq: number;
  at: string;
  actor: string;
  actorName?: string | null;
  action: string;
  resource: string;
  result: string;
  origin?: string | null;
  requestId?: string | null;
  before?: unknown;
  after?: unknown;
  details: unknown;
  hash: string;
}

/** What was refused or failed is to be seen. */
export function colourOf(result: string): string {
  if (/denied|refused|fail/i.test(result)) return "red";
  return /ok|success|done|allowed/i.test(result) ? "green" : "gray";
}
