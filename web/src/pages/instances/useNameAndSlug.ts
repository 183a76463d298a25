import { useCallback, useState } from "react";
import { slugOf } from "./slug";

/** A name, and the address that follows it until the person changes the address themselves. */
export function useNameAndSlug(initial = "") {
  const [name, setName] = useState(initial);
  const [own, setOwn] = useState<string | null>(null);
  // As it is typed: capitals and spaces become what an address has in their place.
  const setSlug = useCallback((typed: string) => {
    setOwn(
      typed
        .toLowerCase()
        .replaceAll(/[^a-z0-9-]+/g, "-")
        .slice(0, 40),
    );
  }, []);
  /** An address that was emptied follows the name again, but not under the typing hand. */
  const leaveSlug = useCallback(() => setOwn((now) => now || null), []);
  return { name, setName, slug: own ?? slugOf(name), setSlug, leaveSlug, derived: own === null };
}
