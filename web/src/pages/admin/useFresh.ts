import { useEffect } from "react";

/** Asks again every few seconds while the page is looked at, and at once when it is looked at again. */
export function useFresh(ask: (options: { requestPolicy: "network-only" }) => void): void {
  useEffect(() => {
    const again = () => {
      if (document.visibilityState === "visible") ask({ requestPolicy: "network-only" });
    };
    const timer = setInterval(again, 5_000);
    document.addEventListener("visibilitychange", again);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", again);
    };
  }, [ask]);
}
