import type { UsageGroup, UsageRowsQuery } from "../../api/customer/graphql";
import { locale } from "../../app/i18n";
import { addDays, length, type Span, startOf } from "./span";

export type UsageRow = UsageRowsQuery["tenant"]["usage"]["nodes"][number];

/** One bar of the chart. */
export interface Bar {
  label: string;
  billable: number;
  /** Executions that the plan does not count. */
  other: number;
  failed: number;
}

const HOUR = 3_600_000;
/** More bars than these of hours are too thin to read. */
const MOST_HOURLY_DAYS = 8;
/** How many workflows or instances get a bar. */
export const MOST_NAMED = 12;

export function isTime(group: UsageGroup): boolean {
  return group === "HOUR" || group === "DAY";
}

/** By what the chart sums up: a long span's hours are drawn as days. */
export function groupOfChart(group: UsageGroup, span: Span): UsageGroup {
  return group === "HOUR" && length(span) > MOST_HOURLY_DAYS ? "DAY" : group;
}

const utc = (options: Intl.DateTimeFormatOptions) =>
  new Intl.DateTimeFormat(locale, { ...options, timeZone: "UTC" });
const hourOfDay = utc({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const hourAndDay = utc({
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});
const dayAndYear = utc({ day: "numeric", month: "short", year: "numeric" });
const dayOnly = utc({ day: "numeric", month: "short" });

/** The hour or day of a row, in UTC. */
export function moment(from: string, group: UsageGroup): string {
  const at = new Date(from);
  return group === "HOUR" ? `${dayAndYear.format(at)}, ${hourOfDay.format(at)}` : dayAndYear.format(at);
}

function bar(label: string, row?: UsageRow): Bar {
  if (!row) return { label, billable: 0, other: 0, failed: 0 };
  return { label, billable: row.billable, other: row.executions - row.billable, failed: row.failed };
}

/** A bar for each hour or day of a span until now; the server has rows only for those in which something ran. */
export function timeBars(rows: UsageRow[], group: UsageGroup, span: Span, now: number): Bar[] {
  const step = group === "HOUR" ? HOUR : 24 * HOUR;
  const format = group === "DAY" ? dayOnly : length(span) === 1 ? hourOfDay : hourAndDay;
  const known = new Map(rows.map((row) => [Date.parse(row.from ?? ""), row]));
  const bars: Bar[] = [];
  const end = Math.min(startOf(addDays(span.last, 1)), now);
  for (let at = startOf(span.first); at < end; at += step) {
    bars.push(bar(format.format(at), known.get(at)));
  }
  return bars;
}

/** The workflows or instances with the most executions. */
export function namedBars(rows: UsageRow[], name: (row: UsageRow) => string): Bar[] {
  const busiest = [...rows].sort((a, b) => b.executions - a.executions).slice(0, MOST_NAMED);
  return busiest.map((row) => bar(name(row), row));
}

export function sum(rows: UsageRow[]): { executions: number; billable: number; failed: number } {
  const total = { executions: 0, billable: 0, failed: 0 };
  for (const row of rows) {
    total.executions += row.executions;
    total.billable += row.billable;
    total.failed += row.failed;
  }
  return total;
}
