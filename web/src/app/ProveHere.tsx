import { lazy, Suspense, useSyncExternalStore } from "react";
import { proofAsked } from "../api/proof";

const ProveDialog = lazy(async () => ({ default: (await import("./ProveDialog")).ProveDialog }));

/** The one place where a fresh proof is asked for, whatever page needs it. */
export function ProveHere() {
  const answer = useSyncExternalStore(proofAsked.subscribe, proofAsked.get, () => null);
  if (!answer) return null;
  return (
    <Suspense fallback={null}>
      <ProveDialog onEnd={answer} />
    </Suspense>
  );
}
