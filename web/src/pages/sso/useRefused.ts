import { useEffect, useRef } from "react";
import type { Problem } from "../../api/useAction";

/** A form that leads to its field that was refused: whoever does not see it learns of it too. */
export function useRefused(problem: Problem | null) {
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (problem?.field) form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [problem]);
  return form;
}
