import { Box, Skeleton } from "@mantine/core";
import type { ReactNode } from "react";
import type { Fault } from "../api/client";
import { ActionAlert } from "./ActionAlert";
import { FaultPanel } from "./FaultPanel";
import { Pager } from "./Pager";
import type { usePages } from "./usePages";

interface Connection<Node> {
  nodes: Node[];
  pageInfo: { hasNextPage: boolean; endCursor?: string | null };
}

interface Props<Node> {
  /** The page that was asked for; undefined until the first answer. */
  list: Connection<Node> | undefined;
  asked: { current: boolean; fault: Fault | null; again: () => void };
  pages: ReturnType<typeof usePages>;
  label: string;
  /** In the place of a list with nothing in it. */
  empty: ReactNode;
  children: (nodes: Node[]) => ReactNode;
}

/** A list of the server's in all its states: on its way, failed, empty, there, with pages. */
export function PagedList<Node>({ list, asked, pages, label, empty, children }: Props<Node>) {
  if (!list) {
    return asked.fault ? <FaultPanel fault={asked.fault} retry={asked.again} /> : <Skeleton h={220} />;
  }
  // The last row of a page may be gone: the way back stays.
  const nothing = list.nodes.length === 0 && pages.page === 1;
  return (
    <>
      <ActionAlert fault={asked.fault} />
      <Box opacity={asked.current ? 1 : 0.5} aria-busy={!asked.current}>
        {nothing ? empty : children(list.nodes)}
      </Box>
      <Pager
        page={pages.page}
        hasNext={list.pageInfo.hasNextPage}
        onPrevious={pages.previous}
        onNext={() => pages.next(list.pageInfo.endCursor)}
        label={label}
      />
    </>
  );
}
