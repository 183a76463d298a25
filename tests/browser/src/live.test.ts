/** Pages that stay open while the world changes under them: restarts, ended sessions, other tabs, other people. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Page, Request } from "playwright-core";
import type { Api } from "./api.ts";
import { expect } from "./expect.ts";
import { logIn, logOut, member } from "./people.ts";
import { instance, organisation, PASSWORD, person, type RunningInstance, tab, world } from "./world.ts";

const NO_CONNECTION = "No connection";

interface Acme {
  api: Api;
  email: string;
  tenantId: string;
  running: RunningInstance;
}

let made: Promise<Acme> | null = null;

/** One organisation with one real n8n, for the whole file. */
function acme(): Promise<Acme> {
  made ??= (async () => {
    const { api, email } = await person("Lea Live");
    const tenantId = await organisation(api, "Live Works", "live-works", "pro");
    return { api, email, tenantId, running: await instance(api, tenantId, "live-one") };
  })();
  return made;
}

/** Puts a mark on the page that a reload would take away. */
async function mark(page: Page): Promise<() => Promise<void>> {
  await page.evaluate(() => document.documentElement.setAttribute("data-mark", "1"));
  return async () => {
    const kept = await page.evaluate(() => document.documentElement.getAttribute("data-mark"));
    assert.equal(kept, "1", "the page was loaded anew");
  };
}

const input = (of: Acme, id = of.running.id) => ({ i: { tenantId: of.tenantId, id } });

async function gone(page: Page, text: string): Promise<void> {
  await page.getByText(text).waitFor({ state: "hidden" });
}

/** How often a page asks for a mutation. */
function count(page: Page, mutation: string): () => number {
  let times = 0;
  page.on("request", (request: Request) => {
    if (request.method() === "POST" && request.postData()?.includes(`${mutation}(`)) times += 1;
  });
  return () => times;
}

describe("a page stays true", { timeout: 600_000 }, () => {
  test("the product is killed and comes back: pages say so, recover by themselves, and miss nothing", async (t) => {
    const of = await acme();
    const { product } = await world();
    const list = (await tab({ as: of.api })).page;
    const detail = (await tab({ as: of.api })).page;
    const account = (await tab({ as: of.api })).page;
    await list.goto("/t/live-works");
    await detail.goto(`/t/live-works/instances/${of.running.id}`);
    await account.goto("/account");
    await list.getByText("Ready", { exact: true }).waitFor();
    await detail.getByRole("button", { name: "Stop" }).waitFor();
    await account.getByLabel("Name").first().waitFor();
    const kept = await Promise.all([list, detail, account].map(mark));

    await product.kill();
    await list.getByText(NO_CONNECTION).waitFor();
    await detail.getByText(NO_CONNECTION).waitFor();
    // What was there stays there.
    await list.getByText("live-one").first().waitFor();
    await detail.getByRole("heading", { name: "live-one" }).waitFor();
    // A page that listens to nothing learns of it when it asks, and keeps what was typed.
    await account.getByLabel("Name").first().fill("Lea Alive");
    await account.getByRole("button", { name: "Save" }).first().click();
    await account.getByText(NO_CONNECTION).waitFor();

    await product.run();
    const back = Date.now();
    await of.api.ask(
      "mutation($i: InstanceInput!) { stopInstance(input: $i) { problem { message } } }",
      input(of),
    );
    await Promise.all([gone(list, NO_CONNECTION), gone(detail, NO_CONNECTION), gone(account, NO_CONNECTION)]);
    t.diagnostic(`connected again ${Date.now() - back} ms after the start`);
    await detail.getByText("It is stopped").waitFor();
    await list.getByText("Stopped", { exact: true }).waitFor();
    t.diagnostic(`the stop is shown ${Date.now() - back} ms after the start`);
    assert.equal(await account.getByLabel("Name").first().inputValue(), "Lea Alive");
    await account.getByRole("button", { name: "Save" }).first().click();
    await account.getByRole("button", { name: /Account menu of Lea Alive/ }).waitFor();
    for (const still of kept) await still();
    for (const page of [list, detail, account]) await page.context().close();
  });

  test("the product is stopped in order and started again: a page that listens goes on listening", async () => {
    const of = await acme();
    const { product } = await world();
    const { page, context } = await tab({ as: of.api });
    await page.goto("/t/live-works");
    await page.getByText("live-one").first().waitFor();
    const still = await mark(page);
    await product.stop();
    await page.getByText(NO_CONNECTION).waitFor();
    await product.run();
    await gone(page, NO_CONNECTION);
    const made =
      "mutation($i: CreateInstanceInput!) { createInstance(input: $i) { instance { id } problem { message } } }";
    const { createInstance } = await of.api.ask(made, {
      i: { tenantId: of.tenantId, name: "made later", slug: "made-later", region: "us-west" },
    });
    await page.getByText("made later").first().waitFor();
    const deleted =
      "mutation($i: DeleteInstanceInput!) { deleteInstance(input: $i) { problem { message } } }";
    await of.api.ask(deleted, {
      i: {
        tenantId: of.tenantId,
        id: createInstance.instance.id,
        confirmSlug: "made-later",
        immediately: true,
      },
    });
    await page.getByText("made later").first().waitFor({ state: "hidden" });
    await still();
    await context.close();
  });

  test("without a network a page says so, keeps what was typed, and catches up", async () => {
    const of = await acme();
    const { page, context } = await tab({ as: of.api });
    await page.goto("/t/live-works/members");
    await page.getByText("Nobody is invited at the moment.").waitFor();
    const still = await mark(page);
    await page.getByRole("button", { name: "Invite", exact: true }).click();
    await page.getByLabel("E-mail address").fill("typed.offline@example.com");

    await context.setOffline(true);
    await page.getByText(NO_CONNECTION).waitFor();
    await page.getByRole("button", { name: "Send invitation" }).click();
    await page.getByRole("dialog").getByRole("alert").waitFor();
    const invite = "mutation($i: InviteMemberInput!) { inviteMember(input: $i) { problem { message } } }";
    await of.api.ask(invite, {
      i: { tenantId: of.tenantId, email: "meanwhile@example.com", role: "VIEWER" },
    });

    await context.setOffline(false);
    await gone(page, NO_CONNECTION);
    assert.equal(await page.getByLabel("E-mail address").inputValue(), "typed.offline@example.com");
    await page.getByRole("button", { name: "Send invitation" }).click();
    const open = page.getByRole("table", { name: "Open invitations" });
    await open.getByText("typed.offline@example.com").waitFor();
    await open.getByText("meanwhile@example.com").waitFor();
    await still();
    await context.close();
  });

  test("a session that ends elsewhere leads to the log-in, and from there back to the same place", async () => {
    const { api, email } = await person("Eva Expired");
    await organisation(api, "Expiry", "live-expiry");
    // The second one's page has nothing that asks by itself: it learns of it by what the server ends.
    const places = [
      "/t/live-expiry/usage?range=week&group=hour#chart",
      "/t/live-expiry/members?from=mail#invitations",
      "/t/live-expiry?x=%2Fa%26b#list",
    ];
    for (const place of places) {
      await api.logIn(email, PASSWORD);
      const { page, context } = await tab({ as: api });
      await page.goto(place);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await page.getByRole("button", { name: /Account menu/ }).waitFor();
      // The page listens by now.
      await expect("it shows data", async () => (await page.locator(".mantine-Skeleton-root").count()) === 0);
      const here = page.url().replace(/^https?:\/\/[^/]+/, "");
      assert.equal(here, place);
      await api.ask("mutation { logOutEverywhere { problem { message } } }");
      await page.waitForURL((url) => url.pathname === "/log-in");
      assert.equal(new URL(page.url()).searchParams.get("next"), place);
      await logIn(page, email);
      await page.waitForURL((url) => url.pathname !== "/log-in");
      assert.equal(page.url().replace(/^https?:\/\/[^/]+/, ""), place);
      await page.getByRole("button", { name: /Account menu/ }).waitFor();
      await context.close();
    }
  });
});

describe("two tabs", { timeout: 600_000 }, () => {
  test("a log-out in one is a log-out in the other, and the next person sees nothing of the last", async () => {
    const of = await acme();
    await of.api.logIn(of.email, PASSWORD);
    const bob = await person("Bob Next");
    await organisation(bob.api, "Bobs Place", "live-bob");
    const { page: first, context } = await tab({ as: of.api });
    const second = await context.newPage();
    await first.goto("/t/live-works");
    await second.goto("/t/live-works/members");
    await second.getByRole("cell", { name: of.email }).waitFor();
    await first.getByText("live-one").first().waitFor();

    await logOut(first);
    await second.waitForURL((url) => url.pathname === "/log-in");
    assert.equal(await second.getByText(of.email).count(), 0);

    await first.goto("/log-in");
    await logIn(first, bob.email);
    await first.waitForURL((url) => url.pathname === "/t/live-bob");
    await first.getByRole("heading", { name: "No instance yet" }).waitFor();
    // The other tab goes on to where Lea was, as Bob: there is nothing for him.
    await second.getByText("You are not in this organisation, or it does not exist.").waitFor();
    for (const page of [first, second]) {
      const text = await page.locator("body").textContent();
      for (const hers of ["Live Works", "live-one", of.email, "Lea"]) {
        assert.ok(!text?.includes(hers), `${hers} is shown to Bob: ${text}`);
      }
    }
    await second.goBack();
    await second.goForward();
    await second.goto("/home");
    await second.waitForURL((url) => url.pathname === "/t/live-bob");
    await second.getByRole("heading", { name: "No instance yet" }).waitFor();
    assert.ok(!(await second.locator("body").textContent())?.includes("Live Works"));
    const stored = await second.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }));
    assert.ok(!stored.includes(of.email), stored);
    await context.close();
  });

  test("another member of the same organisation, in the same browser, sees with their own rights", async () => {
    const of = await acme();
    await of.api.logIn(of.email, PASSWORD);
    const mia = await member(of.api, of.tenantId, "VIEWER");
    const { page: first, context } = await tab({ as: of.api });
    const second = await context.newPage();
    await second.goto("/t/live-works/members");
    await second.getByRole("button", { name: "Invite", exact: true }).waitFor();
    await first.goto("/home");
    await logOut(first);
    await second.waitForURL((url) => url.pathname === "/log-in");
    await first.goto("/log-in");
    await logIn(first, mia.email);
    await second.waitForURL((url) => url.pathname === "/t/live-works/members");
    await second.getByRole("cell", { name: of.email }).waitFor();
    assert.equal(await second.getByRole("button", { name: "Invite", exact: true }).count(), 0);
    assert.equal(await second.getByRole("heading", { name: "Open invitations" }).count(), 0);
    await context.close();
  });

  test("a double click invites once, and the other tab shows it", async () => {
    const of = await acme();
    await of.api.logIn(of.email, PASSWORD);
    const { page, context } = await tab({ as: of.api });
    const other = await context.newPage();
    await page.goto("/t/live-works/members");
    await other.goto("/t/live-works/members");
    await other.getByRole("heading", { name: "Open invitations" }).waitFor();
    const asked = count(page, "inviteMember");
    await page.getByRole("button", { name: "Invite", exact: true }).click();
    await page.getByLabel("E-mail address").fill("twice@example.com");
    await page.getByRole("button", { name: "Send invitation" }).dblclick();
    await other.getByRole("table", { name: "Open invitations" }).getByText("twice@example.com").waitFor();
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    assert.equal(asked(), 1);
    const { tenant } = await of.api.ask(
      "query($t: ID!) { tenant(id: $t) { invitations(first: 50) { nodes { email } } } }",
      { t: of.tenantId },
    );
    const emails = (tenant.invitations.nodes as { email: string }[]).map((i) => i.email);
    assert.equal(emails.filter((email) => email === "twice@example.com").length, 1);
    await context.close();
  });

  test("a double click creates once; the other tab shows it, and that it is deleted again", async () => {
    const of = await acme();
    await of.api.logIn(of.email, PASSWORD);
    const { page, context } = await tab({ as: of.api });
    const other = await context.newPage();
    await other.goto("/t/live-works");
    await other.getByText("live-one").first().waitFor();
    const still = await mark(other);
    await page.goto("/t/live-works/instances/new");
    const asked = count(page, "createInstance");
    await page.getByLabel("Name of your n8n").fill("Live twice");
    await page.getByText("Free:").waitFor();
    await page.getByRole("button", { name: "Create instance" }).dblclick();
    await page.getByRole("heading", { name: "Live twice" }).waitFor();
    await other.getByRole("link", { name: "Live twice", exact: true }).waitFor();
    assert.equal(asked(), 1);
    const query = "query($t: ID!) { tenant(id: $t) { instances(first: 50) { nodes { id name slug } } } }";
    const { tenant } = await of.api.ask(query, { t: of.tenantId });
    const twice = (tenant.instances.nodes as { id: string; name: string; slug: string }[]).filter(
      (i) => i.name === "Live twice",
    );
    assert.equal(twice.length, 1);
    const [only] = twice;
    assert.ok(only);
    await remove(of, only);
    await page.getByText("This instance is deleted").waitFor({ timeout: 120_000 });
    await other.getByRole("link", { name: "Live twice", exact: true }).waitFor({ state: "hidden" });
    await still();
    await context.close();
  });

  test("an instance that is deleted elsewhere goes from its open page", async () => {
    const of = await acme();
    const { page, context } = await tab({ as: of.api });
    await page.goto(`/t/live-works/instances/${of.running.id}`);
    await page.getByRole("heading", { name: "live-one" }).waitFor();
    await page.getByText("It is stopped").waitFor();
    const still = await mark(page);
    await remove(of, of.running);
    await page.getByText("Its data is gone and its address is free again.").waitFor({ timeout: 120_000 });
    await still();
    await page.getByRole("link", { name: "To the instances" }).click();
    await page.getByRole("heading", { name: "No instance yet" }).waitFor();
    await context.close();
  });
});

async function remove(of: Acme, { id, slug }: { id: string; slug: string }): Promise<void> {
  await of.api.ask(
    "mutation($i: DeleteInstanceInput!) { deleteInstance(input: $i) { problem { message } } }",
    {
      i: { tenantId: of.tenantId, id, confirmSlug: slug, immediately: true },
    },
  );
}
