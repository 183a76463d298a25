/** The same journey without a mouse. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { expect } from "./expect.ts";
import { tabTo, type } from "./keyboard.ts";
import { callWebhook, GREETING } from "./n8n.ts";
import { mailedLink, PASSWORD, tab } from "./world.ts";

test("the journey by keyboard alone", { timeout: 300_000 }, async () => {
  const { page, context, faults } = await tab();
  const email = "kim.keys@example.com";
  const press = (key: string) => page.keyboard.press(key);

  await page.goto("/");
  await press("Tab");
  await tabTo(page, /Start free/);
  await press("Enter");
  await page.getByRole("heading", { name: "Start free" }).waitFor();
  await type(page, /Your name/, "Kim Keys");
  await type(page, /E-mail address/, email);
  await type(page, /^Password/, PASSWORD);
  await press("Enter");
  await page.getByRole("heading", { name: "Check your mail" }).waitFor();

  await page.goto(await mailedLink(email, "/verify-email"));
  await page.getByRole("heading", { name: "Your address is confirmed" }).waitFor();
  await tabTo(page, /^Log in$/);
  // The page's head has one too; the one in the page brings the address along.
  await press("Enter");
  await page.getByRole("heading", { name: "Log in" }).waitFor();
  await type(page, /E-mail address/, email);
  await type(page, /^Password/, PASSWORD);
  await press("Enter");

  await page.getByRole("heading", { name: "Create your n8n" }).waitFor();
  await type(page, /Name of your n8n/, "Kim's keys");
  await page.getByText("Free:").waitFor();
  await tabTo(page, /^Free|^Starter/);
  await press("ArrowDown");
  await expect("the arrow chooses the next plan", () =>
    page.getByRole("radio", { name: /Starter/ }).isChecked(),
  );
  await tabTo(page, /^Create$/);
  await press("Enter");

  await page.getByRole("heading", { name: "Kim's keys" }).waitFor();
  await page.getByRole("link", { name: /Open n8n/ }).waitFor({ timeout: 120_000 });
  await tabTo(page, /Open n8n/);
  const opened = context.waitForEvent("page");
  await press("Enter");
  const editor = await opened;
  await editor.waitForURL(/localhost:\d+\/home\/workflows/);

  // In n8n: a workflow is pasted into the canvas, and published.
  const origin = new URL(editor.url()).origin;
  await context.grantPermissions(["clipboard-read", "clipboard-write"], {
    origin,
  });
  await editor.goto(`${origin}/workflow/new`);
  await editor.locator("[data-test-id=canvas-plus-button]").first().waitFor();
  await editor.evaluate((text) => navigator.clipboard.writeText(text), JSON.stringify(GREETING));
  await editor.keyboard.press("Control+v");
  await editor.locator("[data-test-id=canvas-node]").nth(1).waitFor();
  // The canvas keeps Tab to itself; n8n's command bar is its way by keyboard.
  await editor.keyboard.press("Control+k");
  await editor.getByPlaceholder("Type a command or search").waitFor();
  await editor.keyboard.type("publish workflow");
  await editor.keyboard.press("Enter");
  await editor.locator("[data-test-id=workflow-publish-button]").waitFor();
  await tabTo(editor, /^Publish$/, 30);
  await editor.keyboard.press("Enter");
  await editor.locator("[data-test-id=workflow-publish-button]").waitFor({ state: "hidden" });

  const stranger = await tab();
  await callWebhook(stranger.page, origin);
  await tabTo(page, /^Usage$/);
  await press("Enter");
  await page.getByRole("heading", { name: "Usage", exact: true }).waitFor();
  await expect("usage shows the execution", async () =>
    /1 of [\d,]+ included executions/.test((await page.locator("main").textContent()) ?? ""),
  );
  assert.deepEqual(faults, []);
  await context.close();
  await stranger.context.close();
});
