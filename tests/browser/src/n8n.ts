/** n8n's editor as a person uses it: what the journeys do in it. */

import type { Page } from "playwright-core";
import { expect } from "./expect.ts";

/** A workflow as n8n exports it: a webhook that answers with one field. */
export const GREETING = {
  name: "Greeting",
  nodes: [
    {
      id: "b7a3c2f0-0000-4000-8000-000000000001",
      name: "Webhook",
      type: "n8n-nodes-base.webhook",
      typeVersion: 2,
      position: [0, 0],
      webhookId: "b7a3c2f0-0000-4000-8000-00000000000f",
      parameters: {
        path: "greet",
        httpMethod: "GET",
        responseMode: "lastNode",
        options: {},
      },
    },
    {
      id: "b7a3c2f0-0000-4000-8000-000000000002",
      name: "Answer",
      type: "n8n-nodes-base.set",
      typeVersion: 3.4,
      position: [220, 0],
      parameters: {
        assignments: {
          assignments: [{ id: "a", name: "greeting", value: "hello", type: "string" }],
        },
        options: {},
      },
    },
  ],
  connections: {
    Webhook: { main: [[{ node: "Answer", type: "main", index: 0 }]] },
  },
  settings: { executionOrder: "v1" },
};

/** Imports the workflow from a file and publishes it, in the editor's own pages. */
export async function importAndPublish(editor: Page): Promise<void> {
  await editor.goto(new URL("/workflow/new", editor.url()).href);
  await editor
    .getByRole("button", { name: /add first step/i })
    .or(editor.locator("[data-test-id=canvas-plus-button]"))
    .first()
    .waitFor();
  await editor.locator("[data-test-id=workflow-import-input]").setInputFiles({
    name: "greeting.json",
    mimeType: "application/json",
    buffer: Buffer.from(JSON.stringify(GREETING)),
  });
  await editor.locator("[data-test-id=canvas-node]").nth(1).waitFor();
  await editor.locator("[data-test-id=workflow-open-publish-modal-button]").click();
  await editor.locator("[data-test-id=workflow-publish-button]").click();
  await editor.locator("[data-test-id=workflow-publish-button]").waitFor({ state: "hidden" });
}

/** Calls the published webhook until it answers: n8n makes it live a moment after publishing. */
export async function callWebhook(caller: Page, url: string): Promise<void> {
  await expect("the webhook answers", async () => {
    const response = await caller.goto(`${url}/webhook/greet`);
    return response?.status() === 200 && (await response.text()).includes("hello");
  });
}
