/** What differs between the released schema and the present one, and what of it would break a program that relies on it. */
import { CriticalityLevel, diff } from "@graphql-inspector/core";
import { buildSchema, isEnumType, isInputObjectType, isInterfaceType, isObjectType } from "graphql";

/** Directives of a gateway that are not declared in the document itself are none of our business here. */
const parse = (sdl) => buildSchema(sdl, { assumeValidSDL: true });

/** What something in a schema is: `Type`, `Type.field`, `Type.field.argument`, `Enum.VALUE`, `Input.field`. */
function deprecatedThings(schema, path) {
  const [typeName, name, argument] = path.split(".");
  const type = schema.getType(typeName);
  if (!type || !name) return [];
  if (isEnumType(type)) return [type.getValue(name)];
  if (isInputObjectType(type)) return [type.getFields()[name]];
  if (!isObjectType(type) && !isInterfaceType(type)) return [];
  const field = type.getFields()[name];
  return [field, field?.args.find((it) => it.name === argument)];
}

/** Whether what a change is about was marked `@deprecated`, itself or the field that it belongs to. */
function wasDeprecated(schema, path) {
  return deprecatedThings(schema, path).some((it) => it?.deprecationReason != null);
}

/** A type may go when all that leads to it was deprecated. */
function isOnlyBehindDeprecated(schema, name) {
  const leads = [];
  for (const type of Object.values(schema.getTypeMap())) {
    if (type.name.startsWith("__") || type.name === name) continue;
    if (!isObjectType(type) && !isInterfaceType(type) && !isInputObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      const named = (it) => String(it.type).replaceAll(/[[\]!]/g, "") === name;
      if (named(field)) leads.push(field);
      for (const argument of field.args ?? []) {
        if (named(argument)) leads.push(field.deprecationReason == null ? argument : field);
      }
    }
  }
  return leads.length > 0 && leads.every((it) => it.deprecationReason != null);
}

function kindOf(type) {
  if (type.includes("DESCRIPTION") || type.startsWith("DIRECTIVE_USAGE")) return null;
  if (type.includes("DEPRECATION")) {
    return type.endsWith("DEPRECATION_ADDED") || type === "ENUM_VALUE_DEPRECATION_REASON_ADDED"
      ? "deprecated"
      : null;
  }
  if (type.endsWith("_ADDED")) return "added";
  return type.endsWith("_REMOVED") ? "removed" : "changed";
}

/** What every list brings with itself is no news beside the list, nor is what gateways ask for (`_Entity`). */
const plumbing = (type) => /^_|^[A-Za-z]+(Connection|Edge|Payload|Input)$/.test(type);

/**
 * Compares two schemas.
 *
 * `accepted` are paths whose breaking change people have agreed to, with their reason: the one way around a deprecation.
 * The answer has the lines of a changelog's entry, what is refused, and the acceptances that nothing needs.
 */
export async function compare(released, present, accepted = []) {
  const before = parse(released);
  const changes = await diff(before, parse(present));
  const added = new Set(changes.filter((it) => it.type === "TYPE_ADDED").map((it) => it.path));
  const fields = new Set(changes.filter((it) => it.type === "FIELD_ADDED").map((it) => it.path));
  const removed = new Set(changes.filter((it) => it.type === "TYPE_REMOVED").map((it) => it.path));
  const entry = { added: [], changed: [], deprecated: [], removed: [] };
  const refused = [];
  const used = new Set();
  for (const change of changes) {
    const path = change.path ?? "";
    const type = path.split(".")[0];
    if (change.criticality.level === CriticalityLevel.Breaking) {
      const agreed = accepted.find((it) => it.path === path);
      if (agreed) used.add(agreed.path);
      const allowed =
        agreed ||
        wasDeprecated(before, path) ||
        isOnlyBehindDeprecated(before, removed.has(type) ? type : path);
      if (!allowed) refused.push({ path, message: change.message });
    }
    const kind = kindOf(change.type);
    if (!kind) continue;
    // A new type is told with its fields left out: the reference has them.
    const whole = kind === "added" ? added : removed;
    if (/(^|\.)_/.test(path)) continue;
    if (path !== type && whole.has(type)) continue;
    if (path === type && plumbing(type)) continue;
    // Nor the arguments of a new field.
    const field = path.split(".").slice(0, 2).join(".");
    if (kind === "added" && path !== field && fields.has(field)) continue;
    entry[kind].push(change.message.replaceAll(/'([^']*)'/g, "`$1`"));
  }
  const unused = accepted.filter((it) => !used.has(it.path)).map((it) => it.path);
  return { entry, refused, unused };
}

/** Whether an entry says anything. */
export function isEmpty(entry) {
  return ["added", "changed", "deprecated", "removed"].every((kind) => entry[kind].length === 0);
}

const HEAD = `# Changelog of the API

What changed in the [GraphQL schema](../control-plane/schema.graphql), newest first. Nothing is removed that was not marked as
deprecated in a release before. Written by \`cargo xtask release-schema\`; the portal shows the same.
`;
const TITLES = { added: "Added", changed: "Changed", deprecated: "Deprecated", removed: "Removed" };

/** The changelog as people read it in the repository. */
export function markdown(changelog) {
  const entries = changelog.map((entry) => {
    const parts = Object.entries(TITLES)
      .filter(([kind]) => entry[kind].length > 0)
      .map(([kind, title]) => `### ${title}\n\n${entry[kind].map((line) => `- ${line}`).join("\n")}\n`);
    return `\n## ${entry.date}\n\n${parts.join("\n")}`;
  });
  return HEAD + entries.join("");
}
