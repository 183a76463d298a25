/** Spans of whole days of UTC, written as `2026-11-21`, as the usage is counted. */

export const PRESETS = ["today", "7-days", "month", "last-month", "30-days", "custom"] as const;
export type Preset = (typeof PRESETS)[number];

/** From a day to another, both in it. */
export interface Span {
  first: string;
  last: string;
}

/** The longest span that the API sums up. */
export const MOST_DAYS = 400;
const DAY = 86_400_000;

export function today(now: number): string {
  return new Date(now).toISOString().slice(0, 10);
}

export function addDays(day: string, days: number): string {
  return today(startOf(day) + days * DAY);
}

/** The moment a day begins, in milliseconds. */
export function startOf(day: string): number {
  return Date.parse(`${day}T00:00:00Z`);
}

/** How many days a span has. */
export function length(span: Span): number {
  return (startOf(span.last) - startOf(span.first)) / DAY + 1;
}

/** The API's bounds of a span: from a moment, inclusive, to another, exclusive. */
export function bounds(span: Span): { from: string; to: string } {
  return { from: `${span.first}T00:00:00Z`, to: `${addDays(span.last, 1)}T00:00:00Z` };
}

/** The calendar month that a day is in. */
export function monthOf(day: string): Span {
  const [year = 0, month = 0] = day.split("-").map(Number);
  return { first: `${day.slice(0, 8)}01`, last: today(Date.UTC(year, month, 0)) };
}

/** The days that a preset means on a given day; those of a custom span are the person's own. */
export function spanOf(preset: Exclude<Preset, "custom">, day: string): Span {
  switch (preset) {
    case "today":
      return { first: day, last: day };
    case "7-days":
      return { first: addDays(day, -6), last: day };
    case "30-days":
      return { first: addDays(day, -29), last: day };
    case "month":
      return { first: monthOf(day).first, last: day };
    case "last-month":
      return monthOf(addDays(monthOf(day).first, -1));
  }
}

export type SpanProblem = "first" | "last" | "order" | "long";

/** What is wrong with a span that somebody typed. */
export function problemOf(span: Span): SpanProblem | null {
  if (!isDay(span.first)) return "first";
  if (!isDay(span.last)) return "last";
  if (span.first > span.last) return "order";
  return length(span) > MOST_DAYS ? "long" : null;
}

function isDay(day: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(day) && !Number.isNaN(startOf(day)) && today(startOf(day)) === day;
}
