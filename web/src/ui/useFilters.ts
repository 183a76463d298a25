import { useDebouncedCallback } from "@mantine/hooks";
import { useCallback, useState } from "react";
import { useSearchParams } from "react-router";

/** A table's filters, kept in the address: a view can be reloaded, shared and gone back to. */
export function useFilters() {
  const [params, setParams] = useSearchParams();
  const set = useCallback(
    (changes: Record<string, string | null>) => {
      setParams(
        (present) => {
          const next = new URLSearchParams(present);
          for (const [key, value] of Object.entries(changes)) {
            if (value) next.set(key, value);
            else next.delete(key);
          }
          return next;
        },
        { replace: true },
      );
    },
    [setParams],
  );
  return { get: (key: string) => params.get(key), set, key: params.toString() };
}

/** A text filter: shown at once, asked for when typing pauses. */
export function useTyped(value: string | null, change: (value: string) => void) {
  const [typed, setTyped] = useState(value ?? "");
  const [asked, setAsked] = useState(value ?? "");
  const later = useDebouncedCallback((text: string) => {
    setAsked(text);
    change(text);
  }, 250);
  // Changed from elsewhere: cleared, or gone back.
  if ((value ?? "") !== asked) {
    setAsked(value ?? "");
    setTyped(value ?? "");
  }
  return {
    value: typed,
    onChange: (event: React.ChangeEvent<HTMLInputElement>) => {
      const text = event.currentTarget.value;
      setTyped(text);
      later(text);
    },
  };
}
