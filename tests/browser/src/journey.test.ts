/** The main job as a person does it: from the front page to a running n8n, a counted execution and its price. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { expect } from "./expect.ts";
import { callWebhook, importAndPublish } from "./n8n.ts";
import { mailedLink, PASSWORD, tab, world } from "./world.ts";

/** From the call of a webhook to its place in the usage. */
const SECONDS_TO_USAGE = 5;

test("a stranger gets an n8n with four decisions, uses it, and sees what it costs", {
  timeout: 300_000,
}, async () => {
  await world();
  const { page, context, faults } = await tab();
  const email = "jane.journey@example.com";

  await page.goto("/");
  await page.getByRole("link", { name: "Start free" }).first().click();
  // The first decision: an account.
  await page.getByLabel("Your name").fill("Jane Journey");
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByRole("heading", { name: "Check your mail" }).waitFor();

  await page.goto(await mailedLink(email, "/verify-email"));
  await page.getByRole("heading", { name: "Your address is confirmed" }).waitFor();
  assert.equal(new URL(page.url()).hash, "", "the link's token does not stay in the address");
  await page
    .getByRole("link", { name: "Log in" })
    .or(page.getByRole("button", { name: "Log in" }))
    .last()
    .click();
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Log in", exact: true }).click();

  await page.getByRole("heading", { name: "Create your n8n" }).waitFor();
  // The second decision: a name. Its address follows and is checked.
  await page.getByLabel("Name of your n8n").fill("Jane's orders");
  await page.getByText("Free:").waitFor();
  // The third and the fourth: a plan and a region. Both have a good one chosen already.
  await page.getByRole("radio", { name: /Starter/ }).click();
  assert.equal(
    await page
      .getByRole("radio", { name: /Europe|EU|Frankfurt/i })
      .first()
      .isChecked(),
    true,
    "the nearest region",
  );
  await page.getByRole("button", { name: "Create", exact: true }).click();

  // Progress, and then the way in.
  await page.getByRole("heading", { name: "Jane's orders" }).waitFor();
  await page.getByRole("heading", { name: "Your n8n is on its way" }).waitFor();
  await page.getByRole("list", { name: "Steps" }).getByText("Making its database").waitFor();
  const open = page.getByRole("link", { name: /Open n8n/ });
  await open.waitFor({ timeout: 120_000 });
  const opened = context.waitForEvent("page");
  await open.click();
  const editor = await opened;
  await editor.waitForURL(/localhost:\d+\/home\/workflows/);
  await importAndPublish(editor);

  // Somebody else's browser calls it; the page that shows usage is open beside it.
  const slug = new URL(editor.url()).hostname.split(".")[0];
  await page.goto(page.url().replace(/\/instances\/.*/, "/usage"));
  await page.getByRole("heading", { name: "Usage" }).waitFor();
  const stranger = await tab();
  await callWebhook(stranger.page, new URL(editor.url()).origin);
  await expect(
    `${slug}: usage shows the execution`,
    async () => {
      const text = (await page.locator("main").textContent()) ?? "";
      return /1 of [\d,]+ included executions/.test(text);
    },
    SECONDS_TO_USAGE,
  );

  await page.getByRole("link", { name: "Billing" }).click();
  await page.getByRole("heading", { name: "Invoice preview" }).waitFor();
  await expect("the invoice's lines have the execution", async () => {
    const text = (await page.locator("main").textContent()) ?? "";
    return /1 of yours is covered/.test(text) && /Total so far/.test(text);
  });
  assert.deepEqual(faults, []);
  await context.close();
  await stranger.context.close();
});
