import { useEffect, useRef } from "react";

/** Puts the focus on the page's head when its content changes under the person: a form that is done is gone. */
export function useHeadFocus(state: unknown): void {
  const before = useRef(state);
  useEffect(() => {
    if (Object.is(before.current, state)) return;
    before.current = state;
    document.querySelector<HTMLElement>("main h1")?.focus();
  }, [state]);
}
