import { Box, useComputedColorScheme } from "@mantine/core";
import { GraphiQL } from "graphiql";
import "graphiql/graphiql.css";
import { getIntrospectionQuery } from "graphql";
import { useEffect, useMemo, useRef } from "react";
import "./explorer.css";

interface Request {
  query: string;
  operationName?: string | null;
}

/** Deep enough for every type there is (`[T!]!` is 3), and within the depth that the server answers. */
const INTROSPECTION = getIntrospectionQuery({ schemaDescription: true, typeDepth: 5 });

interface Props {
  /** Where the API answers. The browser adds the viewer's session. */
  endpoint: string;
  /** What the editors are called, for those who don't see them. */
  label: string;
  /** Its lines are short: an editor that scrolls sideways at once puts text and line numbers over each other. */
  starter: string;
  variables?: string;
  /** What was typed is kept under this name: of one place, it does not show up in another. */
  keep: string;
}

/** Its editors come without names, and what scrolls can't be reached by keyboard. */
function nameEditors(box: HTMLElement, label: string): void {
  for (const area of box.querySelectorAll(".CodeMirror textarea:not([aria-label])")) {
    area.setAttribute("aria-label", label);
  }
  for (const scroll of box.querySelectorAll(".CodeMirror-scroll[tabindex='-1']")) {
    scroll.setAttribute("tabindex", "0");
  }
}

/** The browser's storage, with names of its own. */
function kept(prefix: string): Storage {
  const name = (key: string) => `${prefix}:${key}`;
  return {
    get length() {
      return localStorage.length;
    },
    key: (index) => localStorage.key(index),
    getItem: (key) => localStorage.getItem(name(key)),
    setItem: (key, value) => localStorage.setItem(name(key), value),
    removeItem: (key) => localStorage.removeItem(name(key)),
    clear: () => {
      for (const key of Object.keys(localStorage)) {
        if (key.startsWith(`${prefix}:`)) localStorage.removeItem(key);
      }
    },
  };
}

/** GraphiQL on one of the product's APIs. */
export function GraphQlExplorer({ endpoint, label, starter, variables, keep }: Props) {
  const scheme = useComputedColorScheme("light");
  const frame = useRef<HTMLDivElement>(null);
  const storage = useMemo(() => kept(keep), [keep]);
  const ask = useMemo(
    () => async (asked: Request) => {
      const request =
        asked.operationName === "IntrospectionQuery" ? { ...asked, query: INTROSPECTION } : asked;
      const response = await fetch(endpoint, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(request),
      });
      return response.json();
    },
    [endpoint],
  );
  useEffect(() => {
    const box = frame.current;
    if (!box) return;
    const name = () => nameEditors(box, label);
    const watcher = new MutationObserver(name);
    watcher.observe(box, { childList: true, subtree: true });
    name();
    return () => watcher.disconnect();
  }, [label]);
  return (
    <Box ref={frame} className="surface explorer" h="70vh">
      <GraphiQL
        key={keep}
        fetcher={ask}
        forcedTheme={scheme}
        defaultQuery={starter}
        variables={variables}
        storage={storage}
        showPersistHeadersSettings={false}
      />
    </Box>
  );
}
