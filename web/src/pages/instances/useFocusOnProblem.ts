import { useEffect } from "react";
import type { Problem } from "../../api/useAction";

/** After a refused form, the focus goes to the field that is at fault. */
export function useFocusOnProblem(...problems: (Problem | null)[]): void {
  const problem = problems.find((p) => p?.field) ?? null;
  useEffect(() => {
    if (problem) document.querySelector<HTMLElement>('form [aria-invalid="true"]')?.focus();
  }, [problem]);
}
