/** As much of OpenAPI 3.1 as the product's own document has. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  description?: string;
  properties?: Record<string, Schema>;
  items?: Schema;
  enum?: unknown[];
}

interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  description?: string;
  schema?: Schema;
  example?: unknown;
}

type Content = Record<string, { schema?: Schema; example?: unknown }>;

interface Operation {
  summary?: string;
  description?: string;
  tags?: string[];
  parameters?: Parameter[];
  requestBody?: { description?: string; content?: Content };
  responses?: Record<string, { description?: string; content?: Content }>;
  security?: Record<string, string[]>[];
}

export interface Document {
  info: { title: string; version: string; description?: string };
  tags?: { name: string; description?: string }[];
  paths: Record<string, Record<string, Operation>>;
}

/** An operation and its address. */
export interface Endpoint extends Operation {
  method: string;
  path: string;
}

export interface Section {
  name: string;
  description?: string;
  endpoints: Endpoint[];
}

const METHODS = ["get", "post", "put", "patch", "delete"];

/** The operations by what they are about, in the document's order of tags. */
export function sectionsOf(document: Document): Section[] {
  const endpoints = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(([method]) => METHODS.includes(method))
      .map(([method, operation]) => ({ ...operation, method: method.toUpperCase(), path })),
  );
  const known = document.tags ?? [];
  const others = endpoints
    .map((it) => it.tags?.[0] ?? "")
    .filter((name) => !known.some((tag) => tag.name === name));
  return [...known, ...[...new Set(others)].map((name) => ({ name }))]
    .map((tag) => ({ ...tag, endpoints: endpoints.filter((it) => (it.tags?.[0] ?? "") === tag.name) }))
    .filter((section) => section.endpoints.length > 0);
}

/** A schema in a few words: `string (date-time)`, `array of Event`. */
export function typeOf(schema: Schema | undefined): string {
  if (!schema) return "";
  if (schema.$ref) return schema.$ref.split("/").at(-1) ?? "";
  const type = [schema.type ?? "any"].flat().join(" or ");
  if (schema.items) return `${type} of ${typeOf(schema.items)}`;
  return schema.format ? `${type} (${schema.format})` : type;
}

/** Who may call it: nobody named means everybody. */
export function callersOf({ security = [] }: Endpoint): string[] {
  return security.map((way) => Object.keys(way)[0] ?? "anybody");
}
