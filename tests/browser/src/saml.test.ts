/** Single sign-on by SAML, from an owner's first connection to whoever comes in by it, at a real provider. */
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { after, before, describe, test } from "node:test";
import type { Page } from "playwright-core";
import type { Api } from "./api.ts";
import { tabTo } from "./keyboard.ts";
import { glance } from "./look.ts";
import { NanoIdp } from "./nanoidp.ts";
import { provenDomain } from "./people.ts";
import { organisation, person, type Tab, tab, world } from "./world.ts";

const BASE = "/t/nano/security/sso";
const GRACE = "grace@nano.example";
const ENTITY_ID = "Entity ID (also called audience, identifier or issuer of the service)";
const ACS = "ACS URL (also called reply URL or single sign-on URL of the service)";

describe("single sign-on by SAML", { timeout: 600_000 }, () => {
  let owner: Api;
  let tenantId: string;
  let provider: NanoIdp;
  let at: Tab;
  let page: Page;
  /** Our own certificate (PEM), as the owner copied it. */
  let certificate: string;

  const main = () => page.getByRole("main");
  const region = (name: string, of: Page = page) => of.getByRole("region", { name, exact: true });
  const dialog = () => page.getByRole("dialog");
  const known = (of: Page = page) => region("What we know of your provider", of);
  const look = async (name: string, of: Tab = at) => {
    // Nothing is pointed at, and it is seen from its top: what sticks there would be in the middle of the picture.
    await of.page.mouse.move(0, 0);
    await of.page.evaluate(() => window.scrollTo(0, 0));
    await glance(of.page, name);
    assert.deepEqual(of.faults.splice(0), [], `${name}: errors in the browser`);
  };
  const browser = async (as?: Api): Promise<Tab> => {
    const opened = await tab({ as });
    await provider.seenBy(opened.context);
    return opened;
  };
  const make = async (name: string) => {
    await page.goto(BASE);
    await main().getByRole("button", { name: "New connection" }).click();
    await dialog().getByLabel("Name").fill(name);
    await dialog().getByRole("radio", { name: "SAML 2.0" }).check();
  };
  const connection = async (name = "Nano") => {
    await page.goto(BASE);
    await main().getByRole("link", { name, exact: true }).click();
    await page.getByRole("heading", { name, level: 1 }).waitFor();
  };
  /** A value that the page shows for another form, by its button. */
  const copied = async (label: string, within = "What your provider needs") => {
    await region(within)
      .getByRole("button", { name: `Copy: ${label}`, exact: true })
      .click();
    return page.evaluate(() => navigator.clipboard.readText());
  };
  const submit = (of: Page = page) => of.getByRole("button", { name: "Save", exact: true }).click();
  const address = async (url: string, of: Page = page) => {
    await of.getByRole("radio", { name: "Read it from an address" }).check();
    await of.getByLabel("Address of the metadata").fill(url);
    await submit(of);
  };
  const paste = async (text: string) => {
    await page.getByRole("radio", { name: "Paste it or choose a file" }).check();
    await page.getByLabel("Metadata", { exact: true }).fill(text);
    await submit();
  };
  const choose = async (name: string, text: string) => {
    await page.getByRole("radio", { name: "Paste it or choose a file" }).check();
    const chooser = page.waitForEvent("filechooser");
    await page.getByRole("button", { name: "Choose a file" }).click();
    await (await chooser).setFiles({ name, mimeType: "application/xml", buffer: Buffer.from(text) });
    await page.getByText(`${name} is filled in above. Save it next.`).waitFor();
    await submit();
  };
  /** The field has the focus, is marked as wrong, and says why. */
  const refused = async (label: string, why: string) => {
    const field = page.getByLabel(label, { exact: true });
    await field.and(page.locator("[aria-invalid=true]:focus")).waitFor();
    await page.getByText(why, { exact: false }).waitFor();
    const told = await field.evaluate((it) =>
      (it.getAttribute("aria-describedby") ?? "")
        .split(" ")
        .map((id) => document.getElementById(id)?.textContent)
        .join(" "),
    );
    assert.ok(told.includes(why), `${label} is described by "${told}"`);
  };
  const begin = (of: Page = page) => region("Test", of).getByRole("button", { name: "Test now" }).click();
  const failsWith = (reason: RegExp) =>
    region("Test")
      .getByRole("alert")
      .filter({ hasText: "The last test has failed" })
      .filter({ hasText: reason })
      .waitFor();
  /** On the log-in page, with the address of a company. */
  const signOn = async (there: Page, email: string) => {
    await there.goto("/log-in");
    await there.getByLabel("E-mail address").fill(email);
    await there.getByRole("button", { name: "Continue with single sign-on" }).click();
  };
  const isIn = async (there: Page) => {
    await there.waitForURL((url) => url.pathname === "/t/nano");
    await there.getByRole("heading", { name: "No instance yet" }).waitFor();
  };
  /** Somebody with a session at the provider and none here. */
  const isInAgain = async (it: Tab) => {
    await it.context.clearCookies({ name: "tenantry_session" });
    await signOn(it.page, GRACE);
    await isIn(it.page);
  };
  const ours = async (url: string) => {
    const document = await (await fetch(url)).text();
    return [...document.matchAll(/X509Certificate>([^<]+)</g)].map(([, der]) => der?.replaceAll(/\s/g, ""));
  };
  const theirs = async () => (await fetch(provider.metadata)).text();
  /** A certificate as metadata has it. */
  const packed = (pem: string) => new X509Certificate(pem).raw.toString("base64");
  const withKeyOf = (document: string, pem: string) =>
    document.replace(/(X509Certificate>)[^<]+/, `$1${packed(pem)}`);

  before(async () => {
    const { product } = await world();
    const starting = NanoIdp.start({
      grace: { email: GRACE, groups: ["ENGINEERING"], attributes: { displayName: "Grace of Nano" } },
    });
    const { api } = await person("Nora Owner");
    owner = api;
    tenantId = await organisation(api, "Nano", "nano", "pro");
    provider = await starting;
    at = await browser(api);
    page = at.page;
    await at.context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: product.portal });
  });

  after(async () => {
    await at?.context.close();
    await provider?.stop();
  });

  test("a connection shows what the provider needs", async () => {
    const { product } = await world();
    await make("Nano");
    await look("saml new connection");
    await dialog().getByRole("button", { name: "Create" }).click();
    await page.getByRole("heading", { name: "Nano", level: 1 }).waitFor();
    await main().getByText("To be tested").waitFor();
    const id = new URL(page.url()).pathname.split("/").at(-1);
    const entityId = await copied(ENTITY_ID);
    assert.equal(entityId, `${product.portal}/saml/${id}/metadata`);
    assert.equal(await copied("Metadata address"), entityId);
    const acs = await copied(ACS);
    assert.equal(acs, `${product.portal}/saml/${id}/acs`);
    const document = await (await fetch(entityId)).text();
    assert.ok(
      document.includes(`entityID="${entityId}"`) && document.includes(`Location="${acs}"`),
      document,
    );
    for (const said of [entityId, acs]) {
      assert.ok(
        await region("What your provider needs").getByText(said, { exact: true }).first().isVisible(),
      );
    }

    certificate = await copied("Our certificate");
    assert.equal(await copied("Our certificate", "Our certificates"), certificate);
    assert.deepEqual([...new Set(await ours(entityId))], [packed(certificate)]);
    const download = page.waitForEvent("download");
    await region("Our certificates").getByRole("button", { name: "Download: Our certificate" }).click();
    assert.equal((await download).suggestedFilename(), "tenantry-saml-current.cer");
    await provider.trust(certificate);
    await page.getByRole("button", { name: "Copied" }).first().waitFor({ state: "hidden" });
    await look("saml connection draft");
    await begin();
    await region("Test").getByRole("alert").waitFor();
  });

  test("a document that is no provider's is refused at its field, and so is an answer of another's", async () => {
    await tabTo(page, /^Address of the metadata$/);
    await tabTo(page, /^Save$/);
    await page.keyboard.press("Enter");
    await refused("Address of the metadata", "Enter the address of the metadata, or paste it instead.");
    await address("no address at all");
    await refused("Address of the metadata", "No answer from the address");
    await address(`${provider.origin}/saml/nothing`);
    await refused("Address of the metadata", "The address answers with status 404");
    await address(`${provider.origin}/saml/cert.pem`);
    await refused("Address of the metadata", "This is not XML.");
    await address(`${provider.origin}/login`);
    await refused("Address of the metadata", "This is not plain XML.");
    await look("saml address refused");

    await paste("Dear IT, please send it");
    await refused("Metadata", "This is not SAML metadata");
    assert.equal(
      await page.getByText("This is not plain XML.").count(),
      0,
      "of the address, which is not asked for",
    );
    await look("saml text refused");
    await paste("<!doctype html><html><body>EntityDescriptor</body></html>");
    await refused("Metadata", "This is not plain XML.");
    // Ours, given back.
    await choose("ours.xml", await (await fetch(await copied(ENTITY_ID))).text());
    await refused("Metadata", "The metadata is not that of a SAML 2.0 identity provider.");

    const document = await theirs();
    await choose("other.xml", document.replace(/entityID="[^"]+"/, 'entityID="https://other.example/saml"'));
    await page.getByText("The settings are saved. Test them next.").last().waitFor();
    await known().getByRole("cell", { name: "https://other.example/saml" }).waitFor();
    await begin();
    await provider.logIn(page, "grace");
    await failsWith(/issuer: The response or assertion is from another provider/);
    await look("saml test failed");
    await paste(withKeyOf(document, certificate));
    await known().getByRole("cell", { name: provider.entityId, exact: true }).waitFor();
    await begin();
    // The provider knows them by now, and asks nothing.
    await failsWith(/signature_invalid: No certificate of the metadata has made this signature/);
    await main().getByText("To be tested").waitFor();
  });

  test("the metadata's address is read, and a test shows what the provider says", async () => {
    await address(provider.metadata);
    await known()
      .getByRole("row", { name: /^Metadata read/ })
      .waitFor();
    await begin();
    await region("Test").getByText("The last test has passed.").waitFor();
    for (const said of [GRACE, "Grace of Nano", "ENGINEERING"]) {
      await region("Test").getByRole("cell", { name: said, exact: true }).first().waitFor();
    }
    await main().getByText("In use", { exact: true }).waitFor();
    await look("saml test passed");
  });

  test("somebody new comes in by their address, and is told little where the answer is not accepted", async () => {
    await provenDomain(owner, tenantId, "nano.example");

    const grace = await browser();
    const there = grace.page;
    await signOn(there, GRACE);
    await provider.logIn(there, "grace");
    await isIn(there);
    await there.getByText("Grace of Nano").first().waitFor({ state: "attached" });
    const { tenant } = await owner.ask(
      "query($t: ID!) { tenant(id: $t) { members(first: 20) { nodes { email } } } }",
      { t: tenantId },
    );
    const emails = (tenant.members.nodes as { email: string }[]).map((member) => member.email);
    assert.ok(emails.includes(GRACE), emails.join(", "));

    // The same provider with another key needs no test: who comes meanwhile is turned away.
    await connection();
    await paste(withKeyOf(await theirs(), certificate));
    await page.getByText("The settings are saved.", { exact: true }).waitFor();
    await main().getByText("In use", { exact: true }).waitFor();
    await grace.context.clearCookies({ name: "tenantry_session" });
    await signOn(there, GRACE);
    await there.getByText("The identity provider's answer was not accepted").waitFor();
    const told = (await there.getByRole("alert").textContent()) ?? "";
    assert.match(told, /req_[0-9a-z]{26}/, "for whoever is asked about it");
    assert.doesNotMatch(told, /signature|certificate|issuer/i);
    await look("saml log-in failed", grace);
    await begin();
    await failsWith(/signature_invalid/);
    await look("saml test failed in use");
    await address(provider.metadata);
    await known()
      .getByRole("row", { name: /^Metadata read/ })
      .waitFor();
    await isInAgain(grace);
    assert.deepEqual(grace.faults, []);
    await grace.context.close();
  });

  test("certificates of both sides change while people come in", async () => {
    const grace = await browser();
    await signOn(grace.page, GRACE);
    await provider.logIn(grace.page, "grace");
    await isIn(grace.page);

    await connection();
    const own = region("Our certificates");
    const states = () => own.getByRole("listitem").filter({ hasText: "SHA-256 fingerprint" });
    const entityId = await copied(ENTITY_ID);
    await tabTo(page, /^Make the next certificate$/);
    await page.keyboard.press("Enter");
    await page.getByText("The next certificate is there. Let your IT load it.").waitFor();
    await states().filter({ hasText: "Next" }).waitFor();
    assert.equal(await states().count(), 2);
    const next = await copied("Our next certificate");
    assert.deepEqual(new Set(await ours(entityId)), new Set([packed(certificate), packed(next)]));
    await own.getByText(new X509Certificate(next).fingerprint256.replaceAll(":", "").toLowerCase()).waitFor();
    await page.getByRole("button", { name: "Copied" }).first().waitFor({ state: "hidden" });
    await look("saml next certificate");
    await provider.trust(certificate, next);
    await isInAgain(grace);

    await own.getByRole("button", { name: "Use the next certificate" }).click();
    await dialog().getByText("Has your IT loaded it into the provider?").waitFor();
    await look("saml use certificate");
    await dialog().getByRole("button", { name: "Use the next certificate" }).click();
    await page.getByText("The next certificate is in use.").waitFor();
    await states().filter({ hasText: "Previous" }).waitFor();
    assert.deepEqual([...new Set(await ours(entityId))], [packed(next)]);
    // The provider knows the new one alone: it counts.
    await provider.trust(next);
    await isInAgain(grace);

    await own.getByRole("button", { name: "Remove the previous certificate" }).click();
    await look("saml remove certificate");
    await dialog().getByRole("button", { name: "Remove the previous certificate" }).click();
    await page.getByText("The previous certificate is removed.").waitFor();
    await states().filter({ hasText: "Previous" }).waitFor({ state: "detached" });
    assert.equal(await states().count(), 1);
    await isInAgain(grace);

    // The provider's key changes too, and the owner looks at once.
    const fingerprint = () => known().getByRole("listitem").locator(".mono").textContent();
    const read = () => known().locator("time").first().getAttribute("datetime");
    const [before, since] = [await fingerprint(), await read()];
    await provider.rotate();
    await known().getByRole("button", { name: "Read the metadata again" }).click();
    await page.getByText("The metadata is read.").waitFor();
    assert.ok(before);
    await known().getByText(before).waitFor({ state: "detached" });
    assert.ok(Date.parse((await read()) ?? "") > Date.parse(since ?? ""), "its date is another");
    await known()
      .getByRole("row", { name: /^Metadata read (now|\d+ seconds? ago)$/ })
      .waitFor();
    await main().getByText("In use", { exact: true }).waitFor();
    await look("saml metadata read again");
    await isInAgain(grace);
    assert.deepEqual(grace.faults, []);
    await grace.context.close();
  });

  test("whoever has the link sets a connection up without an account", async () => {
    await make("Spare");
    await dialog().getByRole("button", { name: "Create" }).click();
    await page.getByRole("heading", { name: "Spare", level: 1 }).waitFor();
    await provider.trust(await copied("Our certificate"));
    await main().getByRole("button", { name: "Make a link" }).click();
    const url = (await dialog().getByTestId("secret").textContent()) ?? "";
    await dialog().getByLabel("I have saved it").check();
    await dialog().getByRole("button", { name: "Done" }).click();

    const it = await browser();
    const there = it.page;
    await there.goto(url);
    await there.getByRole("heading", { name: "Set up Spare" }).waitFor();
    assert.equal(new URL(there.url()).hash, "", "the secret is not in the address bar");
    await region("What your provider needs", there)
      .getByText(await copied(ACS), { exact: true })
      .waitFor();
    await look("saml set-up", it);
    await address(provider.metadata, there);
    await known(there).getByRole("cell", { name: provider.entityId, exact: true }).waitFor();
    await begin(there);
    await provider.logIn(there, "grace");
    await there.getByText("The last test has passed.").waitFor();
    await there.getByRole("cell", { name: GRACE }).first().waitFor();
    await known(there).getByRole("button", { name: "Read the metadata again" }).click();
    await there.getByText("The metadata is read.").waitFor();
    await look("saml set-up passed", it);

    await page.reload();
    await region("Test").getByRole("cell", { name: GRACE }).first().waitFor();
    await main().getByRole("button", { name: "End it now" }).click();
    await page.getByText("The link is over.").waitFor();
    await there.reload();
    await there.getByRole("heading", { name: "This link does not work" }).waitFor();
    await it.context.close();
  });

  test("a provider that does not answer any more is told of, and what was read stays", async () => {
    await connection();
    await provider.stop();
    await known().getByRole("button", { name: "Read the metadata again" }).click();
    await known().getByText("The metadata could not be read the last time").waitFor();
    await known().getByText("What was read before still counts.", { exact: false }).waitFor();
    await known().getByRole("cell", { name: provider.entityId, exact: true }).waitFor();
    await main().getByText("In use", { exact: true }).waitFor();
    await look("saml metadata unread");
  });
});
