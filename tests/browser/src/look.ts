/** What must hold for every page, however it looks: no violation of accessibility rules, nothing that overflows. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Page } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const results = join(import.meta.dirname, "../results");

export const WIDTHS = [1280, 390] as const;
export const SCHEMES = ["light", "dark"] as const;

interface Violation {
  id: string;
  help: string;
  nodes: { target: string[]; failureSummary: string }[];
}

/** axe-core with all its rules, best practices among them. */
export async function accessible(page: Page, what: string): Promise<void> {
  // Evaluated by the debugger, so that the page's policy stays as it is; once for each document.
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axe);
  const violations = (await page.evaluate(
    // What has passed is not described: nobody reads it, and it takes time.
    // biome-ignore lint/suspicious/noExplicitAny: axe puts itself on the window
    async () => (await (window as any).axe.run(document, { resultTypes: ["violations"] })).violations,
  )) as Violation[];
  const told = violations.map(
    (v) =>
      `${v.id}: ${v.help}\n  ${v.nodes.map((n) => `${n.target.join(" ")}: ${n.failureSummary}`).join("\n  ")}`,
  );
  assert.equal(violations.length, 0, `${what}: axe found\n${told.join("\n")}`);
}

/** Nothing is wider than the window: a page never scrolls sideways. */
export async function fits(page: Page, what: string): Promise<void> {
  const { inner, scroll, culprits } = await page.evaluate(() => {
    const inner = document.documentElement.clientWidth;
    const scroll = document.documentElement.scrollWidth;
    const culprits = [...document.querySelectorAll("body *")]
      .filter((element) => element.getBoundingClientRect().right > inner + 1)
      .slice(0, 5)
      .map((element) => `${element.tagName}.${element.className}`.slice(0, 120));
    return { inner, scroll, culprits };
  });
  assert.ok(scroll <= inner, `${what} is ${scroll} wide in a window of ${inner}: ${culprits.join(", ")}`);
}

/** The page in both themes and at both widths: accessible, fitting, and a picture of each for people to look at. */
export async function inspect(
  page: Page,
  name: string,
  compare?: (what: string) => Promise<void>,
): Promise<void> {
  const all = SCHEMES.flatMap((scheme) => WIDTHS.map((width) => [scheme, width] as const));
  await seen(page, name, all, compare);
}

/** As `inspect`, each theme and each width once: for one of many pictures of a page, in half the time. */
export async function glance(page: Page, name: string): Promise<void> {
  await seen(page, name, [
    ["light", 1280],
    ["dark", 390],
  ]);
}

async function seen(
  page: Page,
  name: string,
  looks: readonly (readonly [(typeof SCHEMES)[number], (typeof WIDTHS)[number]])[],
  compare?: (what: string) => Promise<void>,
): Promise<void> {
  for (const [scheme, width] of looks) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
    await page.waitForFunction(
      (wanted) => document.documentElement.getAttribute("data-mantine-color-scheme") === wanted,
      scheme,
    );
    await page.setViewportSize({ width, height: width === 390 ? 844 : 800 });
    await settled(page);
    const what = `${name} ${scheme} ${width}`;
    await picture(page, what);
    await compare?.(what);
    await accessible(page, what);
    await fits(page, what);
  }
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
}

/** Kept for people to look at. */
export async function picture(page: Page, what: string): Promise<void> {
  await mkdir(results, { recursive: true });
  await page.screenshot({
    path: join(results, `${what.replaceAll(" ", "-")}.png`),
    // A dialog keeps the page behind it from scrolling.
    fullPage: (await page.getByRole("dialog").count()) === 0,
  });
}

/** Fonts are there, nothing loads or moves, and two frames have been drawn. */
export async function settled(page: Page): Promise<void> {
  await page.waitForFunction(
    () => document.querySelector("[aria-busy=true], .mantine-Skeleton-root[data-visible]") === null,
  );
  await page.evaluate(async () => {
    await document.fonts.ready;
    const frames = () =>
      new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    await frames();
    // What turns for as long as something is on its way never ends.
    const ending = document
      .getAnimations()
      .filter((it) => it.effect?.getComputedTiming().endTime !== Number.POSITIVE_INFINITY);
    await Promise.allSettled(ending.map((it) => it.finished));
    await frames();
  });
}
