import { readFileSync } from "node:fs";
import { Validator } from "@seriousme/openapi-schema-validator";
import { expect, it } from "vitest";
import { callersOf, type Document, sectionsOf } from "./openapi";

/** What the product prints and serves; `cargo xtask gen --check` compares it with the code. */
const text = readFileSync(new URL("../../../../control-plane/openapi.json", import.meta.url), "utf8");

it("is OpenAPI 3.1 to the letter of its own schema", async () => {
  const validator = new Validator();
  const result = await validator.validate(JSON.parse(text));
  expect(result.errors ?? []).toEqual([]);
  expect(result.valid).toBe(true);
  expect(validator.version).toBe("3.1");
});

it("is refused by that schema once a part of it is wrong", async () => {
  const broken = JSON.parse(text);
  broken.paths["/healthz"].get.responses = [];
  expect((await new Validator().validate(broken)).valid).toBe(false);
});

it("has nothing that its reader cannot show", () => {
  const sections = sectionsOf(JSON.parse(text) as Document);
  const endpoints = sections.flatMap((it) => it.endpoints);
  expect(endpoints.length).toBeGreaterThan(10);
  for (const endpoint of endpoints) expect(callersOf(endpoint).length).toBeGreaterThan(0);
});
