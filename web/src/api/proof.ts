/** Asking the person to prove who they are, for what the API refuses without a fresh proof. */
import { signal } from "./signals";

/** Set while it is asked; called with whether they did. */
export const proofAsked = signal<((proved: boolean) => void) | null>(null);

let asking: Promise<boolean> | null = null;

/** Asks once, however many actions wait for it. False: they would not. */
export function askProof(): Promise<boolean> {
  asking ??= new Promise((resolve) => {
    proofAsked.set((proved) => {
      asking = null;
      proofAsked.set(null);
      resolve(proved);
    });
  });
  return asking;
}
