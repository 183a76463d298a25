import { describe, expect, it } from "vitest";
import type { InstancePhase } from "../../api/phases";
import { bootOf, estimateOf, stageOf } from "./life";

const at = (second: number) => new Date(Date.UTC(2027, 0, 1, 0, 0, second)).toISOString();
const events = (...steps: [number, InstancePhase][]) =>
  steps.map(([second, phase]) => ({ at: at(second), phase, message: "" }));
const base = { desired: "RUNNING" as const, deleteAt: null, createdAt: at(0) };

describe("stageOf", () => {
  const now = Date.parse(at(100));
  it.each([
    ["QUEUED", "RUNNING", null, "boot"],
    ["STOPPED", "RUNNING", null, "boot"],
    ["READY", "RUNNING", null, "ready"],
    ["READY", "STOPPED", null, "stopping"],
    ["STOPPED", "STOPPED", null, "stopped"],
    ["FAILED", "RUNNING", null, "failed"],
    ["STOPPED", "DELETED", at(200), "grace"],
    ["STOPPED", "DELETED", at(50), "removing"],
    ["DELETING", "DELETED", at(200), "removing"],
    ["DELETED", "DELETED", at(50), "gone"],
  ] as const)("%s and %s wanted", (phase, desired, deleteAt, stage) => {
    expect(stageOf({ phase, desired, deleteAt }, now)).toBe(stage);
  });
});

describe("bootOf", () => {
  it("follows a first boot", () => {
    const boot = bootOf({
      ...base,
      phase: "STARTING",
      events: events([0, "QUEUED"], [1, "DATABASE"], [3, "STARTING"]),
    });
    expect(boot.first).toBe(true);
    expect(boot.since).toBe(Date.parse(at(0)));
    expect(boot.steps.map((s) => s.phase)).toEqual([
      "QUEUED",
      "DATABASE",
      "STARTING",
      "MIGRATING",
      "OWNER",
      "READY",
    ]);
    expect(boot.at).toBe(2);
    expect(boot.steps[3]?.at).toBeNull();
  });

  it("leaves out what a later start does not need", () => {
    const history = events([0, "QUEUED"], [9, "READY"], [50, "STOPPING"], [51, "STOPPED"], [60, "STARTING"]);
    const boot = bootOf({ ...base, phase: "STARTING", events: history });
    expect(boot.first).toBe(false);
    expect(boot.since).toBe(Date.parse(at(60)));
    expect(boot.steps.map((s) => s.phase)).toEqual(["QUEUED", "STARTING", "MIGRATING", "READY"]);
    expect(boot.at).toBe(1);
  });

  it("begins again after a failure", () => {
    const history = events([0, "QUEUED"], [1, "STARTING"], [2, "FAILED"], [4, "STARTING"]);
    expect(bootOf({ ...base, phase: "STARTING", events: history }).steps[2]?.at).toBe(Date.parse(at(4)));
  });
});

it("estimates honestly", () => {
  expect(estimateOf(5, null)).toEqual({ kind: "none" });
  expect(estimateOf(5, 10)).toEqual({ kind: "usual", seconds: 10, percent: 50 });
  expect(estimateOf(13, 10)).toEqual({ kind: "longer", seconds: 10, percent: 95 });
});
