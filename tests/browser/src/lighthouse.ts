/** Lighthouse on a page, in the browser that Playwright drives nothing of: it starts its own. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import lighthouse, { desktopConfig } from "lighthouse";

/** A phone on a slow network, which is Lighthouse's own default, or a computer on a good one. */
export type Preset = "mobile" | "desktop";

export interface Scores {
  performance: number;
  accessibility: number;
  bestPractices: number;
  /** The audits that cost points. */
  lost: string[];
}

/** Scores of 0 to 100. */
export async function scores(url: string, cookie = "", preset: Preset = "mobile"): Promise<Scores> {
  const profile = await mkdtemp(join(tmpdir(), "tenantry-lighthouse-"));
  const chromium = spawn(process.env.TENANTRY_CHROMIUM ?? "/usr/bin/chromium", [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
    `--user-data-dir=${profile}`,
    "about:blank",
  ]);
  try {
    const flags = {
      port: await debuggingPort(profile),
      onlyCategories: ["performance", "accessibility", "best-practices"],
      extraHeaders: cookie ? { cookie } : undefined,
      logLevel: "error",
      output: "json",
    } as const;
    const result = await lighthouse(
      url,
      { ...flags, onlyCategories: [...flags.onlyCategories] },
      preset === "desktop" ? desktopConfig : undefined,
    );
    if (!result) throw new Error(`Lighthouse said nothing of ${url}`);
    const { categories, audits } = result.lhr;
    const score = (name: string) => Math.round((categories[name]?.score ?? 0) * 100);
    const lost = Object.values(categories)
      .flatMap((category) => category.auditRefs)
      .filter(({ id, weight }) => weight > 0 && (audits[id]?.score ?? 1) < 0.9)
      .map(({ id }) => `${id}: ${audits[id]?.displayValue ?? audits[id]?.title}`);
    return {
      performance: score("performance"),
      accessibility: score("accessibility"),
      bestPractices: score("best-practices"),
      lost,
    };
  } finally {
    const exit = once(chromium, "exit");
    chromium.kill();
    await exit;
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Chromium chooses a port and writes it down. */
async function debuggingPort(profile: string): Promise<number> {
  for (let tries = 0; tries < 200; tries += 1) {
    const text = await readFile(join(profile, "DevToolsActivePort"), "utf8").catch(() => "");
    const port = Number(text.split("\n")[0]);
    if (port > 0) return port;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("Chromium did not start");
}
