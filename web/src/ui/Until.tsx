import { Tooltip } from "@mantine/core";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { dateTime } from "./format";

/** How long until a moment, in hours, minutes and seconds. */
export function left(iso: string, now: number): string {
  const seconds = Math.max(0, Math.round((Date.parse(iso) - now) / 1000));
  const two = (value: number) => String(value).padStart(2, "0");
  return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

/** Counts down to a moment. Its text changes each second, so assistive technology gets the moment itself. */
export function Until({ at, onEnd }: { at: string; onEnd?: () => void }) {
  const { t } = useTranslation();
  const [now, setNow] = useState(() => Date.now());
  const over = Date.parse(at) <= now;
  useEffect(() => {
    if (over) return;
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, [over]);
  useEffect(() => {
    if (over) onEnd?.();
  }, [over, onEnd]);
  return (
    <Tooltip label={dateTime(at)}>
      <time dateTime={at} aria-label={dateTime(at)} role="timer" aria-live="off">
        {over ? t("until.over") : left(at, now)}
      </time>
    </Tooltip>
  );
}
