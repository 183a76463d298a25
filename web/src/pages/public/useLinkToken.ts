import { useEffect, useState } from "react";
import { useLocation } from "react-router";

function tokenIn(hash: string): string | null {
  return new URLSearchParams(hash.slice(1)).get("token");
}

/** The secret of a mail's link. It leaves the address bar at once, so that it stays in no history. */
export function useLinkToken(): string | null {
  const location = useLocation();
  const [token, setToken] = useState(() => tokenIn(location.hash));
  useEffect(() => {
    const found = tokenIn(location.hash);
    if (!found) return;
    setToken(found);
    window.history.replaceState(window.history.state, "", location.pathname + location.search);
  }, [location]);
  return token;
}
