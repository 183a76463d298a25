/** Numbers, money and moments as people read them. */
import { locale } from "../app/i18n";

const count = new Intl.NumberFormat(locale);

export function number(value: number): string {
  return count.format(value);
}

/** An amount in minor units of a currency, e.g. cents. */
export function money(minor: number, currency: string): string {
  const format = new Intl.NumberFormat(locale, { style: "currency", currency });
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  return format.format(minor / 10 ** digits);
}

/** A price that is a decimal in minor units, with as many digits as it needs. */
export function unitPrice(minor: string, currency: string): string {
  const shown = new Intl.NumberFormat(locale, { style: "currency", currency, maximumFractionDigits: 8 });
  const digits = new Intl.NumberFormat(locale, { style: "currency", currency }).resolvedOptions()
    .maximumFractionDigits;
  return shown.format(Number(minor) / 10 ** (digits ?? 2));
}

/** The person's own time zone, with its name where it matters. */
export function dateTime(iso: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" }).format(new Date(iso));
}

export function date(iso: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: "medium" }).format(new Date(iso));
}

/** A day of a billing period, which is in UTC wherever the person is. */
export function dateUtc(iso: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeZone: "UTC" }).format(new Date(iso));
}

/** "5 minutes ago", "in 3 days". */
export function relative(iso: string, now: number): string {
  const seconds = (new Date(iso).getTime() - now) / 1000;
  const format = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  const steps: [Intl.RelativeTimeFormatUnit, number][] = [
    ["day", 86_400],
    ["hour", 3_600],
    ["minute", 60],
  ];
  for (const [unit, size] of steps) {
    if (Math.abs(seconds) < size) continue;
    // What is to come is rounded: seven days less a minute are "in 7 days".
    return format.format(seconds > 0 ? Math.round(seconds / size) : Math.trunc(seconds / size), unit);
  }
  // What was measured a moment ago by a clock a little ahead is not in the future.
  return format.format(Math.abs(seconds) < 10 ? 0 : Math.round(seconds), "second");
}

export function mebibytes(mib: number): string {
  return mib >= 1024 ? `${count.format(Math.round((mib / 1024) * 10) / 10)} GiB` : `${count.format(mib)} MiB`;
}

/** How long something ran. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1_000) return `${count.format(Math.round(milliseconds))} ms`;
  if (milliseconds < 60_000) return `${count.format(Math.round(milliseconds / 100) / 10)} s`;
  return `${count.format(Math.round(milliseconds / 6_000) / 10)} min`;
}
