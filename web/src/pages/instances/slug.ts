/** Addresses made of names, in the form that the server takes. */

const LONGEST = 40;

/** The address that a name suggests: lower-case letters, digits and hyphens; empty when nothing of it can be one. */
export function slugOf(name: string): string {
  return name
    .replaceAll("ß", "ss")
    .replaceAll(/['’]/g, "")
    .normalize("NFKD")
    .replaceAll(/\p{M}/gu, "")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .slice(0, LONGEST + 1)
    .replace(/^-+/, "")
    .slice(0, LONGEST)
    .replace(/-+$/, "");
}

/** An address with an ending, still short enough. */
export function withEnding(slug: string, ending: string): string {
  return `${slug.slice(0, LONGEST - 1 - ending.length).replace(/-+$/, "")}-${ending}`;
}

/** The address, or the next like it that is not among those. */
export function freeOf(slug: string, taken: readonly string[]): string {
  if (!taken.includes(slug)) return slug;
  for (let n = 2; ; n++) {
    const next = withEnding(slug, String(n));
    if (!taken.includes(next)) return next;
  }
}
