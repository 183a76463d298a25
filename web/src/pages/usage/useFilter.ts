import { useEffect, useMemo, useState } from "react";
import { useLocation, useSearchParams } from "react-router";
import type { UsageGroup } from "../../api/customer/graphql";
import { PRESETS, type Preset, problemOf, type Span, spanOf, today } from "./span";

const GROUPS: readonly UsageGroup[] = ["HOUR", "DAY", "WORKFLOW", "INSTANCE"];

/** What the page shows. All of it is in its address, so that it can be sent to somebody and gone back to. */
export interface Filter {
  preset: Preset;
  span: Span;
  group: UsageGroup;
  instance: string | null;
}

function read(params: URLSearchParams, day: string): Filter {
  const preset = PRESETS.find((p) => p === params.get("range")) ?? "month";
  const span =
    preset === "custom"
      ? { first: params.get("from") ?? "", last: params.get("to") ?? "" }
      : spanOf(preset, day);
  const group = GROUPS.find((g) => g.toLowerCase() === params.get("group"));
  return {
    preset,
    span,
    group: group ?? (preset === "today" ? "HOUR" : "DAY"),
    instance: params.get("instance"),
  };
}

function write(filter: Filter): URLSearchParams {
  const params = new URLSearchParams({ range: filter.preset, group: filter.group.toLowerCase() });
  if (filter.preset === "custom") {
    params.set("from", filter.span.first);
    params.set("to", filter.span.last);
  }
  if (filter.instance) params.set("instance", filter.instance);
  return params;
}

/** The day of UTC, also when it turns while the page is open. */
export function useToday(): string {
  const [day, setDay] = useState(() => today(Date.now()));
  useEffect(() => {
    const timer = setInterval(() => setDay(today(Date.now())), 10_000);
    return () => clearInterval(timer);
  }, []);
  return day;
}

export function useFilter(day: string) {
  const [params, setParams] = useSearchParams();
  const state = useLocation().state as { cursors?: string[] } | null;
  const filter = useMemo(() => read(params, day), [params, day]);
  const after = params.get("after");
  // Cursors lead forwards only: the way back is kept with the history entry. Who came by a link starts at its page.
  const cursors = state?.cursors ?? (after ? [after] : []);

  const change = (to: Partial<Filter>) =>
    setParams(write({ ...filter, ...to }), { preventScrollReset: true });
  const turn = (cursors: string[]) => {
    const next = write(filter);
    const last = cursors.at(-1);
    if (last) next.set("after", last);
    setParams(next, { preventScrollReset: true, state: { cursors } });
  };
  return {
    filter,
    problem: problemOf(filter.span),
    change,
    pages: {
      after,
      page: cursors.length + 1,
      next: (cursor: string | null | undefined) => cursor && turn([...cursors, cursor]),
      previous: () => turn(cursors.slice(0, -1)),
    },
  };
}
