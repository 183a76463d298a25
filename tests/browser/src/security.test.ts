/** Second factors, as people meet them: an authenticator app, passkeys, and the question for a fresh proof. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, describe, test } from "node:test";
import type { Page } from "playwright-core";
import type { Api } from "./api.ts";
import { inspect } from "./look.ts";
import { logIn, logOut, member } from "./people.ts";
import { organisation, PASSWORD, person, type Tab, tab, world } from "./world.ts";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** What an app with this key shows, so many steps from now (RFC 6238). */
function code(key: string, steps = 0): string {
  const bits = [...key].map((letter) => LETTERS.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const seed = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const tag = createHmac("sha1", seed).update(step).digest();
  const number = tag.readUInt32BE((tag.at(-1) ?? 0) & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
}

/** Gives the page a device with a screen lock that is always open. */
async function device(page: Page): Promise<void> {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("WebAuthn.enable");
  await cdp.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
}

/** Takes the codes that are shown once. */
async function takeCodes(page: Page): Promise<string[]> {
  const dialog = page.getByRole("dialog");
  await dialog.getByText("Your recovery codes").waitFor();
  const codes = (await dialog.getByTestId("secret").textContent()) ?? "";
  const download = page.waitForEvent("download");
  await dialog.getByRole("button", { name: "Download" }).click();
  assert.equal((await download).suggestedFilename(), "tenantry-recovery-codes.txt");
  await dialog.getByLabel("I have saved it").check();
  await dialog.getByRole("button", { name: "Done" }).click();
  await dialog.waitFor({ state: "hidden" });
  return codes.split(" ");
}

describe("second factors", { timeout: 600_000 }, () => {
  let address: string;
  let bare: Api;
  let at: Tab;
  let page: Page;
  let key: string;
  let codes: string[];

  const look = async (name: string) => {
    await inspect(page, name);
    assert.deepEqual(at.faults.splice(0), [], `${name}: errors in the browser`);
  };
  const main = () => page.getByRole("main");
  /** Out, and with the password to the second step. */
  const again = async () => {
    await page.goto("/home");
    await logOut(page);
    await page.goto("/log-in");
    await logIn(page, address);
    await page.getByRole("heading", { name: "Second step" }).waitFor();
  };
  const isIn = async () => {
    await page.waitForURL((url) => url.pathname === "/t/secured");
    await page.getByRole("button", { name: /Account menu/ }).waitFor();
  };

  before(async () => {
    await world();
    const { api, email } = await person("Sara Secure");
    address = email;
    const tenantId = await organisation(api, "Secured", "secured", "pro");
    // The page ends this session when it logs out.
    bare = (await member(api, tenantId, "DEVELOPER")).api;
    at = await tab({ as: api });
    page = at.page;
    await device(page);
  });

  after(async () => {
    await at?.context.close();
  });

  test("an authenticator app is set up, and asked for at the next log-in", async () => {
    await page.goto("/account");
    await page.getByRole("link", { name: "Set up and change" }).click();
    await page.getByRole("heading", { name: "Security", level: 1 }).waitFor();
    await look("security none");
    await main().getByRole("button", { name: "Set up an app" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("img", { name: "QR code for the authenticator app" }).waitFor();
    key = (await dialog.getByTestId("totp-key").textContent()) ?? "";
    await look("security set up an app");
    await dialog.getByLabel("Code that the app shows").fill("000000");
    await dialog.getByRole("button", { name: "Confirm" }).click();
    await dialog.getByText(/not the code/).waitFor();
    await dialog.getByLabel("Code that the app shows").fill(code(key));
    await dialog.getByRole("button", { name: "Confirm" }).click();
    codes = await takeCodes(page);
    assert.equal(codes.length, 10);
    await main()
      .getByText(/Set up on/)
      .waitFor();
    await main().getByText("10 codes are left.").waitFor();

    await again();
    await look("second step");
    await page.getByLabel("Code", { exact: true }).fill("000000");
    await page.getByRole("button", { name: "Log in", exact: true }).last().click();
    await page.getByText("That did not prove who you are.").waitFor();
    // The code of the step that set it up is used; apps' clocks may be a step ahead.
    await page.getByLabel("Code", { exact: true }).fill(code(key, 1));
    await page.getByRole("button", { name: "Log in", exact: true }).last().click();
    await isIn();
  });

  test("a recovery code stands in, once", async () => {
    await again();
    await page.getByRole("button", { name: "Use a recovery code" }).click();
    await page.getByLabel("Recovery code").fill((codes[0] ?? "").toUpperCase());
    await page.getByRole("button", { name: "Log in", exact: true }).last().click();
    await isIn();
    await page.goto("/account/security");
    await main().getByText("9 codes are left.").waitFor();
  });

  test("a passkey is made, and logs in: as the second step, and alone", async () => {
    await page.goto("/account/security");
    await main().getByRole("button", { name: "Add a passkey" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Name").fill("Sara's laptop");
    await dialog.getByRole("button", { name: "Add a passkey" }).click();
    await main().getByText("Sara's laptop").waitFor();
    await dialog.waitFor({ state: "hidden" });
    await look("security");

    await again();
    await page.getByRole("button", { name: "Use a passkey" }).click();
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
  });

  test("what needs a fresh proof asks for it, and is done then", async () => {
    await page.goto("/account/security");
    await main().getByText("Old laptop").waitFor();
    // As the API answers after five minutes; what follows is the API itself.
    let refused = 0;
    await page.route("**/graphql", async (route) => {
      if (refused > 0 || !route.request().postData()?.includes("removePasskey(")) return route.fallback();
      refused += 1;
      await route.fulfill({
        contentType: "application/json",
        body: JSON.stringify({
          data: null,
          errors: [
            {
              message: "Confirm that it is you.",
              path: ["removePasskey"],
              extensions: { code: "STEP_UP_REQUIRED", remedy: "Prove it." },
            },
          ],
        }),
      });
    });
    const before = (await at.context.cookies()).find((it) => it.name === "tenantry_session")?.value;
    await main().getByRole("button", { name: "Remove Old laptop" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
    const dialog = page.getByRole("dialog", { name: "Confirm it's you" });
    await dialog.getByLabel("Password", { exact: true }).waitFor();
    await look("confirm it is you");
    await dialog.getByLabel("Password", { exact: true }).fill("not the password");
    await dialog.getByRole("button", { name: "Confirm" }).click();
    await dialog.getByText("That did not prove who you are.").waitFor();
    await dialog.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await dialog.getByRole("button", { name: "Confirm" }).click();
    await dialog.waitFor({ state: "hidden" });
    await main().getByText("None yet.").waitFor();
    assert.equal(refused, 1);
    const now = (await at.context.cookies()).find((it) => it.name === "tenantry_session")?.value;
    assert.ok(now && now !== before, "the session has another token");
    await page.unroute("**/graphql");
  });

  test("an organisation demands a second factor, and leads whoever lacks one to it", async () => {
    await page.goto("/t/secured/members");
    await main().getByRole("button", { name: "Require it" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Require it" }).click();
    await main()
      .getByText(/Every member needs a second factor/)
      .waitFor();

    const other = await tab({ as: bare });
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
    await other.page.getByRole("heading", { name: "No instance yet" }).waitFor();

    // Somebody who has lost everything: an owner takes the factors away.
    await page.reload();
    await main().getByRole("button", { name: "Reset the second factors of Mia DEVELOPER" }).click();
    await look("reset factors dialog");
    await page.getByRole("dialog").getByRole("button", { name: "Reset factors" }).click();
    await page.getByText("The factors of Mia DEVELOPER are reset.").waitFor();
    await other.page.goto("/account");
    await other.page.waitForURL((url) => url.pathname === "/log-in");
    await other.context.close();
  });
});
