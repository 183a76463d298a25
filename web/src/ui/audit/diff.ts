/** What differs between two states of a thing, a field a row. */
export interface Difference {
  /** The field's place, e.g. `plan.limits.members`. */
  path: string;
  before: string | null;
  after: string | null;
}

function flat(value: unknown, path: string, into: Map<string, string>): Map<string, string> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    for (const [key, part] of Object.entries(value)) flat(part, path ? `${path}.${key}` : key, into);
  } else if (value !== undefined) {
    into.set(path, typeof value === "string" ? value : JSON.stringify(value));
  }
  return into;
}

/** The fields that changed, came or went; the rest is left out. Without one of the states, all fields of the other. */
export function differences(before: unknown, after: unknown): Difference[] {
  const old = flat(before ?? undefined, "", new Map());
  const now = flat(after ?? undefined, "", new Map());
  const paths = [...new Set([...old.keys(), ...now.keys()])];
  return paths
    .map((path) => ({ path, before: old.get(path) ?? null, after: now.get(path) ?? null }))
    .filter((it) => it.before !== it.after);
}
