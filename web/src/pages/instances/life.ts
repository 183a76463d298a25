/** What an instance's row means for a person: pure, of the row and the time. */
import { BOOT, type InstancePhase } from "../../api/phases";

interface Event {
  at: string;
  phase: InstancePhase;
  message: string;
}

export interface Living {
  phase: InstancePhase;
  desired: "RUNNING" | "STOPPED" | "DELETED";
  deleteAt: string | null;
}

export interface Booting extends Living {
  createdAt: string;
  events: readonly Event[];
}

/** `grace`: deleted and can be restored. `removing`: its data goes. `gone`: nothing is left. */
export type Stage = "boot" | "ready" | "stopping" | "stopped" | "failed" | "grace" | "removing" | "gone";

export function stageOf(instance: Living, now: number): Stage {
  const { phase, desired, deleteAt } = instance;
  if (phase === "DELETED") return "gone";
  if (desired === "DELETED") {
    return deleteAt && Date.parse(deleteAt) > now && phase !== "DELETING" ? "grace" : "removing";
  }
  if (phase === "FAILED") return "failed";
  if (desired === "STOPPED") return phase === "STOPPED" ? "stopped" : "stopping";
  return phase === "READY" ? "ready" : "boot";
}

/** Where a boot ends or what came before it. */
const PAUSES: readonly InstancePhase[] = ["READY", "STOPPED", "STOPPING"];

export interface Boot {
  /** Whether it has never been ready. */
  first: boolean;
  since: number;
  steps: BootStep[];
  /** The running step's place in `steps`. */
  at: number;
}

export interface BootStep {
  phase: InstancePhase;
  /** When it began; null: not yet, or it was not needed. */
  at: number | null;
}

/** How far the way to a running instance is. A start after a stop needs neither a database nor a key. */
export function bootOf(instance: Booting): Boot {
  const { events } = instance;
  const pause = events.findLastIndex((event) => PAUSES.includes(event.phase));
  const first = !events.some((event) => event.phase === "READY");
  const run = first ? events : events.slice(pause + 1);
  const began = new Map<InstancePhase, number>();
  // The last attempt counts: after a failure the steps begin again.
  const failure = run.findLastIndex((event) => event.phase === "FAILED");
  for (const event of run.slice(failure + 1)) {
    if (!began.has(event.phase)) began.set(event.phase, Date.parse(event.at));
  }
  const kept = BOOT.filter(
    (phase) => first || !(phase === "DATABASE" || phase === "OWNER") || began.has(phase),
  );
  const here = Math.max(0, kept.indexOf(instance.phase));
  const steps = kept.map((phase, index) => ({
    phase,
    at: index <= here ? (began.get(phase) ?? null) : null,
  }));
  const since = first
    ? Date.parse(instance.createdAt)
    : Date.parse(run[0]?.at ?? events.at(-1)?.at ?? instance.createdAt);
  return { first, since, steps, at: here };
}

/** What can be said of the time a first boot takes: nothing without experience, and no false hope past it. */
export type Estimate = { kind: "none" } | { kind: "usual" | "longer"; seconds: number; percent: number };

export function estimateOf(elapsedSeconds: number, readySeconds: number | null): Estimate {
  if (readySeconds === null || readySeconds <= 0) return { kind: "none" };
  const percent = Math.min(95, Math.round((elapsedSeconds / readySeconds) * 100));
  return { kind: elapsedSeconds > readySeconds * 1.2 ? "longer" : "usual", seconds: readySeconds, percent };
}

/** The newest event's time: which of two copies of an instance is the newer one. */
export function newest(instance: { events: readonly Event[] }): number {
  return instance.events.reduce((last, event) => Math.max(last, Date.parse(event.at)), 0);
}
