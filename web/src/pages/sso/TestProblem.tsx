import { useSearchParams } from "react-router";
import { SignOnProblem } from "../public/SignOn";

/** Of these the test's result says more than the code does. */
const TOLD = ["SSO_FAILED", "SSO_DENIED"];

/** Why the browser came back from a test without a result. */
export function TestProblem() {
  const [params] = useSearchParams();
  const code = params.get("problem");
  return code && !TOLD.includes(code) ? <SignOnProblem /> : null;
}
