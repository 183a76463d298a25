/** Spans of time to choose from, in minutes. */

/** No limit of the organisation's own. */
export const NONE = 0;

const HOUR = 60;
const DAY = 24 * HOUR;

export const IDLE: readonly number[] = [15, 30, HOUR, 4 * HOUR, 8 * HOUR, DAY, 7 * DAY];
export const ABSOLUTE: readonly number[] = [HOUR, 4 * HOUR, 8 * HOUR, 12 * HOUR, DAY, 7 * DAY, 14 * DAY];

/** What can be chosen: nothing, what is usual, and what was set by another way. */
export function choices(known: readonly number[], own: number | null | undefined): number[] {
  const all = own && !known.includes(own) ? [...known, own].toSorted((a, b) => a - b) : known;
  return [NONE, ...all];
}

/** The span in the largest unit that it is a whole number of. */
export function spanOf(minutes: number): { unit: "days" | "hours" | "minutes"; count: number } {
  if (minutes % DAY === 0) return { unit: "days", count: minutes / DAY };
  if (minutes % HOUR === 0) return { unit: "hours", count: minutes / HOUR };
  return { unit: "minutes", count: minutes };
}
