import { expect, it } from "vitest";
import { ABSOLUTE, choices, IDLE, NONE, spanOf } from "./spans";

it("a span is said in its largest whole unit", () => {
  expect([15, 60, 90, 480, 1440, 1500, 20_160].map((minutes) => spanOf(minutes))).toEqual([
    { unit: "minutes", count: 15 },
    { unit: "hours", count: 1 },
    { unit: "minutes", count: 90 },
    { unit: "hours", count: 8 },
    { unit: "days", count: 1 },
    { unit: "hours", count: 25 },
    { unit: "days", count: 14 },
  ]);
});

it("what was set by another way can still be chosen, in its place", () => {
  expect(choices([15, 60], 45)).toEqual([NONE, 15, 45, 60]);
  expect(choices([15, 60], 60)).toEqual([NONE, 15, 60]);
  expect(choices([15, 60], null)).toEqual([NONE, 15, 60]);
});

it("every choice is within what the API takes", () => {
  expect(IDLE.every((it) => it >= 5 && it <= 20_160)).toBe(true);
  expect(ABSOLUTE.every((it) => it >= 15 && it <= 43_200)).toBe(true);
});
