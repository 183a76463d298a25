/**
 * `npm run lighthouse`: medians of three looks at each page, on a phone and on a computer. It needs TENANTRY_BIN, a
 * built portal, and a machine that does nothing else; with --url it looks at that page of a running product instead,
 * with --cookie as whoever is logged in there.
 */
import { parseArgs } from "node:util";
import { type Preset, type Scores, scores } from "./lighthouse.ts";
import { type Measured, measured } from "./measured.ts";
import { end } from "./world.ts";

const LOOKS = 3;

const { values } = parseArgs({ options: { url: { type: "string" }, cookie: { type: "string" } } });

function median(numbers: number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}

async function measure({ name, url, cookie }: Measured, preset: Preset): Promise<void> {
  const looks: Scores[] = [];
  for (let look = 0; look < LOOKS; look += 1) looks.push(await scores(url, cookie, preset));
  const of = (pick: (look: Scores) => number) => median(looks.map(pick));
  console.log(
    `${name}, ${preset}: performance ${of((l) => l.performance)}, ` +
      `accessibility ${of((l) => l.accessibility)}, best practices ${of((l) => l.bestPractices)}`,
  );
  for (const audit of new Set(looks.flatMap((look) => look.lost))) console.log(`  ${audit}`);
}

try {
  const pages = values.url
    ? [{ name: values.url, url: values.url, cookie: values.cookie ?? "" }]
    : await measured();
  for (const page of pages) {
    for (const preset of ["mobile", "desktop"] as const) await measure(page, preset);
  }
} finally {
  await end();
}
