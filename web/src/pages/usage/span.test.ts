import { expect, test } from "vitest";
import { addDays, bounds, length, MOST_DAYS, monthOf, problemOf, spanOf } from "./span";

test("presets are whole days of UTC, today among them", () => {
  const day = "2026-03-01";
  expect(spanOf("today", day)).toEqual({ first: day, last: day });
  expect(spanOf("7-days", day)).toEqual({ first: "2026-02-23", last: day });
  expect(spanOf("30-days", day)).toEqual({ first: "2026-01-31", last: day });
  expect(spanOf("month", "2026-03-17")).toEqual({ first: "2026-03-01", last: "2026-03-17" });
  expect(spanOf("last-month", "2026-01-31")).toEqual({ first: "2025-12-01", last: "2025-12-31" });
});

test("a month knows its last day", () => {
  expect(monthOf("2028-02-03")).toEqual({ first: "2028-02-01", last: "2028-02-29" });
  expect(monthOf("2026-12-31")).toEqual({ first: "2026-12-01", last: "2026-12-31" });
});

test("the last day counts whole", () => {
  const span = { first: "2026-12-31", last: "2026-12-31" };
  expect(bounds(span)).toEqual({ from: "2026-12-31T00:00:00Z", to: "2027-01-01T00:00:00Z" });
  expect(length(span)).toBe(1);
});

test("a custom span is refused for what is wrong with it", () => {
  const first = "2026-01-01";
  expect(problemOf({ first: "", last: first })).toBe("first");
  expect(problemOf({ first: "2026-02-30", last: first })).toBe("first");
  expect(problemOf({ first, last: "soon" })).toBe("last");
  expect(problemOf({ first, last: "2025-12-31" })).toBe("order");
  expect(problemOf({ first, last: addDays(first, MOST_DAYS - 1) })).toBeNull();
  expect(problemOf({ first, last: addDays(first, MOST_DAYS) })).toBe("long");
});
