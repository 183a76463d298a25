import { Tooltip } from "@mantine/core";
import { useEffect, useState } from "react";
import { dateTime, relative } from "./format";

/** A moment, as its distance from now; the exact time on hover and for assistive technology. */
export function When({ at }: { at: string }) {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 30_000);
    return () => clearInterval(timer);
  }, []);
  return (
    <Tooltip label={dateTime(at)}>
      <time dateTime={at}>{relative(at, now)}</time>
    </Tooltip>
  );
}
