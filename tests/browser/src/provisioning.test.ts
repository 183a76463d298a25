/** A directory (SCIM) is connected, describes people and groups, and is disconnected. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Page } from "playwright-core";
import type { Api } from "./api.ts";
import { tabTo, type } from "./keyboard.ts";
import { glance } from "./look.ts";
import { member } from "./people.ts";
import { unanswered } from "./unanswered.ts";
import { mailedLink, organisation, person, type Tab, tab, world } from "./world.ts";

const PAGE = "/t/directory/security/provisioning";
const SCHEMAS = "urn:ietf:params:scim:schemas:core:2.0";
const PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

describe("a directory", { timeout: 600_000 }, () => {
  let owner: Api;
  let tenantId: string;
  let at: Tab;
  let page: Page;
  let base: string;
  let token: string;
  /** Of the person whom it describes. */
  let user: string;

  const main = () => page.getByRole("main");
  const region = (name: string) => page.getByRole("region", { name, exact: true });
  const dialog = () => page.getByRole("dialog");
  const press = (key: string) => page.keyboard.press(key);
  const open = async () => {
    await page.goto(PAGE);
    await region("People").waitFor();
  };
  const look = async (name: string, of: Tab = at) => {
    // Nothing is pointed at, and it is seen from its top: what sticks there would be in the middle of the picture.
    await of.page.mouse.move(0, 0);
    await of.page.evaluate(() => window.scrollTo(0, 0));
    await glance(of.page, name);
    assert.deepEqual(of.faults.splice(0), [], `${name}: errors in the browser`);
  };
  /** As the directory asks: by the address and with the token that the page has shown. */
  const scim = async (method: string, path: string, body?: object) => {
    const answer = await fetch(base + path, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/scim+json" },
      body: body && JSON.stringify(body),
    });
    return { status: answer.status, body: (await answer.json()) as { id: string } };
  };
  const isShown = (state: string) =>
    region("People")
      .getByRole("listitem")
      .filter({ hasText: "uma" })
      .getByText(state, { exact: true })
      .waitFor();

  before(async () => {
    const { product } = await world();
    const { api } = await person("Dora Directory");
    owner = api;
    tenantId = await organisation(api, "Directory Ltd", "directory", "pro");
    at = await tab({ as: api });
    page = at.page;
    await at.context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: product.portal });
  });

  after(async () => {
    await at?.context.close();
  });

  test("it is connected, and its token is shown once", async () => {
    await unanswered(page, PAGE, "Provisioning", "provisioning");
    at.faults.splice(0);
    await main().getByText("Not connected").waitFor();
    await region("Tokens").getByText("No tokens yet.").waitFor();
    await region("Groups").getByText("The directory has sent no groups yet.").waitFor();
    await region("People").getByText("The directory has sent nobody yet.").waitFor();
    await look("provisioning off");

    await tabTo(page, /^Connect a directory$/);
    await press("Enter");
    await main().getByText("Connected", { exact: true }).waitFor();
    await main().getByRole("button", { name: "Copy the base URL" }).click();
    base = await page.evaluate(() => navigator.clipboard.readText());
    const { product } = await world();
    assert.equal(base, `${product.portal}/scim/v2`);

    await tabTo(page, /^New token$/);
    await press("Enter");
    await dialog().waitFor();
    await tabTo(page, /^Create token$/);
    await press("Enter");
    await dialog().getByLabel("Name").and(page.locator("[aria-invalid=true]:focus")).waitFor();
    await look("provisioning new token");
    await type(page, /^Name$/, "Entra ID");
    await press("Enter");
    await dialog().getByText("Your new token").waitFor();
    token = (await dialog().getByTestId("secret").textContent()) ?? "";
    assert.match(token, /^tnt_scm_/);
    await look("provisioning token made");
    await press("Escape");
    await tabTo(page, /^I have saved it$/);
    await press("Space");
    await tabTo(page, /^Done$/);
    await press("Enter");
    await dialog().waitFor({ state: "hidden" });
    await region("Tokens").getByText("Active", { exact: true }).waitFor();
    await open();
    await region("Tokens").getByText("Entra ID").waitFor();
    await region("Tokens")
      .getByText(/never used/)
      .waitFor();
    assert.ok(!(await page.content()).includes(token), "the page shows it no more");
  });

  test("whom it describes is invited, and is what their group means", async () => {
    const made = await scim("POST", "/Users", {
      schemas: [`${SCHEMAS}:User`],
      userName: "uma",
      name: { givenName: "Uma", familyName: "User" },
      emails: [{ value: "uma.user@example.com", primary: true }],
    });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    user = made.body.id;
    const group = await scim("POST", "/Groups", {
      schemas: [`${SCHEMAS}:Group`],
      displayName: "Engineers",
      members: [{ value: user }],
    });
    assert.equal(group.status, 201, JSON.stringify(group.body));
    await open();
    await isShown("Invited");
    await region("Groups").getByText("1 person").waitFor();

    const role = region("Groups").getByRole("combobox", { name: "Role of Engineers" });
    await tabTo(page, /^Role of Engineers$/);
    await press("ArrowDown");
    await page.getByRole("option", { name: "Developer" }).click();
    await dialog().getByText("Change the role of Engineers?").waitFor();
    await look("provisioning group role");
    await press("Escape");
    await dialog().waitFor({ state: "hidden" });
    assert.equal(await role.inputValue(), "No role");
    await role.click();
    await page.getByRole("option", { name: "Developer" }).click();
    await dialog().getByRole("button", { name: "Change role" }).click();
    await page.getByText("The role of Engineers is changed.").waitFor();
    await dialog().waitFor({ state: "hidden" });
    assert.equal(await role.inputValue(), "Developer");

    const uma = await person("Uma User", "uma.user@example.com");
    const invitation = (await mailedLink(uma.email, "/invitation")).split("token=")[1];
    await uma.api.ask("mutation($t: String!) { acceptInvitation(token: $t) { problem { message } } }", {
      t: invitation,
    });
    const { tenant } = await uma.api.ask("query($t: ID!) { tenant(id: $t) { viewerRole } }", { t: tenantId });
    assert.equal(tenant.viewerRole, "DEVELOPER");
    await open();
    await isShown("Member");
    await region("Tokens")
      .getByText(/last used (now|\d)/)
      .waitFor();
    await look("provisioning");

    const out = await scim("PATCH", `/Users/${user}`, {
      schemas: [PATCH],
      Operations: [{ op: "replace", path: "active", value: false }],
    });
    assert.equal(out.status, 200, JSON.stringify(out.body));
    await open();
    await isShown("Deactivated");
    // The account is in no other organisation: its sessions are over too.
    assert.equal((await uma.api.ask("{ viewer { id } }")).viewer, null);
  });

  test("a token is revoked, and the directory disconnected", async () => {
    await region("Tokens").getByRole("button", { name: "Revoke Entra ID" }).click();
    await dialog().getByText("Revoke Entra ID?").waitFor();
    await look("provisioning revoke");
    await dialog().getByRole("button", { name: "Revoke" }).click();
    await page.getByText("Entra ID is revoked.").waitFor();
    await region("Tokens").getByText("Revoked", { exact: true }).waitFor();
    assert.equal((await scim("GET", `/Users/${user}`)).status, 401);

    const { createProvisioningToken } = await owner.ask(
      "mutation($i: CreateProvisioningTokenInput!) { createProvisioningToken(input: $i) { secret problem { message } } }",
      { i: { tenantId, name: "Okta" } },
    );
    token = createProvisioningToken.secret;
    assert.equal((await scim("GET", `/Users/${user}`)).status, 200);
    await main().getByRole("button", { name: "Disconnect" }).click();
    await dialog().getByText("Disconnect the directory?").waitFor();
    await look("provisioning disconnect");
    await dialog().getByRole("button", { name: "Cancel" }).last().click();
    await dialog().waitFor({ state: "hidden" });
    assert.equal((await scim("GET", `/Users/${user}`)).status, 200, "nothing was done");
    await main().getByRole("button", { name: "Disconnect" }).click();
    await dialog().getByRole("button", { name: "Disconnect" }).click();
    await main().getByText("Not connected").waitFor();
    assert.equal((await scim("GET", `/Users/${user}`)).status, 401);
    await look("provisioning disconnected");
  });

  test("whoever may not see it is told so", async () => {
    const viewer = await tab({ as: (await member(owner, tenantId, "VIEWER")).api });
    await viewer.page.goto(PAGE);
    await viewer.page.getByText("Your role does not show this").waitFor();
    await look("provisioning forbidden", viewer);
    await viewer.context.close();
  });
});
