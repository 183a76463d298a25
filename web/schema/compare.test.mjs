import { describe, expect, it } from "vitest";
import { compare, isEmpty, markdown } from "./compare.mjs";

const BASE = `
  type Query { tenant(id: ID!): Tenant! }
  type Tenant { id: ID! name: String! plan: Plan! status: Status! old: Old @deprecated(reason: "use plan") }
  type Plan { code: String! price(currency: String): Int! }
  type Old { code: String! }
  enum Status { ACTIVE CLOSED SUSPENDED @deprecated(reason: "see CLOSED") }
  input Wanted { name: String! slug: String @deprecated(reason: "made from the name") }
  type Mutation { create(input: Wanted!): Tenant! rename(id: ID!): Tenant! @deprecated(reason: "use update") }
`;
const changed = (from, to) => {
  expect(BASE).toContain(from);
  return BASE.replace(from, to);
};
const refusedOf = async (present, accepted) =>
  (await compare(BASE, present, accepted)).refused.map((it) => it.path);

describe("what would break programs is refused", () => {
  const cases = [
    ["a field that goes", "name: String! plan", "plan", "Tenant.name"],
    ["a field that may be null now", "name: String! plan", "name: String plan", "Tenant.name"],
    ["a field of another type", "plan: Plan!", "plan: String!", "Tenant.plan"],
    ["an enum value that goes", "ACTIVE CLOSED", "ACTIVE", "Status.CLOSED"],
    ["an argument that goes", "price(currency: String)", "price", "Plan.price.currency"],
    [
      "an argument that is demanded",
      "price(currency: String)",
      "price(currency: String!)",
      "Plan.price.currency",
    ],
    [
      "a new argument that is demanded",
      "tenant(id: ID!)",
      "tenant(id: ID!, region: ID!)",
      "Query.tenant.region",
    ],
    [
      "a new input field that is demanded",
      "name: String! slug",
      "name: String! plan: ID! slug",
      "Wanted.plan",
    ],
    ["an input field that goes", "{ name: String! slug", "{ slug", "Wanted.name"],
    ["a mutation that goes", "create(input: Wanted!): Tenant!", "", "Mutation.create"],
  ];
  it.each(cases)("%s", async (_, from, to, path) => {
    expect(await refusedOf(changed(from, to))).toContain(path);
  });
  it("a type that goes while something undeprecated led to it", async () => {
    const present = BASE.replace("plan: Plan!", "").replace(/type Plan.*/, "");
    expect(await refusedOf(present)).toEqual(expect.arrayContaining(["Plan", "Tenant.plan"]));
  });
});

describe("what was deprecated before may go", () => {
  const cases = [
    ["a field", 'old: Old @deprecated(reason: "use plan")', ""],
    ["an enum value", 'SUSPENDED @deprecated(reason: "see CLOSED")', ""],
    ["an input field", 'slug: String @deprecated(reason: "made from the name")', ""],
    ["a mutation", 'rename(id: ID!): Tenant! @deprecated(reason: "use update")', ""],
    ["an argument of a deprecated mutation", "rename(id: ID!)", "rename"],
  ];
  it.each(cases)("%s", async (_, from, to) => {
    expect(await refusedOf(changed(from, to))).toEqual([]);
  });
  it("a type that only a deprecated field led to", async () => {
    const present = BASE.replace('old: Old @deprecated(reason: "use plan")', "").replace(/type Old.*/, "");
    expect(await refusedOf(present)).toEqual([]);
  });
  it("but not when it is deprecated only now", async () => {
    const present = BASE.replace("name: String! plan", 'name: String @deprecated(reason: "late") plan');
    expect(await refusedOf(present)).toEqual(["Tenant.name"]);
  });
});

it("lets through what breaks nothing, and tells it", async () => {
  const present = changed(
    "name: String! plan",
    'name: String! @deprecated(reason: "x") keys(first: Int): Key! plan',
  )
    .replace("{ name: String! slug", "{ name: String! note: String slug")
    .concat("type Key { id: ID! }");
  const { entry, refused } = await compare(BASE, present);
  expect(refused).toEqual([]);
  expect(entry.added).toEqual(
    expect.arrayContaining([
      "Type `Key` was added",
      expect.stringContaining("`keys`"),
      expect.stringContaining("`note`"),
    ]),
  );
  // A new type's own fields are not told one by one.
  expect(entry.added.join()).not.toContain("`id`");
  // Nor are a new field's arguments.
  expect(entry.added.join()).not.toContain("first");
  expect(entry.deprecated).toEqual([expect.stringContaining("`Tenant.name`")]);
});

it("says nothing of descriptions and of order", async () => {
  const present = BASE.replace("type Plan", '"What is paid for." type Plan').replace(
    "ACTIVE CLOSED",
    "CLOSED ACTIVE",
  );
  const { entry, refused } = await compare(BASE, present);
  expect(refused).toEqual([]);
  expect(isEmpty(entry)).toBe(true);
});

it("takes an acceptance with a reason, and names one that nothing needs", async () => {
  const accepted = [
    { path: "Tenant.name", reason: "never shipped" },
    { path: "Tenant.id", reason: "by mistake" },
  ];
  const { refused, unused } = await compare(BASE, changed("name: String! plan", "plan"), accepted);
  expect(refused).toEqual([]);
  expect(unused).toEqual(["Tenant.id"]);
});

it("writes a document that begins with the newest entry", () => {
  const entry = { added: ["Type `Key` was added"], changed: [], deprecated: [], removed: [] };
  const text = markdown([
    { ...entry, date: "2026-02-01" },
    { ...entry, date: "2026-01-01", added: [], removed: ["Gone"] },
  ]);
  expect(text.indexOf("## 2026-02-01")).toBeLessThan(text.indexOf("## 2026-01-01"));
  expect(text).toContain("### Added\n\n- Type `Key` was added\n");
  expect(text).toContain("### Removed\n\n- Gone\n");
  expect(text).not.toContain("### Changed");
});
