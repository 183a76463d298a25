import { useCallback, useEffect, useState } from "react";

/**
 * The server's time, renewed at an interval. A device's clock may be wrong; `correct` takes a moment that the server
 * has just sent.
 */
export function useClock(everyMilliseconds: number): { now: number; correct: (serverTime: string) => void } {
  const [own, setOwn] = useState(() => Date.now());
  const [skew, setSkew] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setOwn(Date.now()), everyMilliseconds);
    return () => clearInterval(timer);
  }, [everyMilliseconds]);
  const correct = useCallback((serverTime: string) => {
    const difference = Date.parse(serverTime) - Date.now();
    // Less is the way of the message, not a wrong clock.
    setSkew(Math.abs(difference) > 3_000 ? difference : 0);
  }, []);
  return { now: own + skew, correct };
}
