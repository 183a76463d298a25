import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { useCallback, useState } from "react";
import { useMutation } from "urql";
import { type Fault, faultOf } from "./client";
import { askProof } from "./proof";

/** An expected outcome that is not success, as every payload of the API has it. */
export interface Problem {
  code: string;
  field?: string | null;
  message: string;
  remedy: string;
}

/** What came of an action: its payload, or why there is none. */
export type Outcome<T> =
  | { ok: true; payload: T }
  | { ok: false; problem: Problem | null; fault: Fault | null };

type Payload<Data> = Data extends Record<string, infer P> ? P : never;

/**
 * A mutation with one payload, for a button or a form: whether it runs, and its last problem (the API's, shown
 * beside the field it names) or fault (unexpected, shown with the request's id).
 */
export function useAction<Data extends object, Variables extends object>(
  document: TypedDocumentNode<Data, Variables>,
) {
  const [state, execute] = useMutation(document as never);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [fault, setFault] = useState<Fault | null>(null);

  const run = useCallback(
    async (variables: Variables): Promise<Outcome<Payload<Data>>> => {
      setProblem(null);
      setFault(null);
      let result = await execute(variables as never);
      // What destroys or outlives the session needs a fresh proof of who it is: with it, the same is asked again.
      const refused = result.error ? faultOf(result.error) : null;
      if (refused?.code === "STEP_UP_REQUIRED") {
        // Who would not has cancelled it, and knows.
        if (!(await askProof())) return { ok: false, problem: null, fault: refused };
        result = await execute(variables as never);
      }
      const payload = result.data ? (Object.values(result.data)[0] as Payload<Data>) : null;
      if (result.error || payload === null) {
        const fault = faultOf(result.error ?? { message: "" });
        setFault(fault);
        return { ok: false, problem: null, fault };
      }
      const problem = (payload as { problem?: Problem | null }).problem ?? null;
      if (problem) {
        setProblem(problem);
        return { ok: false, problem, fault: null };
      }
      return { ok: true, payload };
    },
    [execute],
  );
  const reset = useCallback(() => {
    setProblem(null);
    setFault(null);
  }, []);

  return { run, busy: state.fetching, problem, fault, reset };
}
