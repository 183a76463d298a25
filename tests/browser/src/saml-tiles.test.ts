/**
 * SAML at a provider that takes requests by a form, encrypts its assertions, and has a page of tiles: how people come from
 * there, and what an enforced connection still lets its owner change.
 */
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Page } from "playwright-core";
import type { Api } from "./api.ts";
import { glance } from "./look.ts";
import { peers } from "./peer.ts";
import { member, provenDomain } from "./people.ts";
import { SamlProvider } from "./saml-provider.ts";
import { organisation, person, type Tab, tab, world } from "./world.ts";

interface Made {
  cert: string;
}
/** Makes certificates, as the provider does. */
const { generate } = createRequire(join(peers, "package.json"))("selfsigned") as {
  generate: (subject: object[], options: object) => Promise<Made>;
};
const DAY = 86_400_000;
const SLUG = "tiles";

describe("SAML from a provider's tile", { timeout: 600_000 }, () => {
  let owner: Api;
  let tenantId: string;
  let provider: SamlProvider;
  let at: Tab;
  let page: Page;
  let settings: string;

  const main = () => page.getByRole("main");
  const region = (name: string) => page.getByRole("region", { name, exact: true });
  const known = () => region("What we know of your provider");
  const dialog = () => page.getByRole("dialog");
  const look = async (name: string, of: Tab = at) => {
    await of.page.mouse.move(0, 0);
    await of.page.evaluate(() => window.scrollTo(0, 0));
    await glance(of.page, name);
    assert.deepEqual(of.faults.splice(0), [], `${name}: errors in the browser`);
  };
  const save = () => page.getByRole("button", { name: "Save", exact: true }).click();
  const paste = async (text: string) => {
    await page.getByRole("radio", { name: "Paste it or choose a file" }).check();
    await page.getByLabel("Metadata", { exact: true }).fill(text);
    await save();
  };
  const refused = async (why: string) => {
    await page
      .getByLabel("Metadata", { exact: true })
      .and(page.locator("[aria-invalid=true]:focus"))
      .waitFor();
    await page.getByText(why, { exact: false }).waitFor();
  };
  const begin = () => region("Test").getByRole("button", { name: "Test now" }).click();
  const isIn = async (there: Page) => {
    await there.waitForURL((url) => url.pathname === `/t/${SLUG}`);
    await there.getByRole("heading", { name: "No instance yet" }).waitFor();
  };
  /** The provider's metadata, with a certificate that ends in so many days. */
  const ending = async (days: number) => {
    const { cert } = await generate([{ name: "commonName", value: "ends" }], {
      keySize: 2048,
      algorithm: "sha256",
      notBeforeDate: new Date(Date.now() - 400 * DAY),
      notAfterDate: new Date(Date.now() + days * DAY),
    });
    const packed = cert.replaceAll(/-----.*-----|\s/g, "");
    const document = await (await fetch(provider.metadata)).text();
    return document.replace(/(X509Certificate>)[^<]+/, `$1${packed}`);
  };

  before(async () => {
    await world();
    const starting = SamlProvider.start();
    ({ api: owner } = await person("Tilda Owner"));
    tenantId = await organisation(owner, "Tiles", SLUG, "pro");
    provider = await starting;
    at = await tab({ as: owner });
    page = at.page;
    const { product } = await world();
    await at.context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: product.portal });
  });

  after(async () => {
    await at?.context.close();
    await provider?.stop();
  });

  test("requests go by a form, and what comes back is encrypted", async () => {
    const { createSsoConnection } = await owner.ask(
      "mutation($i: CreateSsoConnectionInput!) { createSsoConnection(input: $i) { connection { id } problem { message } } }",
      { i: { tenantId, name: "Tiles", protocol: "SAML" } },
    );
    settings = `/t/${SLUG}/security/sso/${createSsoConnection.connection.id}`;
    await page.goto(settings);
    await main().getByRole("button", { name: "Copy: Metadata address", exact: true }).click();
    await provider.serve(await page.evaluate(() => navigator.clipboard.readText()));
    await page.getByRole("radio", { name: "Read it from an address" }).check();
    await page.getByLabel("Address of the metadata").fill(provider.metadata);
    await save();
    await known().getByRole("cell", { name: provider.entityId, exact: true }).waitFor();
    const sent: string[] = [];
    page.on("request", (it) => {
      const fields = new URLSearchParams(it.postData() ?? "");
      if (it.method() === "POST" && fields.has("SAMLRequest")) sent.push(it.url());
      const answer = fields.get("SAMLResponse");
      if (answer) sent.push(Buffer.from(answer, "base64").toString());
    });
    await begin();
    await provider.logIn(page, "ada");
    await region("Test").getByText("The last test has passed.").waitFor();
    for (const said of ["ada@acme.example", "ada of Acme", "engineering"]) {
      await region("Test").getByRole("cell", { name: said, exact: true }).waitFor();
    }
    const [request, answer] = sent;
    assert.ok(request?.endsWith("/sso"), "the request went by a form");
    assert.match(answer ?? "", /EncryptedAssertion/);
    assert.doesNotMatch(answer ?? "", /ada@acme/);
    await main().getByText("In use", { exact: true }).waitFor();
    await look("tiles tested");
  });

  test("who comes from a tile is let in only after the owner has allowed it", async () => {
    await provenDomain(owner, tenantId, "acme.example");
    const ada = await tab();
    const there = ada.page;
    await provider.openTile(there, "ada");
    await there.getByText("The identity provider's answer was not accepted").waitFor();
    await look("tiles not allowed", ada);

    await page.getByRole("checkbox", { name: "People may begin at the provider" }).check();
    await page.getByText("This is less safe").waitFor();
    await look("tiles risk");
    await save();
    await page.getByText("The settings are saved. Test them next.").waitFor();
    await main().getByText("To be tested").waitFor();
    // What is not tested lets nobody in.
    await provider.openTile(there, "ada");
    await there.getByText("This single sign-on cannot be used").waitFor();
    await begin();
    await provider.logIn(page, "ada");
    await region("Test").getByText("The last test has passed.").waitFor();

    await provider.openTile(there, "ada");
    await isIn(there);
    await look("tiles came in", ada);
    // The address for a bookmark begins one here.
    await ada.context.clearCookies({ name: "tenantry_session" });
    const start = await region("Where log-ins begin")
      .getByText(/\/sso\/start\?connection=/)
      .textContent();
    await there.goto(start ?? "");
    await provider.logIn(there, "ada");
    await there.getByRole("button", { name: /Account menu/ }).waitFor();
    assert.deepEqual(ada.faults, []);
    await ada.context.close();
  });

  test("a flow that has ended is told of, also to who is logged in", async () => {
    await begin();
    await page.waitForURL((url) => url.pathname === "/sso");
    await at.context.clearCookies({ name: "tenantry_sso" });
    await provider.logIn(page, "ada");
    await page.getByText("This log-in took too long, or was begun in another browser").waitFor();
    await page.getByText("You are logged in as", { exact: false }).waitFor();
    await look("tiles flow over");
    await main().getByRole("button", { name: "Go on" }).click();
    await page.waitForURL((url) => url.pathname === `/t/${SLUG}`);
    await page.goto(settings);
  });

  test("enforced, only the provider's certificates can change, and ends are told in time", async () => {
    const guest = await member(owner, tenantId, "DEVELOPER");
    const enforcement = region("Enforcement");
    await enforcement.getByRole("button", { name: "Enforce" }).click();
    await dialog()
      .getByRole("checkbox", { name: /Tilda Owner/ })
      .check();
    await dialog().getByRole("checkbox", { name: "Members with other addresses must use it too" }).check();
    await dialog().getByRole("button", { name: "Enforce" }).click();
    await main().getByText("Enforced", { exact: true }).waitFor();
    for (const frozen of ["Attribute of the address", "Attribute of the name", "Attribute of the groups"]) {
      assert.ok(await page.getByLabel(frozen).isDisabled(), `${frozen} can be changed`);
    }
    assert.ok(await page.getByRole("checkbox", { name: "People may begin at the provider" }).isDisabled());
    await look("tiles enforced");

    const barred = await tab({ as: guest.api });
    await barred.page.goto(`/t/${SLUG}/members`);
    await barred.page.getByRole("heading", { name: "Tiles wants another way in" }).waitFor();
    await barred.page.getByRole("link", { name: "Go on with single sign-on" }).click();
    await provider.logIn(barred.page, "bea");
    await barred.page.getByRole("heading", { name: "Members", level: 1 }).waitFor();
    await barred.context.close();

    // Another provider under the same address is not taken for the one that was tested.
    await provider.rename("another");
    await known().getByRole("button", { name: "Read the metadata again" }).click();
    await known().getByText("The metadata could not be read the last time").waitFor();
    await known().getByRole("cell", { name: provider.entityId, exact: true }).waitFor();
    await look("tiles another provider");
    await paste(await (await fetch(provider.metadata)).text());
    await main().getByRole("alert", { name: "This connection is enforced." }).waitFor();
    await provider.rename();

    await paste(`<EntityDescriptor>${" ".repeat(300_000)}</EntityDescriptor>`);
    await refused("This is more than 256 KiB.");
    await look("tiles too large");
    for (const [days, told] of [
      [45, /^Your provider's certificate ends on/],
      [20, /^Your provider's certificate ends within 30 days/],
      [5, /^Your provider's certificate ends within 7 days/],
      [-1, /^Your provider's certificate ended on/],
    ] as const) {
      await paste(await ending(days));
      await page.getByText("The settings are saved.", { exact: true }).last().waitFor();
      await known().getByText(told).waitFor();
      await look(`tiles ends in ${days}`);
    }
    await main().getByText("Enforced", { exact: true }).waitFor();
    await page.goto(`/t/${SLUG}/security/sso`);
    await main().getByText("Certificate to renew").waitFor();
    await look("tiles to renew");
  });
});
