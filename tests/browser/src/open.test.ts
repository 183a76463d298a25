/** The way from the portal into real n8n and out again, and that a stolen way in leads nowhere. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { BrowserContext, Page } from "playwright-core";
import type { Api } from "./api.ts";
import { expect } from "./expect.ts";
import { hop } from "./hop.ts";
import { logIn, logOut, member } from "./people.ts";
import { instance, organisation, PASSWORD, person, type RunningInstance, tab, world } from "./world.ts";

/** A slow machine loads the editor's hundreds of files slowly. */
const EDITOR = { timeout: 120_000 };
const NOT_GOOD = "This way in is not good any more";

interface House {
  api: Api;
  email: string;
  tenantId: string;
  running: RunningInstance;
  openUrl: string;
}

async function house(name: string, slug: string): Promise<House> {
  const { api, email } = await person(name);
  const tenantId = await organisation(api, name, slug);
  const running = await instance(api, tenantId, slug);
  return { api, email, tenantId, running, openUrl: `${running.url}/.tenantry/open` };
}

let made: Promise<[House, House]> | null = null;

/** Two organisations, each with a real n8n, for the whole file. */
function houses(): Promise<[House, House]> {
  made ??= Promise.all([house("Dora Door", "door-a"), house("Nils Neighbour", "door-b")]);
  return made;
}

/** Whom n8n takes this browser for: the status of the question that its editor begins with. */
async function admitted(context: BrowserContext, { running }: House): Promise<number> {
  const cookies = await context.cookies(running.url);
  const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
  const headers = { cookie, accept: "application/json", origin: running.url };
  const own = { "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty" };
  return (await hop(`${running.url}/rest/login`, { ...headers, ...own })).status;
}

async function editorIsThere(page: Page, { running }: House): Promise<void> {
  await page.waitForURL((url) => url.origin === running.url && url.pathname.startsWith("/home"), EDITOR);
  await page.locator("[data-test-id=main-sidebar-settings]").waitFor(EDITOR);
}

/** Goes the way of a window up to the code, and stops there. */
async function codeOf({ api, openUrl }: House): Promise<{ address: string; browser: string }> {
  const begun = await hop(openUrl);
  assert.equal(begun.status, 302);
  const sent = await hop(begun.location, { cookie: api.cookie });
  assert.equal(sent.status, 302, sent.body);
  assert.match(sent.location, /\/\.tenantry\/open\?code=/);
  return { address: sent.location, browser: begun.cookie };
}

/** Another browser with nothing in it goes to an address, and is refused. */
async function nothingAt(address: string, of: House): Promise<void> {
  const { page, context } = await tab();
  const answer = await page.goto(address);
  assert.equal(answer?.status(), 403);
  await page.getByText(NOT_GOOD).waitFor();
  assert.equal(await admitted(context, of), 401);
  await context.close();
}

describe("opening n8n", { timeout: 900_000 }, () => {
  test("one click opens the editor, logged in; a log-out at the portal ends it within seconds", async (t) => {
    const [dora] = await houses();
    await dora.api.logIn(dora.email, PASSWORD);
    const { page, context } = await tab({ as: dora.api });
    await page.goto(`/t/door-a/instances/${dora.running.id}`);
    let pushes = 0;
    let ended = 0;
    context.on("page", (opened) =>
      opened.on("websocket", (socket) => {
        if (!socket.url().includes("/rest/push")) return;
        pushes += 1;
        socket.on("close", () => {
          ended += 1;
        });
      }),
    );
    const popup = context.waitForEvent("page");
    await page.getByRole("link", { name: /Open n8n/ }).click();
    const editor = await popup;
    await editorIsThere(editor, dora);
    assert.equal(await editor.evaluate(async () => (await fetch("/rest/login")).status), 200);
    assert.equal(await editor.evaluate(() => window.opener), null);
    // The browser holds a session of the edge, and none of n8n's own.
    const names = (await context.cookies(dora.running.url)).map(({ name }) => name);
    assert.ok(names.includes("tenantry_open") && !names.includes("n8n-auth"), names.join());
    // Only the canvas listens to n8n.
    await editor.goto(`${dora.running.url}/workflow/new`);
    await expect("the push channel is open", async () => pushes - ended === 1);

    await logOut(page);
    const out = Date.now();
    await expect("n8n refuses the browser", async () => (await admitted(context, dora)) === 401, 10);
    t.diagnostic(`refused ${Date.now() - out} ms after the log-out`);
    await expect("the push channel is closed", async () => ended === pushes, 10);
    t.diagnostic(`push channel closed ${Date.now() - out} ms after the log-out`);
    // Whoever looks at the editor next is asked to log in, and comes back into it.
    await editor.goto(dora.running.url).catch(() => undefined);
    await editor.waitForURL((url) => url.pathname === "/log-in");
    await logIn(editor, dora.email);
    await editorIsThere(editor, dora);
    await context.close();
  });

  test("somebody who is not logged in logs in on the way, and arrives in n8n", async () => {
    const [dora] = await houses();
    const { page, context } = await tab();
    await page.goto(`${dora.openUrl}?to=${encodeURIComponent("/home/credentials")}`);
    await page.waitForURL((url) => url.pathname === "/log-in");
    assert.match(new URL(page.url()).searchParams.get("next") ?? "", /^\/open\?instance=/);
    await logIn(page, dora.email);
    await page.waitForURL(`${dora.running.url}/home/credentials`, EDITOR);
    await page.locator("[data-test-id=main-sidebar-settings]").waitFor(EDITOR);
    await context.close();
  });

  test("n8n's own sign-out ends this browser's way into n8n, and nothing else", async () => {
    const [dora] = await houses();
    await dora.api.logIn(dora.email, PASSWORD);
    const { page: portal, context } = await tab({ as: dora.api });
    const other = await tab({ as: dora.api });
    await other.page.goto(dora.openUrl);
    await editorIsThere(other.page, dora);
    const editor = await context.newPage();
    await editor.goto(dora.openUrl);
    await editorIsThere(editor, dora);
    await portal.goto("/t/door-a");
    await editor.locator("[data-test-id=main-sidebar-settings]").click();
    await editor.locator("[data-test-id=main-sidebar-log-out]").click();
    await editor.getByText("You have left this n8n").waitFor();
    assert.equal(await admitted(context, dora), 401);
    assert.equal(await admitted(other.context, dora), 200);
    await portal.reload();
    await portal.getByRole("heading", { name: "Instances" }).waitFor();
    await editor.getByRole("link", { name: "Open it again" }).click();
    await editorIsThere(editor, dora);
    assert.equal(await admitted(context, dora), 200);
    await other.context.close();
    await context.close();
  });

  test("a viewer is told that their role does not open it, and what to do", async () => {
    const [dora] = await houses();
    await dora.api.logIn(dora.email, PASSWORD);
    const viewer = await member(dora.api, dora.tenantId, "VIEWER");
    const { page, context } = await tab({ as: viewer.api });
    await page.goto(`/t/door-a/instances/${dora.running.id}`);
    await page.getByRole("heading", { name: "door-a" }).waitFor();
    assert.equal(await page.getByRole("link", { name: /Open n8n/ }).count(), 0);
    await page.goto(dora.openUrl);
    await page.waitForURL((url) => url.pathname === "/open-refused");
    await page.getByRole("heading", { name: "You may not open this instance" }).waitFor();
    await page.getByText("Ask an owner or administrator of the organisation for a role that does.").waitFor();
    assert.equal(await admitted(context, dora), 401);
    await page.getByRole("link", { name: "To the portal" }).click();
    await page.waitForURL((url) => url.pathname === "/t/door-a");
    await context.close();
  });

  // That a code is good for a minute only is tested where the clock can be moved: the provisioner's own tests.
  test("a code is good in the browser that asked for it, once, and nowhere else", async () => {
    const [dora, nils] = await houses();
    await dora.api.logIn(dora.email, PASSWORD);
    await nils.api.logIn(nils.email, PASSWORD);
    const { product } = await world();

    // Stolen from the address of another browser, by somebody with nothing.
    await nothingAt((await codeOf(dora)).address, dora);

    // By somebody who is themselves about to open it, so that their browser is marked, but differently.
    const thief = await tab({ as: nils.api });
    const stolen = await codeOf(dora);
    await thief.page.goto(dora.openUrl);
    await thief.page.getByRole("heading", { name: "There is no such instance" }).waitFor();
    assert.equal((await thief.page.goto(stolen.address))?.status(), 403);
    assert.equal(await admitted(thief.context, dora), 401);

    // By a fellow: with a code of theirs nobody else becomes them.
    const { address, browser } = await codeOf(dora);
    const elsewhere = new URL(address);
    elsewhere.host = new URL(nils.running.url).host;
    // On another instance's host it opens nothing, even with the mark of the browser that asked.
    const there = await hop(elsewhere.href, { cookie: browser });
    assert.equal(there.status, 403, there.body);
    assert.equal(there.cookie, "");

    // Reused: the first use lets in, the second is refused in another browser, marked or not.
    const good = await codeOf(dora);
    const first = await hop(good.address, { cookie: good.browser });
    assert.equal(first.status, 302, first.body);
    assert.match(first.cookie, /tenantry_open=/);
    const second = await hop(good.address, { cookie: good.browser });
    assert.equal(second.status, 403);
    assert.equal(second.cookie, "");
    await nothingAt(good.address, dora);

    // Made up.
    await nothingAt(`${dora.openUrl}?code=${"a".repeat(43)}`, dora);

    // A code is no session of the portal, and a session of one host none of another.
    const session = first.cookie;
    const own = { accept: "application/json", "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors" };
    const ask = (url: string) =>
      hop(`${url}/rest/login`, { ...own, "sec-fetch-dest": "empty", cookie: session });
    assert.equal((await ask(dora.running.url)).status, 200);
    assert.equal((await ask(nils.running.url)).status, 401);
    const portal = await hop(
      `${product.portal}/open?instance=${dora.running.id}&browser=${"ab".repeat(32)}`,
      {
        cookie: session,
      },
    );
    assert.match(portal.location, /^\/log-in\?next=/);

    // Who asks for a code by a script or in a frame gets none.
    const framed = await hop(
      `${product.portal}/open?instance=${dora.running.id}&browser=${"ab".repeat(32)}`,
      {
        cookie: dora.api.cookie,
        "sec-fetch-dest": "iframe",
      },
    );
    assert.equal(framed.status, 400);
    await thief.context.close();
  });
});
