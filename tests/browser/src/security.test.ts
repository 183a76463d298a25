/** Second factors, as people meet them: an authenticator app, passkeys, and the question for a fresh proof. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Api } from "./api.ts";
import { code, Device, scanned, takeCodes } from "./factors.ts";
import { glance, inspect } from "./look.ts";
import { mailed } from "./mails.ts";
import { logIn, logOut, member } from "./people.ts";
import { organisation, PASSWORD, person, type Tab, tab, world } from "./world.ts";

const WRONG = "That did not prove who you are.";

describe("second factors", { timeout: 600_000 }, () => {
  let address: string;
  let owner: Api;
  let tenantId: string;
  let bare: Awaited<ReturnType<typeof member>>;
  let at: Tab;
  let page: Tab["page"];
  let key: string;
  let codes: string[];

  const look = async (name: string) => {
    await inspect(page, name);
    assert.deepEqual(at.faults.splice(0), [], `${name}: errors in the browser`);
  };
  const passing = async (name: string) => {
    await glance(page, name);
    assert.deepEqual(at.faults.splice(0), [], `${name}: errors in the browser`);
  };
  const main = () => page.getByRole("main");
  const submit = () => main().getByRole("button", { name: "Log in", exact: true });
  /** Out, and with the password to the second step. */
  const again = async () => {
    await page.goto("/home");
    await logOut(page);
    await page.goto("/log-in");
    await logIn(page, address);
    await page.getByRole("heading", { name: "Second step" }).waitFor();
  };
  const focused = (label: string) =>
    main()
      .getByLabel(label, { exact: true })
      .evaluate((it) => it === document.activeElement);
  const isIn = async () => {
    await page.waitForURL((url) => url.pathname === "/t/secured");
    await page.getByRole("button", { name: /Account menu/ }).waitFor();
  };
  const token = async () =>
    (await at.context.cookies()).find((it) => it.name === "tenantry_session")?.value ?? "";
  /** The five minutes that a proof is good for are over, and codes of then are of steps long ago. */
  const minutesPass = async () => {
    const { product } = await world();
    const who = `user_id = (SELECT id FROM identity.users WHERE email = '${address}')`;
    await product.sql(
      `UPDATE identity.sessions SET proved_at = proved_at - interval '300 seconds' WHERE ${who};
       UPDATE identity.totp SET last_step = last_step - 10 WHERE ${who}`,
    );
  };
  const prove = () => page.getByRole("dialog", { name: "Confirm it's you" });

  before(async () => {
    await world();
    const { api, email } = await person("Sara Secure");
    address = email;
    tenantId = await organisation(api, "Secured", "secured", "pro");
    bare = await member(api, tenantId, "DEVELOPER");
    // The page ends its session when it logs out.
    const { product } = await world();
    owner = new Api(product.portal);
    await owner.logIn(email, PASSWORD);
    at = await tab({ as: api });
    page = at.page;
    await Device.of(page);
  });

  after(async () => {
    await at?.context.close();
  });

  test("an authenticator app is set up, and asked for at the next log-in", async () => {
    await page.goto("/account");
    await main().getByRole("link", { name: "Security" }).click();
    await page.getByRole("heading", { name: "Security", level: 1 }).waitFor();
    await look("security none");
    await main().getByRole("button", { name: "Set up an app" }).click();
    const dialog = page.getByRole("dialog");
    const picture = dialog.getByRole("img", { name: "QR code for the authenticator app" });
    await picture.waitFor();
    key = (await dialog.getByTestId("totp-key").textContent()) ?? "";
    await look("security set up an app");
    const url = await scanned(picture);
    assert.deepEqual([url.protocol, url.host], ["otpauth:", "totp"]);
    assert.equal(decodeURIComponent(url.pathname), `/Tenantry:${address}`);
    assert.deepEqual([url.searchParams.get("secret"), url.searchParams.get("issuer")], [key, "Tenantry"]);
    await dialog.getByLabel("Code that the app shows").fill("000000");
    await dialog.getByRole("button", { name: "Confirm" }).click();
    await dialog.getByText(/not the code/).waitFor();
    await passing("security wrong code");
    const first = code(key);
    await dialog.getByLabel("Code that the app shows").fill(first);
    await dialog.getByRole("button", { name: "Confirm" }).click();
    await dialog.getByText("Your recovery codes").waitFor();
    await look("security recovery codes");
    codes = await takeCodes(page);
    assert.equal(new Set(codes).size, 10);
    await main()
      .getByText(/Set up on/)
      .waitFor();
    await main().getByText("10 codes are left.").waitFor();
    assert.match(await mailed(address, "A second factor was added"), /\/account\/security/);

    await again();
    assert.ok(await focused("Code"), "the code can be typed at once");
    await look("second step");
    for (const wrong of ["000000", first]) {
      await main().getByLabel("Code", { exact: true }).fill(wrong);
      await submit().click();
      await main().getByText(WRONG).waitFor();
      assert.equal(await main().getByLabel("Code", { exact: true }).inputValue(), "");
      assert.ok(await focused("Code"), "the next code can be typed at once");
    }
    await passing("second step wrong");
    // Each code counts once; an app's clock may be a step ahead.
    await main().getByLabel("Code", { exact: true }).fill(code(key, 1));
    await submit().click();
    await isIn();
  });

  test("a recovery code stands in, once; new ones end the old ones", async () => {
    await again();
    const enter = async (recovery: string) => {
      await main().getByRole("button", { name: "Use a recovery code" }).click();
      await main().getByLabel("Recovery code").fill(recovery);
      await submit().click();
    };
    await main().getByRole("button", { name: "Use a recovery code" }).click();
    await passing("second step recovery");
    await main().getByRole("button", { name: "Use a code of your authenticator" }).click();
    await enter((codes[0] ?? "").toUpperCase());
    await isIn();
    assert.match(await mailed(address, "A recovery code was used"), /It works no more/);
    await page.goto("/account/security");
    await main().getByText("9 codes are left.").waitFor();
    for (const shown of codes) assert.ok(!(await page.content()).includes(shown), "a code is shown again");

    await again();
    await enter(codes[0] ?? "");
    await main().getByText(WRONG).waitFor();
    await main()
      .getByLabel("Recovery code")
      .fill(codes[1] ?? "");
    await submit().click();
    await isIn();
    await page.goto("/account/security");
    await main().getByRole("button", { name: "Make new codes" }).click();
    await page.getByRole("dialog").getByText("All earlier codes stop working at once.").waitFor();
    await passing("security make new codes");
    await page.getByRole("dialog").getByRole("button", { name: "Make new codes" }).click();
    const old = codes;
    codes = await takeCodes(page);
    await main().getByText("10 codes are left.").waitFor();
    assert.equal(new Set([...old, ...codes]).size, 20);
    assert.match(await mailed(address, "New recovery codes were made"), /earlier ones work no more/);
    await again();
    await enter(old[2] ?? "");
    await main().getByText(WRONG).waitFor();
    await main()
      .getByLabel("Recovery code")
      .fill(codes[2] ?? "");
    await submit().click();
    await isIn();
  });

  test("a passkey is made, and logs in: as the second step, and alone", async () => {
    await page.goto("/account/security");
    await main().getByRole("button", { name: "Add a passkey" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Add a passkey" }).click();
    await dialog.getByText("Give it a name.").waitFor();
    await passing("security name a passkey");
    await dialog.getByLabel("Name").fill("Sara's laptop");
    await dialog.getByRole("button", { name: "Add a passkey" }).click();
    await main().getByText("Sara's laptop").waitFor();
    await dialog.waitFor({ state: "hidden" });
    await main()
      .getByText(/Not used yet/)
      .waitFor();

    await again();
    await look("second step passkey");
    await main().getByRole("button", { name: "Use a passkey" }).click();
    await isIn();

    await logOut(page);
    await page.goto("/log-in");
    await page.getByRole("button", { name: "Log in with a passkey" }).click();
    await isIn();

    await page.goto("/account/security");
    await main()
      .getByText(/Last used/)
      .waitFor();
    await main().getByRole("button", { name: "Rename Sara's laptop" }).click();
    await dialog.getByLabel("Name").fill("Old laptop");
    await dialog.getByRole("button", { name: "Save" }).click();
    await main().getByText("Old laptop").waitFor();
    await dialog.waitFor({ state: "hidden" });
    await look("security with factors");
  });

  test("after five minutes keys, deletions and factors need a fresh proof, and are done with it", async () => {
    const { createInstance } = await owner.ask(
      "mutation($i: CreateInstanceInput!) { createInstance(input: $i) { instance { id } problem { message } } }",
      { i: { tenantId, name: "Brief", slug: "brief", region: "eu-central" } },
    );
    // A key, by the passkey.
    await page.goto("/t/secured/developers");
    await main().getByRole("button", { name: "New key" }).click();
    await page.getByLabel("Name").fill("nightly");
    await page.getByRole("checkbox", { name: "tenant:view" }).check();
    await minutesPass();
    const before = await token();
    await page.getByRole("button", { name: /Create key/ }).click();
    await prove().getByLabel("Password", { exact: true }).waitFor();
    await look("confirm it is you");
    await prove().getByRole("button", { name: "Use a passkey" }).click();
    await page.getByText("Your new key").waitFor();
    assert.ok((await token()) !== before, "the session has another token");
    await page.getByLabel("I have saved it").check();
    await page.getByRole("button", { name: "Done" }).click();
    // It counts for what comes next too.
    await page.getByRole("button", { name: "Revoke nightly" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Revoke key" }).click();
    await main().getByText("Revoked").waitFor();

    // An instance, by a code; first it is not proved, and nothing happens.
    await page.goto(`/t/secured/instances/${createInstance.instance.id}`);
    await main().getByRole("button", { name: "Delete…" }).click();
    const deletion = page.getByRole("dialog", { name: /Brief/ });
    await deletion.getByRole("textbox").fill("brief");
    await minutesPass();
    await deletion.getByRole("button", { name: "Delete" }).click();
    await prove().getByRole("button", { name: "Cancel" }).last().click();
    await prove().waitFor({ state: "hidden" });
    assert.equal(await deletion.getByRole("alert").count(), 0, "who cancels is told nothing");
    const { tenant } = await owner.ask(
      "query($t: ID!, $i: ID!) { tenant(id: $t) { instance(id: $i) { deleteAt } } }",
      { t: tenantId, i: createInstance.instance.id },
    );
    assert.equal(tenant.instance.deleteAt, null);
    await deletion.getByRole("button", { name: "Delete" }).click();
    await prove().getByRole("button", { name: "Use a code instead" }).click();
    await passing("confirm it is you by code");
    await prove().getByLabel("Code of your authenticator").fill(code(key));
    await prove().getByRole("button", { name: "Confirm" }).click();
    await deletion.waitFor({ state: "hidden" });
    await main().getByRole("button", { name: "Restore" }).waitFor();

    // A factor, by the password.
    await page.goto("/account/security");
    await minutesPass();
    await main().getByRole("button", { name: "Remove Old laptop" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
    await prove().getByLabel("Password", { exact: true }).fill("not the password");
    await prove().getByRole("button", { name: "Confirm" }).click();
    await prove().getByText(WRONG).waitFor();
    await passing("confirm it is you wrong");
    await prove().getByLabel("Password", { exact: true }).fill(PASSWORD);
    await prove().getByRole("button", { name: "Confirm" }).click();
    await prove().waitFor({ state: "hidden" });
    await main().getByText("None yet.").waitFor();
    assert.match(await mailed(address, "A second factor was removed"), /was removed/);
  });

  test("an organisation demands a second factor, and leads whoever lacks one to it", async () => {
    await page.goto("/t/secured/members");
    await main().getByRole("button", { name: "Require it" }).click();
    await page
      .getByRole("dialog")
      .getByText(/Members without one see nothing/)
      .waitFor();
    await passing("members demand dialog");
    await page.getByRole("dialog").getByRole("button", { name: "Require it" }).click();
    await main()
      .getByText(/Every member needs a second factor/)
      .waitFor();
    await assert.rejects(
      bare.api.ask("query($t: ID!) { tenant(id: $t) { name } }", { t: tenantId }),
      /MFA_REQUIRED/,
    );

    const other = await tab({ as: bare.api });
    await other.page.goto("/t/secured");
    await other.page.waitForURL((url) => url.pathname === "/account/security");
    await other.page.getByText("This organisation demands a second factor").waitFor();
    await inspect(other.page, "security demanded");
    await other.page.getByRole("button", { name: "Set up an app" }).click();
    const dialog = other.page.getByRole("dialog");
    const its = (await dialog.getByTestId("totp-key").textContent()) ?? "";
    await dialog.getByLabel("Code that the app shows").fill(code(its));
    await dialog.getByRole("button", { name: "Confirm" }).click();
    await takeCodes(other.page);
    await other.page.getByRole("link", { name: "Go on to the organisation" }).click();
    await other.page.waitForURL((url) => url.pathname === "/t/secured");
    await other.page.getByRole("heading", { name: "Instances", level: 1 }).waitFor();

    // Somebody who has lost everything: an owner takes the factors away.
    await page.reload();
    await main()
      .getByRole("button", { name: `More about ${bare.name}` })
      .click();
    await page.getByRole("menuitem", { name: "Reset factors" }).click();
    await page
      .getByRole("dialog")
      .getByText(/Their authenticator app, passkeys/)
      .waitFor();
    await passing("members reset factors dialog");
    await page.getByRole("dialog").getByRole("button", { name: "Reset factors" }).click();
    await page.getByText(`The factors of ${bare.name} are reset.`).waitFor();
    assert.match(
      await mailed(bare.email, "Your second factors were reset"),
      /taken away by an administrator/,
    );
    // At once, though nobody touches that page; the password alone leads in again, and to a new factor.
    await other.page.waitForURL((url) => url.pathname === "/log-in");
    await logIn(other.page, bare.email);
    await other.page.getByText("This organisation demands a second factor").waitFor();
    await other.page.getByText("Not set up.").waitFor();
    assert.deepEqual(other.faults, []);
    await other.context.close();
  });

  test("an operator helps who has lost everything and has nobody else to ask", async () => {
    const { operator } = await world();
    const staff = await tab({ as: operator });
    const there = staff.page;
    const form = there.getByRole("main");
    const asked = there.getByRole("dialog");
    await there.goto("/admin/factors");
    await form.getByRole("button", { name: "Reset second factors" }).click();
    await form.getByText("Enter the whole e-mail address").waitFor();
    await form.getByText("Say it in at least 20 characters.").waitFor();
    await inspect(there, "admin lost factors");
    await form.getByLabel("E-mail address of the account").fill("nobody@example.com");
    await form.getByLabel("How is it known that it is them?").fill("Showed a passport in a video call.");
    await form.getByRole("button", { name: "Reset second factors" }).click();
    await asked.getByRole("button", { name: "Reset second factors" }).click();
    await asked.getByRole("alert", { name: /account/ }).waitFor();
    await glance(there, "admin lost factors of nobody");
    await there.keyboard.press("Escape");
    await form.getByLabel("E-mail address of the account").fill(address);
    await form.getByRole("button", { name: "Reset second factors" }).click();
    await asked.getByText("the password alone opens the account", { exact: false }).waitFor();
    await glance(there, "admin lost factors dialog");
    await asked.getByRole("button", { name: "Reset second factors" }).click();
    await there.getByText(`The second factors of ${address} are reset.`).waitFor();
    // Their page closes at once.
    await page.waitForURL((url) => url.pathname === "/log-in");
    await there.goto("/admin/audit");
    await form.getByText("factors", { exact: false }).first().waitFor();
    assert.deepEqual(staff.faults, []);
    await staff.context.close();
  });
});
