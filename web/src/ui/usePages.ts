import { useCallback, useState } from "react";

/** The way through a list by cursors: which page is shown, and how to go on and back. `key` starts it anew. */
export function usePages(key: string) {
  const [state, setState] = useState<{ key: string; cursors: string[] }>({ key, cursors: [] });
  const cursors = state.key === key ? state.cursors : [];
  const next = useCallback(
    (cursor: string | null | undefined) => {
      if (cursor) setState((s) => ({ key, cursors: [...(s.key === key ? s.cursors : []), cursor] }));
    },
    [key],
  );
  const previous = useCallback(() => {
    setState((s) => ({ key, cursors: s.key === key ? s.cursors.slice(0, -1) : [] }));
  }, [key]);
  return { after: cursors.at(-1) ?? null, page: cursors.length + 1, next, previous };
}
