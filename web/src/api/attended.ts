/**
 * Whether somebody uses this page. What it asks by itself (after a word of the server's, or at an interval) while nobody
 * does must not keep an idle session alive, so such requests say what they are.
 */

/** Without any input for so long, nobody is there. */
const ALONE_AFTER = 60_000;
const INPUT = ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"];

let used = Date.now();

if (typeof window !== "undefined") {
  const note = () => {
    used = Date.now();
  };
  for (const kind of INPUT) window.addEventListener(kind, note, { passive: true, capture: true });
}

/** A request's headers, with the mark of what nobody asked for. */
export function marked(init: RequestInit | undefined, now: number = Date.now()): RequestInit | undefined {
  if (now - used < ALONE_AFTER) return init;
  const headers = new Headers(init?.headers);
  headers.set("tenantry-unattended", "1");
  return { ...init, headers };
}
