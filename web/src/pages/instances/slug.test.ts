import { describe, expect, it } from "vitest";
import { freeOf, slugOf, withEnding } from "./slug";

describe("slugOf", () => {
  it.each([
    ["Acme Inc.", "acme-inc"],
    ["Anna's workspace", "annas-workspace"],
    ["Zoë & Straße", "zoe-strasse"],
    ["  --a__b--  ", "a-b"],
    ["日本", ""],
    ["", ""],
  ])("makes %j %j", (name, slug) => expect(slugOf(name)).toBe(slug));

  it("keeps to 40 characters and never ends with a hyphen", () => {
    expect(slugOf(`${"a".repeat(39)} b`)).toBe("a".repeat(39));
    expect(slugOf("a".repeat(90))).toHaveLength(40);
  });
});

it("adds endings within the length", () => {
  expect(withEnding("a".repeat(40), "2b")).toBe(`${"a".repeat(37)}-2b`);
  expect(freeOf("x", ["x", "x-2"])).toBe("x-3");
  expect(freeOf("y", ["x"])).toBe("y");
});
