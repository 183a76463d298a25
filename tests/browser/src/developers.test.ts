/** Keys, webhooks, roles, audit and support access: made in the portal, and they do what it says. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { promisify } from "node:util";
import type { Page } from "playwright-core";
import type { Api } from "./api.ts";
import { expect } from "./expect.ts";
import { inspect } from "./look.ts";
import { member } from "./people.ts";
import { Receiver } from "./receiver.ts";
import { organisation, PASSWORD, person, type Tab, tab, world } from "./world.ts";

const run = promisify(execFile);

/** Asks the API with a key instead of a session. */
async function withKey(key: string, query: string, variables: object) {
  const { product } = await world();
  const response = await fetch(`${product.portal}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
    body: JSON.stringify({ query, variables }),
  });
  // biome-ignore lint/suspicious/noExplicitAny: an answer's form is its query's
  return { status: response.status, answer: (await response.json()) as any };
}

const NAMES = "query($t: ID!) { tenant(id: $t) { name instances(first: 5) { nodes { id } } } }";

/** Takes the secret that is shown once, and says that it is saved. */
async function takeSecret(page: Page): Promise<string> {
  const dialog = page.getByRole("dialog");
  const secret = (await dialog.getByTestId("secret").last().textContent()) ?? "";
  const close = dialog.getByRole("button", { name: "Done" });
  assert.ok(await close.isDisabled(), "a secret can be clicked away unsaved");
  await page.keyboard.press("Escape");
  assert.ok(await dialog.isVisible(), "Escape ends it");
  await dialog.getByLabel("I have saved it").check();
  await close.click();
  await dialog.waitFor({ state: "hidden" });
  return secret;
}

describe("for developers", { timeout: 600_000 }, () => {
  let owner: Api;
  let address: string;
  let tenantId: string;
  let at: Tab;
  let page: Page;
  let receiver: Receiver;

  const here = async (path: string, heading: string | RegExp) => {
    await page.goto(`/t/devs${path}`);
    await page.getByRole("heading", { name: heading, level: 1 }).waitFor();
  };
  const look = async (name: string) => {
    await inspect(page, name);
    assert.deepEqual(at.faults.splice(0), [], `${name}: errors in the browser`);
  };
  /** Makes a key in the portal. */
  const makeKey = async (name: string, rights: readonly string[]): Promise<string> => {
    await here("/developers", "API keys");
    await page.getByRole("button", { name: "New key" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Name").fill(name);
    for (const right of rights) await dialog.getByRole("checkbox", { name: right }).check();
    await dialog.getByRole("button", { name: /Create key/ }).click();
    await page.getByText("Your new key").waitFor();
    return takeSecret(page);
  };

  before(async () => {
    await world();
    const { api, email } = await person("Dora Developer");
    owner = api;
    address = email;
    tenantId = await organisation(api, "Devs Ltd", "devs", "pro");
    receiver = await Receiver.start();
    at = await tab({ as: api });
    page = at.page;
  });

  // Making keys needs a log-in of the last minutes, and each test takes some.
  beforeEach(async () => {
    await owner.logIn(address, PASSWORD);
    const [name, value] = owner.cookie.split("=") as [string, string];
    const { product } = await world();
    await at.context.addCookies([{ name, value, url: product.portal, httpOnly: true, sameSite: "Lax" }]);
  });

  after(async () => {
    receiver?.stop();
    await at?.context.close();
  });

  test("a key is made, used, and refused once it is revoked", async () => {
    await here("/developers", "API keys");
    await page.getByText("No keys yet").waitFor();
    await look("dev keys empty");
    await page.getByRole("button", { name: "New key" }).click();
    await page.getByRole("dialog").getByRole("checkbox", { name: "instance:view" }).waitFor();
    await look("dev new key dialog");
    await page.keyboard.press("Escape");

    const key = await makeKey("nightly report", ["tenant:view", "instance:view"]);
    const good = await withKey(key, NAMES, { t: tenantId });
    assert.equal(good.answer.data?.tenant.name, "Devs Ltd", JSON.stringify(good.answer));
    const more = await withKey(key, "query($t: ID!) { tenant(id: $t) { members { nodes { name } } } }", {
      t: tenantId,
    });
    assert.equal(more.answer.errors?.[0].extensions.code, "FORBIDDEN", JSON.stringify(more.answer));
    assert.equal(more.answer.errors?.[0].extensions.access?.missing, "member:view");

    await here("/developers", "API keys");
    const card = page.getByRole("listitem").filter({ hasText: "nightly report" });
    await card.getByText("2 rights").click();
    await look("dev keys");
    await card.getByRole("button", { name: "Revoke nightly report" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Revoke key" }).click();
    await card.getByText("Revoked").waitFor();
    await expect("the key is refused", async () => {
      const { answer } = await withKey(key, NAMES, { t: tenantId });
      return answer.errors?.[0].extensions.code === "UNAUTHENTICATED";
    });
  });

  test("rotating leaves both secrets working for the overlap", async () => {
    const old = await makeKey("deploy", ["tenant:view", "instance:view"]);
    const card = page.getByRole("listitem").filter({ hasText: "deploy" });
    await card.getByRole("button", { name: "Rotate deploy" }).first().click();
    await page.getByRole("dialog").getByLabel("One hour").check();
    await page.getByRole("dialog").getByRole("button", { name: "Rotate key" }).click();
    await page.getByText("Your new key").waitFor();
    const fresh = await takeSecret(page);
    assert.notEqual(fresh, old);
    for (const key of [old, fresh]) {
      const { answer } = await withKey(key, NAMES, { t: tenantId });
      assert.equal(answer.data?.tenant.name, "Devs Ltd", JSON.stringify(answer));
    }
  });

  test("a service account gets tokens with the secret of the portal", async () => {
    await here("/developers/service-accounts", "Service accounts");
    await page.getByRole("button", { name: "New service account" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Name").fill("billing bridge");
    await dialog.getByRole("radio", { name: "Viewer" }).check();
    await dialog.getByRole("button", { name: "Create account" }).click();
    await page.getByRole("button", { name: "Add secret to billing bridge" }).click();
    await dialog.getByRole("button", { name: "Add secret" }).click();
    await page.getByText("Your new client secret").waitFor();
    const id = (await dialog.getByTestId("secret").first().textContent()) ?? "";
    const secret = await takeSecret(page);
    const { product } = await world();
    const response = await fetch(`${product.portal}/oauth/token`, {
      method: "POST",
      headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}` },
      body: new URLSearchParams({ grant_type: "client_credentials" }),
    });
    const token = (await response.json()) as { access_token?: string };
    assert.ok(token.access_token, JSON.stringify(token));
    const { answer } = await withKey(token.access_token, NAMES, { t: tenantId });
    assert.equal(answer.data?.tenant.name, "Devs Ltd", JSON.stringify(answer));
    await look("dev service accounts");
  });

  test("a webhook is tried out, and its deliveries are there to see", async () => {
    await here("/developers/webhooks", "Webhooks");
    await page.getByText("No endpoints yet").waitFor();
    await look("dev webhooks empty");
    await page.getByRole("button", { name: "New endpoint" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Address").fill(receiver.url);
    await dialog.getByRole("radio", { name: "Only some" }).check();
    await dialog.getByRole("checkbox").first().waitFor();
    await look("dev new webhook dialog");
    await dialog.getByRole("radio", { name: /^All/ }).check();
    await dialog.getByRole("button", { name: "Create endpoint" }).click();
    await page.getByText("Your endpoint's secret").waitFor();
    await look("dev secret");
    const secret = await takeSecret(page);
    assert.match(secret, /^whsec_/);

    await page.getByRole("link", { name: receiver.url }).click();
    await page.getByRole("button", { name: "Send a test event" }).click();
    await dialog.getByRole("button", { name: "Send" }).click();
    await expect("the receiver has it", async () => receiver.got.length > 0);
    const { headers, body } = receiver.got[0] ?? { headers: {}, body: "" };
    const signed = createHmac("sha256", Buffer.from(secret.replace("whsec_", ""), "base64"))
      .update(`${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`)
      .digest("base64");
    assert.equal(headers["webhook-signature"], `v1,${signed}`);

    const row = page.getByRole("row").filter({ hasText: "Delivered" });
    await row.first().waitFor();
    await look("dev webhook");
    await row.first().getByRole("button", { name: /^Open/ }).click();
    await dialog.getByText("thanks").waitFor();
    await look("dev delivery");
    await dialog.getByRole("button", { name: "Send again" }).click();
    await expect("it came once more", async () => receiver.got.length > 1);
    assert.equal(receiver.got[1]?.headers["webhook-id"], headers["webhook-id"], "a replay has the same id");
    await page.keyboard.press("Escape");
  });

  test("a role of the organisation's own counts at once, and the reasons are told", async () => {
    const { api, name } = await member(owner, tenantId, "VIEWER");
    await here("/roles", "Roles");
    await page.getByText("No roles of your own yet").waitFor();
    await look("roles empty");
    await page.getByRole("button", { name: "New role" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Name").fill("Operators");
    await dialog.getByRole("button", { name: "Viewer" }).click();
    await dialog.getByRole("checkbox", { name: "instance:operate" }).check();
    await look("roles new dialog");
    await dialog.getByRole("button", { name: "Create role" }).click();
    await page.getByRole("heading", { name: "Operators" }).waitFor();
    await look("roles");

    const rights = "query($t: ID!) { tenant(id: $t) { viewerRights } }";
    const may = async (right: string) =>
      ((await api.ask(rights, { t: tenantId })).tenant.viewerRights as string[]).includes(right);
    assert.equal(await may("instance:operate"), false);
    await here("/members", "Members");
    await page.getByRole("combobox", { name: `Role of ${name}` }).click();
    await page.getByRole("option", { name: "Operators" }).click();
    await expect("the role counts", () => may("instance:operate"));

    await here("/roles/explain", /Why can/);
    await page.getByRole("combobox", { name: "Who" }).click();
    await page.getByRole("option", { name: new RegExp(name) }).click();
    await page.getByRole("combobox", { name: "May do what" }).fill("instance:delete");
    await page.getByRole("option", { name: /instance:delete/ }).click();
    await page.getByRole("heading", { name: "Not allowed" }).waitFor();
    await page.getByRole("row").filter({ hasText: "Who can give it" }).getByText("Dora Developer").waitFor();
    await look("explain denied");
    await page.getByRole("combobox", { name: "May do what" }).fill("instance:operate");
    await page.getByRole("option", { name: /instance:operate/ }).click();
    await page.getByRole("heading", { name: "Allowed", exact: true }).waitFor();

    await here("/roles", "Roles");
    await page.getByRole("button", { name: "Delete Operators" }).click();
    await dialog.getByText("1 member holds it").waitFor();
    await dialog.getByRole("button", { name: "Delete", exact: true }).click();
    await dialog.getByRole("alert").waitFor();
    await page.keyboard.press("Escape");
  });

  test("the audit has all of it", async () => {
    await here("/audit", "Audit");
    const table = page.getByRole("table", { name: "Records" });
    await table.getByRole("row").nth(3).waitFor();
    await look("audit");
    await page.getByLabel("What", { exact: true }).fill("role.created");
    await expect("only what was asked for", async () => {
      const rows = await table.getByRole("row").count();
      return rows === 2 && (await table.getByText("role.created").count()) === 1;
    });
    await table.getByRole("button", { name: /^Open record/ }).click();
    const drawer = page.getByRole("dialog");
    await drawer.getByText(/instance:operate/).waitFor();
    await look("audit record");
    await page.keyboard.press("Escape");
    await here("/audit/settings", "Keeping and streaming");
    await page.getByText("Public key").first().waitFor();
    await look("audit settings");
    await page.getByRole("button", { name: "New stream" }).click();
    await drawer.getByLabel("Where to").fill(receiver.url);
    await look("audit new stream dialog");
    await drawer.getByRole("button", { name: "Create stream" }).click();
    await page.getByText("Your stream's secret").waitFor();
    await takeSecret(page);
    // A stream begins after the record of its own making: what happens from now on is sent.
    const role = { tenantId, name: "Readers", rights: ["tenant:view"] };
    await owner.ask("mutation($i: CreateRoleInput!) { createRole(input: $i) { problem { code } } }", {
      i: role,
    });
    // The receiver gets webhooks too.
    await expect("the trail comes to the receiver", async () =>
      receiver.got.some(({ body }) => JSON.parse(body).type === "audit.records"),
    );
    await page.getByRole("button", { name: `Delete the stream to ${receiver.url}` }).click();
    await drawer.getByRole("button", { name: "Delete", exact: true }).click();
    await page.getByText("The trail goes nowhere else yet.").waitFor();
  });

  test("support looks in by consent, and no longer than that", async () => {
    const { operator } = await world();
    const staff = await tab({ as: operator });
    await staff.page.goto(`/t/${tenantId}`);
    await staff.page.getByText("There is no access to this organisation.").waitFor();
    staff.faults.splice(0);

    await here("/support", "Support access");
    await page.getByText("Nobody of the platform has access").waitFor();
    await look("support empty");
    await page.getByRole("button", { name: "Give access" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("What it is for").fill("An instance does not start, please look.");
    await look("support dialog");
    await dialog.getByRole("button", { name: "Give access" }).click();
    await page.getByText("Active", { exact: true }).waitFor();
    await page.reload();
    await page.getByText(/Platform support can look into/).waitFor();
    await look("support active");

    await staff.page.goto("/admin/support");
    await staff.page.getByRole("link", { name: "Look in at Devs Ltd" }).waitFor();
    await inspect(staff.page, "admin support");
    await staff.page.getByRole("link", { name: "Look in at Devs Ltd" }).click();
    await staff.page.getByText("You look at Devs Ltd as platform support.").waitFor();
    await staff.page.getByRole("heading", { name: "Instances", level: 1 }).waitFor();
    assert.equal(await staff.page.getByRole("link", { name: "New instance" }).count(), 0, "it is read-only");
    await inspect(staff.page, "support visit");
    const refused = await operator
      .ask("mutation($i: CreateRoleInput!) { createRole(input: $i) { problem { code } } }", {
        i: { tenantId, name: "Mine", rights: ["tenant:view"] },
      })
      .then(
        () => "",
        (error) => String(error),
      );
    assert.match(refused, /FORBIDDEN/);

    await page.getByRole("button", { name: "End it now" }).click();
    await dialog.getByRole("button", { name: "End access" }).click();
    await page.getByText("Revoked", { exact: true }).waitFor();
    await staff.page.getByText("There is no access to this organisation.").waitFor({ timeout: 10_000 });
    await staff.context.close();
    await here("/audit", "Audit");
    await page
      .getByRole("table", { name: "Records" })
      .getByText("support", { exact: false })
      .first()
      .waitFor();
  });

  test("the glass is broken loudly", async () => {
    const { operator } = await world();
    const staff = await tab({ as: operator });
    await staff.page.goto(`/admin/tenants/${tenantId}`);
    await staff.page.getByRole("button", { name: "Break the glass…" }).click();
    const dialog = staff.page.getByRole("dialog");
    const confirm = dialog.getByRole("button", { name: "Break the glass" });
    await dialog
      .getByLabel("What is the emergency?")
      .fill("Their instance attacks others, owners don't answer.");
    assert.ok(await confirm.isDisabled(), "without the typed name");
    await inspect(staff.page, "admin break glass");
    await dialog.getByLabel(/Type devs/).fill("devs");
    await confirm.click();
    await staff.page.getByText("You look at Devs Ltd as platform support.").waitFor();
    await here("", "Instances");
    await page.getByText(/broke the glass/).waitFor();
    await here("/support", "Support access");
    await page.getByText("Access without your consent").waitFor();
    await look("support broken glass");
    const glass = page.getByRole("listitem").filter({ hasText: "Access without your consent" });
    await glass.getByRole("button", { name: "End it now" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "End access" }).click();
    await staff.page.getByText("There is no access to this organisation.").waitFor({ timeout: 10_000 });
    await staff.page.goto("/admin/audit");
    await staff.page.getByRole("table", { name: "Records" }).getByRole("row").nth(1).waitFor();
    await inspect(staff.page, "admin audit");
    await staff.context.close();
  });

  test("limits and the changelog are there, and the examples run as they are", async () => {
    await here("/developers/limits", "Rate limits");
    await page
      .getByText(/ of [\d,]+ used/)
      .first()
      .waitFor();
    await look("dev limits");
    await here("/developers/changelog", "Changelog of the API");
    await look("dev changelog");
    await here("/developers/graphiql", "GraphiQL");
    // It takes a moment until its editor has read the query.
    await expect("it answers with the viewer's rights", async () => {
      await page.getByRole("button", { name: /Execute/ }).click();
      await page.locator(".result-window").getByText('"Devs Ltd"').waitFor({ timeout: 2_000 });
      return true;
    });
    await look("dev graphiql");
    const key = await makeKey("examples", ["tenant:view", "instance:view"]);

    await here("/developers/examples", "Examples");
    await look("dev examples");
    const dir = await mkdtemp(join(tmpdir(), "tenantry-examples-"));
    const environment = { ...process.env, TENANTRY_API_KEY: key };
    const code = async (language: string, task: string) => {
      await page.getByText(language, { exact: true }).click();
      return (await page.getByRole("group", { name: task }).textContent()) ?? "";
    };
    const id = (await owner.ask("query($t: ID!) { tenant(id: $t) { id } }", { t: tenantId })).tenant.id;
    try {
      const list = "List instances";
      const curl = await run("bash", ["-c", await code("curl", list)], { env: environment });
      assert.deepEqual(JSON.parse(curl.stdout).data.tenant.instances.nodes, [], id);
      await writeFile(join(dir, "list.mts"), await code("TypeScript", list));
      const typescript = await run(process.execPath, [join(dir, "list.mts")], { env: environment });
      assert.match(typescript.stdout, /^\[\]/);
      await writeFile(join(dir, "list.py"), await code("Python", list));
      const python = await run("python3", [join(dir, "list.py")], { env: environment });
      assert.match(python.stdout, /^\[\]/);

      // A delivery, genuine and changed, through each of the verifiers.
      const secret = `whsec_${Buffer.from("a secret of some length, of 32 b").toString("base64")}`;
      const body = '{"type":"instance.ready"}';
      const timestamp = String(Math.floor(Date.now() / 1000));
      const signature = createHmac("sha256", Buffer.from(secret.slice(6), "base64"))
        .update(`msg_1.${timestamp}.${body}`)
        .digest("base64");
      const headers = JSON.stringify({
        "webhook-id": "msg_1",
        "webhook-timestamp": timestamp,
        "webhook-signature": `v1,bm8= v1,${signature}`,
      });
      const verify = "Verify a webhook";
      await writeFile(
        join(dir, "verify.mts"),
        `${await code("TypeScript", verify)}
console.log(verify("${secret}", ${headers}, '${body}'), verify("${secret}", ${headers}, '${body} '));`,
      );
      assert.equal((await run(process.execPath, [join(dir, "verify.mts")])).stdout, "true false\n");
      await writeFile(
        join(dir, "verify.py"),
        `${await code("Python", verify)}
print(verify("${secret}", ${headers}, b'${body}'), verify("${secret}", ${headers}, b'${body} '))`,
      );
      assert.equal((await run("python3", [join(dir, "verify.py")])).stdout, "True False\n");
      await writeFile(join(dir, "body.json"), body);
      const shell = (await code("curl", verify)).replaceAll("body.json", join(dir, "body.json"));
      const env = {
        ...process.env,
        WEBHOOK_SECRET: secret,
        WEBHOOK_ID: "msg_1",
        WEBHOOK_TIMESTAMP: timestamp,
        WEBHOOK_SIGNATURE: `v1,bm8= v1,${signature}`,
      };
      assert.equal((await run("bash", ["-c", shell], { env })).stdout, "genuine\n");
      await writeFile(join(dir, "body.json"), `${body} `);
      await assert.rejects(run("bash", ["-c", shell], { env }), /forged|Command failed/);
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  });
});
