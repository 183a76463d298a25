/** Logging in at a provider that the installation offers to everybody. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { code } from "./factors.ts";
import { accessible, glance } from "./look.ts";
import { logOut } from "./people.ts";
import { Product } from "./product.ts";
import { Provider } from "./provider.ts";
import { installation, PASSWORD, personOf, type Tab, tab, world } from "./world.ts";

const SECRET = "a-secret-of-the-client";

describe("a provider for everybody", { timeout: 600_000 }, () => {
  let product: Product;
  let provider: Provider;
  let directory: string;
  let at: Tab;
  let page: Tab["page"];
  let key: string;
  let codes: string[];

  const main = () => page.getByRole("main");
  const look = async (name: string) => {
    await page.mouse.move(0, 0);
    await glance(page, name);
    assert.deepEqual(at.faults.splice(0), [], `${name}: errors in the browser`);
  };
  const goOn = () => page.getByRole("link", { name: "Continue with Acorn" }).click();
  const isIn = async (path = "/home") => {
    await page.waitForURL((url) => url.pathname === path);
    await page.getByRole("button", { name: /Account menu/ }).waitFor();
  };
  const visitor = async () => {
    const opened = await tab({ baseURL: product.portal });
    await Provider.seenBy(opened.context);
    return opened;
  };
  /** To the second step, as somebody whom the provider still knows. */
  const again = async () => {
    await at.context.clearCookies({ name: "tenantry_session" });
    await page.goto("/log-in?next=/account/sessions");
    await goOn();
    await page.getByRole("heading", { name: "Second step" }).waitFor();
  };

  before(async () => {
    await world();
    directory = await mkdtemp(join(tmpdir(), "tenantry-social-"));
    const file = join(directory, "providers.json");
    const portal = await Product.place();
    provider = await Provider.start([
      {
        client_id: "tenantry",
        client_secret: SECRET,
        redirect_uris: [`${portal.portal}/oidc/callback/acorn`],
        post_logout_redirect_uris: [`${portal.portal}/log-in`],
      },
    ]);
    const acorn = { code: "acorn", name: "Acorn", issuer: provider.issuer, client_id: "tenantry" };
    await writeFile(file, JSON.stringify([{ ...acorn, client_secret: SECRET }]), { mode: 0o600 });
    product = await Product.start(["--social-providers", file], portal);
    at = await visitor();
    page = at.page;
  });

  after(async () => {
    await at?.context.close();
    await product?.dispose();
    await provider?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  test("somebody new has an account by it, without a password", async () => {
    await page.goto("/log-in");
    await page.getByRole("link", { name: "Continue with Acorn" }).waitFor();
    await look("social log-in");
    await goOn();
    await provider.refuse(page);
    await page.getByText("The identity provider did not let you in").waitFor();
    await look("social denied");
    await goOn();
    await provider.logIn(page, "dora");
    await isIn();
    await page.getByText("dora of Acme").first().waitFor({ state: "attached" });
    await look("social home");
    await page.goto("/account");
    await main().getByRole("button", { name: "Send me a link to set one" }).waitFor();
    await look("social account");
    await main().getByRole("button", { name: "Send me a link to set one" }).click();
    await main().getByText("The link is on its way to dora@acme.example.").waitFor();
  });

  test("who has nothing else to prove themselves by is led out and in again", async () => {
    await product.sql("UPDATE identity.sessions SET proved_at = proved_at - interval '300 seconds'");
    await page.goto("/account/security");
    await main().getByRole("button", { name: "Set up an app" }).click();
    const asked = page.getByRole("dialog", { name: "Confirm it's you" });
    await asked.getByText("Log in again the way you came", { exact: false }).waitFor();
    await look("social prove");
    await asked.getByRole("button", { name: "Log out and log in again" }).click();
    await page.waitForURL((url) => url.pathname === "/log-in");
    await goOn();
    await isIn("/account/security");
  });

  test("their own second factor is asked for after the provider's word", async () => {
    await main().getByRole("button", { name: "Set up an app" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByTestId("totp-key").waitFor();
    key = (await dialog.getByTestId("totp-key").textContent()) ?? "";
    await dialog.getByLabel("Code that the app shows").fill(code(key));
    await dialog.getByRole("button", { name: "Confirm" }).click();
    codes = ((await dialog.getByTestId("secret").textContent()) ?? "").split(" ");
    await dialog.getByLabel("I have saved it").check();
    await dialog.getByRole("button", { name: "Done" }).click();

    await again();
    assert.equal(new URL(page.url()).hash, "", "what waits is not in the address bar");
    assert.ok(
      !(await at.context.cookies()).some((it) => it.name === "tenantry_session"),
      "nobody is in without the second step",
    );
    await look("social second step");
    const field = main().getByLabel("Code", { exact: true });
    const enter = main().getByRole("button", { name: "Log in", exact: true });
    await field.fill("000000");
    await enter.click();
    await main().getByText("That did not prove who you are.").waitFor();
    await accessible(page, "social second step wrong");
    await field.fill(code(key, 1));
    await enter.click();
    await isIn("/account/sessions");

    // Who leaves the step and comes back to its address has nothing that waits.
    await again();
    await page.goto("/log-in/second-step");
    await page.waitForURL((url) => url.pathname === "/log-in");
    await again();
    await main().getByRole("button", { name: "Use a recovery code" }).click();
    await main()
      .getByLabel("Recovery code")
      .fill(codes[0] ?? "");
    await enter.click();
    await isIn("/account/sessions");
    assert.deepEqual(at.faults.splice(0), []);
  });

  test("an account with the same address is tied to it after its owner has proven it", async () => {
    const operator = await installation(product);
    await personOf({ product, operator }, "Edda Earlier", "edda@acme.example");
    const other = await visitor();
    const there = other.page;
    await there.goto("/log-in");
    await there.getByRole("link", { name: "Continue with Acorn" }).click();
    await provider.logIn(there, "edda");
    await there.getByRole("heading", { name: "Is this account yours?" }).waitFor();
    await there.getByRole("main").getByRole("link", { name: "Log in" }).click();
    await there.getByLabel("E-mail address").fill("edda@acme.example");
    await there.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await there.getByRole("main").getByRole("button", { name: "Log in", exact: true }).click();
    await there.getByRole("button", { name: "Tie them together" }).click();
    await there.waitForURL((url) => url.pathname === "/home");
    await there.getByText("Edda Earlier").first().waitFor({ state: "attached" });
    await logOut(there);
    // From now on the provider's word is enough.
    await there.goto("/log-in");
    await there.getByRole("link", { name: "Continue with Acorn" }).click();
    await there.waitForURL((url) => url.pathname === "/home");
    await there.getByText("Edda Earlier").first().waitFor({ state: "attached" });
    assert.deepEqual(other.faults, []);
    await other.context.close();
  });
});
