/** Pictures of stable pages, compared with those that were looked at and committed. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import pixelmatch from "pixelmatch";
import type { Page } from "playwright-core";
import { PNG } from "pngjs";

const dir = join(import.meta.dirname, "../baselines");
const results = join(import.meta.dirname, "../results");

/** Another version of the browser draws letters' edges a little differently; a moved block is far more than this. */
const MOST = 0.01;

/** Compares what the window shows with the committed picture. With UPDATE_BASELINES set it is written instead. */
export async function looksAsBefore(page: Page, name: string): Promise<void> {
  const file = `${name.replaceAll(" ", "-")}.png`;
  const shot = await page.screenshot({ animations: "disabled", caret: "hide" });
  if (process.env.UPDATE_BASELINES) {
    await mkdir(dir, { recursive: true });
    await writeFile(join(dir, file), shot);
    return;
  }
  assert.ok(
    existsSync(join(dir, file)),
    `there is no baseline ${file}: look at the page and run with UPDATE_BASELINES=1`,
  );
  const [before, now] = [PNG.sync.read(await readFile(join(dir, file))), PNG.sync.read(shot)];
  assert.deepEqual([now.width, now.height], [before.width, before.height], `${name}: the size differs`);
  const difference = new PNG({ width: now.width, height: now.height });
  const pixels = pixelmatch(before.data, now.data, difference.data, now.width, now.height, {
    threshold: 0.2,
  });
  const share = pixels / (now.width * now.height);
  if (share > MOST) {
    await mkdir(results, { recursive: true });
    await writeFile(join(results, `difference-${file}`), PNG.sync.write(difference));
    await writeFile(join(results, `now-${file}`), shot);
  }
  assert.ok(
    share <= MOST,
    `${name}: ${(share * 100).toFixed(2)} % of the picture differs; see results/difference-${file}`,
  );
}
