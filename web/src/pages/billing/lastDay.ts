/** A moment of a period's last day, given the next period's start. */
export function lastDay(periodEnd: string): string {
  return new Date(Date.parse(periodEnd) - 1).toISOString();
}
