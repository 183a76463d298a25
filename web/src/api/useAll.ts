import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { useCallback, useEffect, useRef, useState } from "react";
import { type AnyVariables, useClient } from "urql";
import { type Fault, faultOf } from "./client";

interface PageOf<Node> {
  nodes: Node[];
  pageInfo: { hasNextPage: boolean; endCursor?: string | null };
}

interface Loaded<Node> {
  /** The question that the rows answer. */
  key: string;
  rows: Node[];
  /** Whether these are all rows, or only as many as were asked for. */
  complete: boolean;
}

/** A document's data, its variables and the nodes of the list in it. */
export interface Listing<Data, Variables, Node> {
  document: TypedDocumentNode<Data, Variables>;
  page: (data: Data) => PageOf<Node>;
  /** How many pages are asked for at the most. */
  most: number;
}

/**
 * All pages of a list that is known to be short enough, e.g. the bars of a chart. Null variables: nothing is asked.
 * What is there stays while it is asked again; asking again during an answer asks once more after it.
 */
export function useAll<Data, Variables extends AnyVariables, Node>(
  listing: Listing<Data, Variables, Node>,
  variables: Variables | null,
) {
  const client = useClient();
  const [loaded, setLoaded] = useState<Loaded<Node> | null>(null);
  const [fault, setFault] = useState<Fault | null>(null);
  const key = JSON.stringify(variables);
  const load = useRef(() => {});

  useEffect(() => {
    let wanted = true;
    let running = false;
    let repeat = false;
    const all = async () => {
      const rows: Node[] = [];
      let after: string | null | undefined = null;
      for (let page = 0; page < listing.most; page += 1) {
        const asked = { ...JSON.parse(key), after };
        const result = await client
          .query(listing.document, asked, { requestPolicy: "network-only" })
          .toPromise();
        if (!wanted) return;
        if (result.error || !result.data) return setFault(faultOf(result.error ?? { message: "" }));
        const { nodes, pageInfo } = listing.page(result.data);
        rows.push(...nodes);
        after = pageInfo.endCursor;
        if (!pageInfo.hasNextPage) {
          after = null;
          break;
        }
      }
      setFault(null);
      setLoaded({ key, rows, complete: !after });
    };
    load.current = async () => {
      repeat = running;
      if (running || key === "null") return;
      running = true;
      do {
        repeat = false;
        await all();
      } while (repeat && wanted);
      running = false;
    };
    load.current();
    return () => {
      wanted = false;
    };
  }, [client, listing, key]);

  const again = useCallback(() => load.current(), []);
  return { ...loaded, current: loaded?.key === key, fault, again };
}
