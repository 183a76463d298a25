import { expect, it } from "vitest";
import { callersOf, type Document, sectionsOf, typeOf } from "./openapi";

const document: Document = {
  info: { title: "T", version: "1" },
  tags: [{ name: "Events", description: "What happened." }, { name: "Empty" }],
  paths: {
    "/healthz": { get: { tags: ["Operations"], security: [{}] } },
    "/v1/events": {
      get: { tags: ["Events"], security: [{ session: [] }, { bearer: [] }] },
      parameters: {} as never,
    },
  },
};

it("puts operations under their tags, and leaves out tags without any", () => {
  const sections = sectionsOf(document);
  expect(sections.map((it) => it.name)).toEqual(["Events", "Operations"]);
  expect(sections[0]?.endpoints.map((it) => `${it.method} ${it.path}`)).toEqual(["GET /v1/events"]);
});

it("says a type in words", () => {
  expect(typeOf({ type: "string", format: "date-time" })).toBe("string (date-time)");
  expect(typeOf({ type: ["string", "null"] })).toBe("string or null");
  expect(typeOf({ type: "array", items: { $ref: "#/components/schemas/Event" } })).toBe("array of Event");
  expect(typeOf(undefined)).toBe("");
});

it("says who may call", () => {
  const [events, operations] = sectionsOf(document);
  expect(events?.endpoints.map(callersOf)).toEqual([["session", "bearer"]]);
  expect(operations?.endpoints.map(callersOf)).toEqual([["anybody"]]);
});
