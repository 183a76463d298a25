/** Single sign-on, from an owner's first connection to whoever comes in by it, at a real provider. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Page } from "playwright-core";
import type { Api } from "./api.ts";
import { tabTo, type } from "./keyboard.ts";
import { glance } from "./look.ts";
import { logIn, logOut } from "./people.ts";
import { type Client, Provider } from "./provider.ts";
import { unanswered } from "./unanswered.ts";
import { organisation, person, type Tab, tab, world } from "./world.ts";

const SECRET = "a-secret-of-the-client";
const BASE = "/t/acme/security/sso";

async function browser(as?: Api): Promise<Tab> {
  const opened = await tab({ as });
  await Provider.seenBy(opened.context);
  return opened;
}

describe("single sign-on", { timeout: 600_000 }, () => {
  let owner: Api;
  let tenantId: string;
  let provider: Provider;
  /** Had an account before. */
  let ben: Api;
  let at: Tab;
  let page: Page;

  const main = () => page.getByRole("main");
  const region = (name: string) => page.getByRole("region", { name, exact: true });
  const dialog = () => page.getByRole("dialog");
  const press = (key: string) => page.keyboard.press(key);
  const look = async (name: string, of: Tab = at) => {
    // Nothing is pointed at, and it is seen from its top: what sticks there would be in the middle of the picture.
    await of.page.mouse.move(0, 0);
    await of.page.evaluate(() => window.scrollTo(0, 0));
    await glance(of.page, name);
    assert.deepEqual(of.faults.splice(0), [], `${name}: errors in the browser`);
  };
  /** Of the connection whose page is open. */
  const connectionId = () => new URL(page.url()).pathname.split("/").at(-1);
  const overview = async () => {
    await page.goto(BASE);
    await page.getByRole("heading", { name: "Single sign-on", level: 1 }).waitFor();
  };
  const connection = async (name = "Acme") => {
    await overview();
    await main().getByRole("link", { name, exact: true }).click();
    await page.getByRole("heading", { name, level: 1 }).waitFor();
  };
  /** A value that the page shows for another form, by its button. */
  const copied = async (label: string) => {
    await main()
      .getByRole("button", { name: `Copy: ${label}` })
      .click();
    return page.evaluate(() => navigator.clipboard.readText());
  };
  const save = async (fields: Record<string, string>, of: Page = page) => {
    for (const [label, value] of Object.entries(fields))
      await of.getByLabel(label, { exact: true }).fill(value);
    await of.getByRole("button", { name: "Save", exact: true }).click();
    await of.getByText("The settings are saved. Test them next.").last().waitFor();
  };
  /** The field has the focus and is marked as wrong. */
  const refused = (label: string) =>
    page.getByLabel(label, { exact: true }).and(page.locator("[aria-invalid=true]:focus")).waitFor();
  const failsWith = async (reason: RegExp) => {
    const alert = region("Test").getByRole("alert").filter({ hasText: "The last test has failed" });
    await alert.filter({ hasText: reason }).waitFor();
  };
  /** On the log-in page, with the address of a company. */
  const signOn = async (there: Page, email: string) => {
    await there.goto("/log-in");
    await there.getByLabel("E-mail address").fill(email);
    await there.getByRole("button", { name: "Continue with single sign-on" }).click();
  };
  const isIn = async (there: Page) => {
    await there.waitForURL((url) => url.pathname === "/t/acme");
    await there.getByRole("heading", { name: "No instance yet" }).waitFor();
  };
  const roleOf = async (email: string): Promise<string> => {
    const { tenant } = await owner.ask(
      "query($t: ID!) { tenant(id: $t) { members(first: 20) { nodes { email role } } } }",
      { t: tenantId },
    );
    const members = tenant.members.nodes as { email: string; role: string }[];
    return members.find((member) => member.email === email)?.role ?? "none";
  };

  before(async () => {
    const { product } = await world();
    const { api } = await person("Otto Owner");
    owner = api;
    tenantId = await organisation(api, "Acme", "acme", "pro");
    at = await browser(api);
    page = at.page;
    await at.context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: product.portal });
  });

  after(async () => {
    await at?.context.close();
    await provider?.stop();
  });

  test("a connection is made by keyboard, and its test says what is wrong", async () => {
    await unanswered(page, BASE, "SingleSignOn", "sso");
    at.faults.splice(0);
    await main().getByText("No connection yet").waitFor();
    await main().getByText("No domain yet.").waitFor();
    await look("sso none");

    await tabTo(page, /^New connection$/);
    await press("Enter");
    await dialog().waitFor();
    await tabTo(page, /^Create$/);
    await press("Enter");
    await refused("Name");
    await page.keyboard.type("Acme");
    await look("sso new connection");
    await press("Enter");
    await page.getByRole("heading", { name: "Acme", level: 1 }).waitFor();
    await main().getByText("To be tested").waitFor();
    const enforcement = region("Enforcement");
    await enforcement.getByText("A test of these settings has to pass first.").waitFor();
    await enforcement.getByText("A domain has to be proven first.").waitFor();
    assert.ok(await enforcement.getByRole("button", { name: "Enforce" }).isDisabled());
    await look("sso connection draft");

    await region("Test").getByRole("button", { name: "Test now" }).click();
    await region("Test").getByRole("alert").waitFor();

    // What the page shows is what the provider is told.
    const { product } = await world();
    const redirect = await copied("Redirect URI");
    assert.equal(redirect, `${product.portal}/oidc/callback/${connectionId()}`);
    const backChannel = await copied("Back-channel logout URI (if it offers that)");
    assert.equal(backChannel, redirect.replace("callback", "back-channel-logout"));
    const client = (id: string, redirect: string): Client => ({
      client_id: id,
      client_secret: SECRET,
      redirect_uris: [redirect],
      post_logout_redirect_uris: [`${product.portal}/log-in`],
    });
    provider = await Provider.start([
      {
        ...client("acme", redirect),
        backchannel_logout_uri: backChannel,
        backchannel_logout_session_required: true,
      },
      client("spare", `${product.portal}/oidc/callback`),
    ]);

    await type(page, /^Issuer$/, "no address at all");
    await tabTo(page, /^Save$/);
    await press("Enter");
    await refused("Issuer");
    await look("sso issuer refused");
    // It is spelt otherwise by the provider.
    await save({ Issuer: `${provider.issuer}/`, "Client ID": "acme", "Client secret": "not-the-secret" });
    await region("Test").getByRole("button", { name: "Test now" }).click();
    await failsWith(/issuer_of_metadata/);
    await look("sso test failed");

    await save({ Issuer: provider.issuer });
    await region("Test").getByRole("button", { name: "Test now" }).click();
    await provider.refuse(page);
    await failsWith(/provider_said.*access_denied/);
    await region("Test").getByRole("button", { name: "Test now" }).click();
    await provider.logIn(page, "ada");
    await failsWith(/tokens_refused.*invalid_client/);

    await save({ "Client secret": SECRET });
    assert.equal(await page.getByLabel("Client secret", { exact: true }).inputValue(), "");
    await region("Test").getByRole("button", { name: "Test now" }).click();
    await region("Test").getByText("The last test has passed.").waitFor();
    for (const said of ["ada", "ada@acme.example", "ada of Acme", "engineering"]) {
      await region("Test").getByRole("cell", { name: said, exact: true }).waitFor();
    }
    await main().getByText("In use").waitFor();
    await enforcement.getByText("A domain has to be proven first.").waitFor();
    assert.ok(await enforcement.getByRole("button", { name: "Enforce" }).isDisabled(), "without a domain");
    await look("sso test passed");
  });

  test("a domain is proven by its record", async () => {
    await overview();
    await type(page, /^Domain of your people's addresses$/, "no domain");
    await press("Enter");
    await refused("Domain of your people's addresses");
    await page.getByLabel("Domain of your people's addresses").fill("acme.example");
    await press("Enter");
    await region("Domains").getByText("To be proven").waitFor();
    await region("Domains").getByRole("button", { name: "Check now" }).click();
    await region("Domains")
      .getByText(/The record is not there yet/)
      .waitFor();
    await look("sso domain without record");
    const { names } = await world();
    names.publish(await copied("TXT record, name"), await copied("TXT record, value"));
    await region("Domains").getByRole("button", { name: "Check now" }).click();
    await region("Domains").getByText("Proven", { exact: true }).waitFor();
    await look("sso overview");
  });

  test("somebody new comes in by their address, as what their group means, and leaves at both ends", async () => {
    await connection();
    await tabTo(page, /^Add a group$/);
    await press("Enter");
    await page.keyboard.press("Shift+Tab");
    await type(page, /^Group 1$/, "engineering");
    await tabTo(page, /^Role 1$/);
    await page.keyboard.type("Developer");
    await look("sso people");
    await tabTo(page, /^Save people$/);
    await press("Enter");
    await page.getByText("It counts at the next log-in.").waitFor();

    const cleo = await browser();
    const there = cleo.page;
    await signOn(there, "");
    await there.getByText(/Enter your e-mail address above/).waitFor();
    await signOn(there, "cleo@elsewhere.example");
    await there.getByText("There is no single sign-on for this address.", { exact: false }).waitFor();
    await look("sso log-in none", cleo);
    await signOn(there, "cleo@acme.example");
    await provider.asksWho(there, "cleo@acme.example");
    await provider.refuse(there);
    await there.getByText("The identity provider did not let you in").waitFor();
    await look("sso log-in denied", cleo);

    await signOn(there, "cleo@acme.example");
    await provider.logIn(there, "cleo");
    await isIn(there);
    await there.getByText("cleo of Acme").first().waitFor({ state: "attached" });
    assert.equal(await roleOf("cleo@acme.example"), "DEVELOPER");
    await there.goto(BASE);
    await there.getByText("Your role does not show single sign-on").waitFor();
    await look("sso forbidden", cleo);

    await logOut(there);
    await provider.logOut(there);
    await there.getByRole("heading", { name: "Log in", level: 1 }).waitFor();
    await there.goto("/t/acme");
    await there.waitForURL((url) => url.pathname === "/log-in");
    await signOn(there, "cleo@acme.example");
    await provider.asksWho(there);
    assert.deepEqual(cleo.faults, []);
    await cleo.context.close();
  });

  test("whoever has an account proves once that it is theirs", async () => {
    ({ api: ben } = await person("Ben Before", "ben@acme.example"));
    const email = "ben@acme.example";
    const stranger = await person("Sam Stranger");
    const theirs = await browser();
    const there = theirs.page;
    await signOn(there, email);
    await provider.logIn(there, "ben");
    await there.getByRole("heading", { name: "Is this account yours?" }).waitFor();
    await look("sso link prove", theirs);
    // Somebody else's account is not tied to it.
    await there.getByRole("main").getByRole("link", { name: "Log in" }).click();
    await logIn(there, stranger.email);
    await there.getByRole("button", { name: "Tie them together" }).click();
    await there.getByRole("button", { name: "Log out and log in anew" }).waitFor();
    await look("sso link other account", theirs);
    await there.getByRole("button", { name: "Log out and log in anew" }).click();
    await there.getByRole("heading", { name: "Log in", level: 1 }).waitFor();
    await logIn(there, email);
    await there.getByText(`You are logged in as ${email}.`, { exact: false }).waitFor();
    await look("sso link tie", theirs);
    await there.getByRole("button", { name: "Tie them together" }).click();
    await isIn(there);
    assert.equal(await roleOf(email), "DEVELOPER");
    assert.equal(await roleOf(stranger.email), "none");
    // Where the provider knows them already, nobody is asked anything.
    await theirs.context.clearCookies({ name: "tenantry_session" });
    await signOn(there, email);
    await isIn(there);
    assert.deepEqual(theirs.faults, []);
    await theirs.context.close();
  });

  test("who logs out at the provider is out here too, at once", async () => {
    const dana = await browser();
    const there = dana.page;
    await signOn(there, "dana@acme.example");
    await provider.logIn(there, "dana");
    await isIn(there);
    const elsewhere = await dana.context.newPage();
    await provider.endSession(elsewhere);
    // What they do next asks them who they are, and brings them back.
    await there.getByRole("link", { name: "Members" }).first().click();
    await there.waitForURL((url) => url.pathname === "/log-in");
    await look("sso logged out at the provider", dana);
    await signOn(there, "dana@acme.example");
    await provider.asksWho(there);
    await dana.context.close();
  });

  test("enforced, it is the only way in, but for the owner who is exempt", async () => {
    // The session by the password is good in the organisation too, so far.
    const { viewer } = await ben.ask("{ viewer { memberships { tenant { slug } } } }");
    assert.deepEqual(viewer.memberships, [{ tenant: { slug: "acme" } }]);
    await connection();
    const enforcement = region("Enforcement");
    await enforcement.getByRole("button", { name: "Enforce" }).click();
    await dialog()
      .getByRole("checkbox", { name: /Otto Owner/ })
      .uncheck();
    await dialog().getByRole("button", { name: "Enforce" }).click();
    await dialog().getByText("Nobody could come in if the provider were down.").waitFor();
    await look("sso enforce refused");
    await dialog()
      .getByRole("checkbox", { name: /Otto Owner/ })
      .check();
    await dialog().getByRole("button", { name: "Enforce" }).click();
    await page.getByText("Single sign-on is enforced.").waitFor();
    await main().getByText("Enforced", { exact: true }).waitFor();
    await enforcement.getByText("Without it come in: Otto Owner").waitFor();
    assert.ok(await page.getByLabel("Issuer", { exact: true }).isDisabled());
    await look("sso enforced");

    const member = await browser(ben);
    await member.page.goto("/t/acme/members");
    await member.page.getByRole("heading", { name: "Acme wants another way in" }).waitFor();
    await look("sso required", member);
    await member.page.getByRole("link", { name: "Go on with single sign-on" }).click();
    await provider.logIn(member.page, "ben");
    await member.page.getByRole("heading", { name: "Members", level: 1 }).waitFor();
    assert.equal(new URL(member.page.url()).pathname, "/t/acme/members");
    assert.deepEqual(member.faults, []);
    await member.context.close();

    // The owner goes on; the last domain stays for as long.
    await overview();
    await main().getByRole("button", { name: "Remove acme.example" }).click();
    await dialog().getByRole("button", { name: "Remove" }).click();
    await dialog().getByRole("alert").waitFor();
    await look("sso last domain");
    await press("Escape");
    await dialog().waitFor({ state: "hidden" });

    await connection();
    await enforcement.getByRole("button", { name: "Stop enforcing" }).click();
    await dialog().getByRole("button", { name: "Stop enforcing" }).click();
    await page.getByText("Single sign-on is not enforced any more.").waitFor();
    await main().getByText("In use").waitFor();
    const again = await browser(ben);
    await again.page.goto("/t/acme");
    await isIn(again.page);
    await again.context.close();
  });

  test("whoever has the link sets a connection up without an account, until it is taken back", async () => {
    await overview();
    await main().getByRole("button", { name: "New connection" }).click();
    await dialog().getByLabel("Name").fill("Spare");
    await dialog().getByRole("button", { name: "Create" }).click();
    await page.getByRole("heading", { name: "Spare", level: 1 }).waitFor();
    await main().getByRole("button", { name: "Make a link" }).click();
    const url = (await dialog().getByTestId("secret").textContent()) ?? "";
    await dialog().getByLabel("I have saved it").check();
    await dialog().getByRole("button", { name: "Done" }).click();
    await main().getByRole("button", { name: "End it now" }).waitFor();

    const it = await browser();
    const there = it.page;
    await there.goto("/sso/setup");
    await there.getByRole("heading", { name: "This link does not work" }).waitFor();
    await there.goto(url);
    await there.getByRole("heading", { name: "Set up Spare" }).waitFor();
    assert.equal(new URL(there.url()).hash, "", "the secret is not in the address bar");
    await save({ Issuer: provider.issuer, "Client ID": "spare", "Client secret": SECRET }, there);
    await there.getByRole("button", { name: "Test now" }).click();
    await provider.asksWho(there);
    // What is tested is not what is set any more.
    await owner.ask(
      "mutation($i: UpdateSsoConnectionInput!) { updateSsoConnection(input: $i) { problem { message } } }",
      {
        i: {
          tenantId,
          id: connectionId(),
          emailClaim: "email",
          nameClaim: "nickname",
          groupsClaim: "groups",
        },
      },
    );
    await provider.logIn(there, "ivy");
    await there.getByText("The connection was changed in the meantime").waitFor();
    await look("sso set-up changed", it);
    await there.getByRole("button", { name: "Test now" }).click();
    await there.getByText("The last test has passed.").waitFor();
    await there.getByRole("cell", { name: "ivy@acme.example" }).waitFor();
    await look("sso set-up", it);

    await page.reload();
    await region("Test").getByRole("cell", { name: "ivy@acme.example" }).waitFor();
    await main().getByRole("button", { name: "End it now" }).click();
    await page.getByText("The link is over.").waitFor();
    await there.reload();
    await there.getByRole("heading", { name: "This link does not work" }).waitFor();
    await look("sso set-up over", it);
    await it.context.close();

    await main().getByRole("button", { name: "Delete connection" }).click();
    await dialog().getByRole("button", { name: "Delete connection" }).click();
    await page.getByText("The connection is deleted.").waitFor();
    await main().getByRole("link", { name: "Spare" }).waitFor({ state: "hidden" });
    await page.goto(`${BASE}/con_01jz0000000000000000000000`);
    await page.getByText("There is no such connection.").waitFor();
    await look("sso connection gone");
  });
});
