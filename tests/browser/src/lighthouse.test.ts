/** What Lighthouse says of the first pages that people see. Its times depend on the machine: they are only shown. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { scores } from "./lighthouse.ts";
import { measured } from "./measured.ts";

test("Lighthouse finds the first pages accessible and well made", { timeout: 300_000 }, async () => {
  for (const { name, url, cookie } of await measured()) {
    const { performance, accessibility, bestPractices, lost } = await scores(url, cookie, "desktop");
    console.log(`${name}: performance ${performance} (desktop)`);
    assert.equal(accessibility, 100, `${name}: accessibility; ${lost.join("; ")}`);
    assert.ok(bestPractices >= 95, `${name}: best practices ${bestPractices}; ${lost.join("; ")}`);
  }
});
