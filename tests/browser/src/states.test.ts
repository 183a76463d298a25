/** The states of pages that are not there at first sight: booting, stopped, deleted, busy, asking, cut off. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";
import type { Page } from "playwright-core";
import type { Api } from "./api.ts";
import { expect } from "./expect.ts";
import { inspect } from "./look.ts";
import { GREETING } from "./n8n.ts";
import { member } from "./people.ts";
import { instance, organisation, person, type RunningInstance, type Tab, tab, world } from "./world.ts";

const CALLS = 6;
const MAKE =
  "mutation($i: CreateInstanceInput!) { createInstance(input: $i) { instance { id } problem { message } } }";
const PHASE = "query($t: ID!, $i: ID!) { tenant(id: $t) { instance(id: $i) { phase } } }";

/** Asks an instance by its host's name, which browsers resolve and Node may not. */
async function n8n(of: RunningInstance, path: string, key?: string, body?: object) {
  const { host, port } = new URL(of.url);
  const headers = { host, "content-type": "application/json", ...(key ? { "x-n8n-api-key": key } : {}) };
  const asked = request({ host: "127.0.0.1", port, path, method: body ? "POST" : "GET", headers });
  asked.end(body ? JSON.stringify(body) : undefined);
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  return { status: answer.statusCode, text: await text(answer) };
}

/** Runs a workflow some times through its webhook; once it fails. */
async function execute(api: Api, tenantId: string, of: RunningInstance): Promise<void> {
  const { revealInstanceApiKey } = await api.ask(
    "mutation($i: InstanceInput!) { revealInstanceApiKey(input: $i) { apiKey problem { message } } }",
    { i: { tenantId, id: of.id } },
  );
  const key: string = revealInstanceApiKey.apiKey;
  const made = JSON.parse((await n8n(of, "/api/v1/workflows", key, GREETING)).text) as { id: string };
  await n8n(of, `/api/v1/workflows/${made.id}/activate`, key, {});
  await expect("the webhook answers", async () => (await n8n(of, "/webhook/greet")).status === 200);
  for (let call = 1; call < CALLS; call += 1) await n8n(of, "/webhook/greet");
}

/** A page that is told nothing new: what is on its way stays so for as long as it is looked at. */
async function frozen(as: Api, path: string, look: (page: Page) => Promise<void>): Promise<void> {
  const { page, context } = await tab({ as });
  await page.routeWebSocket(/graphql/, () => undefined);
  const first = new Map<string, Promise<{ status: number; body: Buffer }>>();
  await page.route("**/graphql", async (route) => {
    const key = route.request().postData() ?? "";
    const kept =
      first.get(key) ?? route.fetch().then(async (it) => ({ status: it.status(), body: await it.body() }));
    first.set(key, kept);
    await route.fulfill({ ...(await kept), contentType: "application/json" });
  });
  await page.goto(path);
  await look(page);
  await context.close();
}

describe("states of pages", { timeout: 600_000 }, () => {
  let owner: Api;
  let tenantId: string;
  let running: RunningInstance;
  let stopped: RunningInstance;
  let deleted: RunningInstance;
  let at: Tab;
  let page: Page;

  const look = async (name: string) => {
    await inspect(page, name);
    assert.deepEqual(at.faults.splice(0), [], `${name}: errors in the browser`);
  };
  const here = async (path: string, heading: string | RegExp) => {
    await page.goto(`/t/states${path}`);
    await page.getByRole("heading", { name: heading }).first().waitFor();
  };

  before(async () => {
    await world();
    const { api } = await person("Stella States");
    owner = api;
    tenantId = await organisation(api, "States of Things", "states", "pro");
    running = await instance(api, tenantId, "order-intake");
    stopped = await instance(api, tenantId, "nightly-reports");
    await api.ask("mutation($i: InstanceInput!) { stopInstance(input: $i) { problem { message } } }", {
      i: { tenantId, id: stopped.id },
    });
    deleted = await instance(api, tenantId, "old-experiments");
    await api.ask(
      "mutation($i: DeleteInstanceInput!) { deleteInstance(input: $i) { problem { message } } }",
      {
        i: { tenantId, id: deleted.id, confirmSlug: deleted.slug },
      },
    );
    await member(api, tenantId, "DEVELOPER");
    await member(api, tenantId, "BILLING");
    await api.ask("mutation($i: InviteMemberInput!) { inviteMember(input: $i) { problem { message } } }", {
      i: { tenantId, email: "zoe.zander@example.com", role: "VIEWER" },
    });
    await execute(api, tenantId, running);
    at = await tab({ as: api });
    page = at.page;
  });

  after(async () => {
    await at?.context.close();
  });

  test("instances: executions, stopped, days of grace, all in a list", async () => {
    await here(`/instances/${running.id}`, "order-intake");
    await page.getByRole("table", { name: "Recent executions" }).getByText("Webhook").first().waitFor();
    await look("state instance with executions");
    await expect("it is stopped", async () => {
      const { tenant } = await owner.ask(PHASE, { t: tenantId, i: stopped.id });
      return tenant.instance.phase === "STOPPED";
    });
    await here(`/instances/${stopped.id}`, "nightly-reports");
    await page.getByText("It is stopped").waitFor();
    await look("state instance stopped");
    await here(`/instances/${deleted.id}`, "old-experiments");
    await page.getByRole("button", { name: "Restore" }).waitFor();
    await look("state instance deleted");
    await here("", "Instances");
    await page.getByRole("heading", { name: "Deleted" }).waitFor();
    await look("state list with all kinds");
  });

  test("dialogs, menus and the drawer", async () => {
    await here(`/instances/${running.id}`, "order-intake");
    await page.getByRole("button", { name: "Delete…" }).click();
    await page.getByRole("dialog").waitFor();
    await look("state delete dialog");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByRole("dialog").waitFor();
    await look("state stop dialog");
    await here("/members", "Members");
    await page.getByText("zoe.zander@example.com").first().waitFor();
    await look("state members");
    await page.getByRole("button", { name: "Invite" }).click();
    await page.getByRole("dialog").waitFor();
    await look("state invite dialog");
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    await page.getByRole("button", { name: /Account menu/ }).click();
    await page.getByRole("menu").waitFor();
    await look("state user menu");
    await page.keyboard.press("Escape");
    await page.setViewportSize({ width: 390, height: 844 });
    await page.getByRole("button", { name: "Open navigation" }).click();
    await look("state drawer");
  });

  test("usage and billing with figures", async () => {
    await here("/usage", "Usage");
    await page.getByText(new RegExp(`${CALLS} of [\\d,]+ included executions`)).waitFor();
    await page.getByRole("table").first().waitFor();
    await look("state usage");
    await page.getByText("Workflow", { exact: true }).first().click();
    await page.getByRole("columnheader", { name: "Workflow" }).waitFor();
    await look("state usage by workflow");
    await here("/billing", "Billing");
    await page.getByRole("heading", { name: "Invoice preview" }).waitFor();
    await look("state billing");
  });

  test("what can't be shown says so", async () => {
    const failing = await tab({ as: owner });
    // The browser logs what the test cuts off.
    const picture = async (name: string) => {
      await inspect(failing.page, name);
      failing.faults.splice(0);
    };
    const fault = {
      errors: [
        {
          message: "Something failed on our side.",
          extensions: {
            code: "INTERNAL",
            remedy: "Try again. If it goes on, tell support this id.",
            requestId: "req_01m7yntx73fr7fv7d6wjr7pnkh",
          },
        },
      ],
    };
    await failing.page.route("**/graphql", (route) =>
      route.request().postData()?.includes("query Members(")
        ? route.fulfill({ json: fault })
        : route.continue(),
    );
    await failing.page.goto("/t/states/members");
    await failing.page.getByRole("alert").waitFor();
    await picture("state failed query");
    const denied = structuredClone(fault);
    Object.assign(denied.errors[0]?.extensions ?? {}, {
      code: "FORBIDDEN",
      access: {
        missing: "api-key:view",
        grantedBy: ["owner", "admin", "developer"],
        whoCanGrant: ["Stella States"],
      },
    });
    await failing.page.route("**/graphql", (route) =>
      route.request().postData()?.includes("query ApiKeys(")
        ? route.fulfill({ json: denied })
        : route.fallback(),
    );
    await failing.page.goto("/t/states/developers");
    await failing.page.getByText("Who can give it: Stella States").waitFor();
    await picture("state denied query");
    await failing.page.goto("/t/states");
    await failing.page.getByRole("link", { name: "order-intake", exact: true }).waitFor();
    await failing.page.route("**/graphql", (route) => route.abort());
    await failing.page.evaluate(() => dispatchEvent(new Event("offline")));
    await failing.page.getByText("No connection").waitFor();
    await picture("state no connection");
    await failing.context.close();
  });

  test("a boot and its arrival", async () => {
    const { createInstance } = await owner.ask(MAKE, {
      i: { tenantId, name: "Booting now", slug: "booting-now", region: "eu-central" },
    });
    const id: string = createInstance.instance.id;
    await here(`/instances/${id}`, "Booting now");
    await page.getByRole("heading", { name: "Your n8n is on its way" }).waitFor();
    await frozen(owner, `/t/states/instances/${id}`, async (still) => {
      await still.getByRole("heading", { name: "Your n8n is on its way" }).waitFor();
      await inspect(still, "state instance booting");
    });
    await page.getByText("Your n8n is ready").first().waitFor({ timeout: 120_000 });
    await look("state instance arrived");
  });
});
