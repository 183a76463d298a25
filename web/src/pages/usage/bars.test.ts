import { expect, test } from "vitest";
import { groupOfChart, MOST_NAMED, namedBars, timeBars, type UsageRow } from "./bars";

function row(executions: number, more: Partial<UsageRow>): UsageRow {
  return { from: null, instanceId: null, workflowId: null, executions, billable: 0, failed: 0, ...more };
}

const day = "2026-11-20";

test("hours without executions are bars of nothing, hours to come are none", () => {
  const rows = [row(3, { from: `${day}T02:00:00+00:00`, billable: 2, failed: 1 })];
  const bars = timeBars(rows, "HOUR", { first: day, last: day }, Date.parse(`${day}T03:30:00Z`));
  expect(bars.map((b) => b.label)).toEqual(["00:00", "01:00", "02:00", "03:00"]);
  expect(bars.map((b) => [b.billable, b.other, b.failed])).toEqual([
    [0, 0, 0],
    [0, 0, 0],
    [2, 1, 1],
    [0, 0, 0],
  ]);
});

test("days are those of UTC, to the last of the span", () => {
  const rows = [row(1, { from: `${day}T00:00:00Z` })];
  const bars = timeBars(
    rows,
    "DAY",
    { first: "2026-11-19", last: "2026-11-21" },
    Date.parse("2027-01-01T00:00:00Z"),
  );
  expect(bars.map((b) => [b.label, b.other])).toEqual([
    ["19 Nov", 0],
    ["20 Nov", 1],
    ["21 Nov", 0],
  ]);
});

test("hours of a long span are drawn as days", () => {
  expect(groupOfChart("HOUR", { first: "2026-11-01", last: "2026-11-08" })).toBe("HOUR");
  expect(groupOfChart("HOUR", { first: "2026-11-01", last: "2026-11-09" })).toBe("DAY");
  expect(groupOfChart("WORKFLOW", { first: "2026-01-01", last: "2026-11-09" })).toBe("WORKFLOW");
});

test("the busiest are drawn, busiest first", () => {
  const rows = Array.from({ length: 300 }, (_, i) => row(i, { workflowId: `w${i}` }));
  const bars = namedBars(rows, (r) => r.workflowId ?? "");
  expect(bars).toHaveLength(MOST_NAMED);
  expect(bars[0]?.label).toBe("w299");
});
