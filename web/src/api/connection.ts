/** Whether the server answers, found out by asking it: for as long as it does not, at growing intervals. */
import { online, setOnline } from "./signals";

const FIRST = 1_000;
const MOST = 10_000;

let timer: ReturnType<typeof setTimeout> | undefined;
let pause = FIRST;

/** Asks the server now. */
export async function probe(): Promise<void> {
  clearTimeout(timer);
  let answers = false;
  try {
    const response = await fetch("/graphql", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query: "{ __typename }" }),
      signal: AbortSignal.timeout(MOST),
    });
    answers = response.ok;
  } catch {
    // What went wrong does not matter: it does not answer.
  }
  if (answers) pause = FIRST;
  setOnline(answers);
  if (!answers) later();
}

/** Not all pages at once. */
function later(): void {
  clearTimeout(timer);
  timer = setTimeout(probe, pause * (0.75 + Math.random() / 2));
  pause = Math.min(MOST, pause * 1.5);
}

/** Watches the connection for as long as the page is there. */
export function watchConnection(): void {
  online.subscribe(() => {
    if (!online.get()) later();
  });
  addEventListener("online", () => void probe());
  addEventListener("offline", () => setOnline(false));
}
