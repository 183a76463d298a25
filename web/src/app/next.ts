/** Where to go on after a log-in: a path of this site, or nowhere. */

/**
 * A path of this site; null for anything else (no open redirect). What a browser makes of it counts, not how it is
 * written: tabs and line breaks are taken out of addresses, and `/.//host` becomes `//host`, which is another site.
 */
export function safeNext(next: string | null, origin: string = location.origin): string | null {
  if (!next?.startsWith("/") || next.startsWith("//") || next.includes("\\")) return null;
  if (!URL.canParse(next, origin)) return null;
  const url = new URL(next, origin);
  if (url.origin !== origin || url.pathname.startsWith("//")) return null;
  return url.pathname + url.search + url.hash;
}
