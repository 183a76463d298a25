/** The phases of an instance, as both APIs name them. */
export type InstancePhase =
  | "QUEUED"
  | "DATABASE"
  | "STARTING"
  | "MIGRATING"
  | "OWNER"
  | "READY"
  | "STOPPING"
  | "STOPPED"
  | "FAILED"
  | "DELETING"
  | "DELETED";

/** The way to a running instance, in order. */
export const BOOT: readonly InstancePhase[] = [
  "QUEUED",
  "DATABASE",
  "STARTING",
  "MIGRATING",
  "OWNER",
  "READY",
];

/** Whether something is being done to it right now. */
export function isMoving(phase: InstancePhase): boolean {
  return !(phase === "READY" || phase === "STOPPED" || phase === "FAILED" || phase === "DELETED");
}
