import { expect, it } from "vitest";
import { differences } from "./diff";

it("names only what changed, by its place", () => {
  const before = { role: "viewer", name: "Ada", limits: { members: 3, keys: 5 }, tags: ["a"] };
  const after = { role: "admin", name: "Ada", limits: { members: 3, keys: 6 }, tags: ["a", "b"] };
  expect(differences(before, after)).toEqual([
    { path: "role", before: "viewer", after: "admin" },
    { path: "limits.keys", before: "5", after: "6" },
    { path: "tags", before: '["a"]', after: '["a","b"]' },
  ]);
});

it("shows all of a thing that came or went", () => {
  expect(differences(null, { name: "Ada" })).toEqual([{ path: "name", before: null, after: "Ada" }]);
  expect(differences({ name: null }, undefined)).toEqual([{ path: "name", before: "null", after: null }]);
  expect(differences(null, null)).toEqual([]);
});
