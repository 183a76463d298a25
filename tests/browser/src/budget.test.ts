/** What the first page of the portal costs to load. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

const dist = process.env.TENANTRY_WEB_DIR ?? join(import.meta.dirname, "../../../web/dist");

/** The bytes, compressed as a server would, of all scripts that a document loads by itself. */
function scripts(document: string): number {
  const html = readFileSync(join(dist, document), "utf8");
  const files = [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+\.js)"/g)].map((match) => match[1] ?? "");
  assert.ok(files.length > 0, `${document} loads no script`);
  return [...new Set(files)].reduce((sum, file) => sum + gzipSync(readFileSync(join(dist, file))).length, 0);
}

test("the portal starts with less than 250 kB of JavaScript", () => {
  const bytes = scripts("index.html");
  console.log(`portal: ${bytes} bytes of JavaScript (gzip)`);
  assert.ok(bytes < 250_000, `${bytes} bytes`);
});

test("the front page needs almost none to be read", () => {
  const bytes = scripts("landing.html");
  console.log(`front page: ${bytes} bytes of JavaScript (gzip)`);
  assert.ok(bytes < 5_000, `${bytes} bytes`);
  const html = readFileSync(join(dist, "landing.html"), "utf8");
  assert.match(html, /<h1[^>]*>[^<]+/, "its text is in the document");
  assert.doesNotMatch(html, / style="/, "a style attribute would be refused by the policy");
});
