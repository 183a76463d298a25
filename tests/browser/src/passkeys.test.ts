/** Passkeys that must not count: answers for another page, answered twice, of a copy, of somebody else. */
import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { Api } from "./api.ts";
import { type Asked, answered, Device } from "./factors.ts";
import { glance } from "./look.ts";
import { logOut } from "./people.ts";
import { organisation, PASSWORD, person, type Tab, tab, world } from "./world.ts";

const ALONE = "mutation { startPasskeyLogIn { token options problem { message } } }";
const ENTER =
  "mutation($i: PasskeyAnswerInput!) { logInWithPasskey(input: $i) { viewer { email } problem { code message } } }";
const WRONG = /That did not prove who you are/;

interface Challenge {
  token: string;
  options: Asked;
}

/** Somebody with an organisation, and a device with one passkey, made in the portal. */
async function holder(name: string, slug: string) {
  const { api, email } = await person(name);
  await organisation(api, `${name} Ltd`, slug);
  const at = await tab({ as: api });
  const device = await Device.of(at.page);
  await at.page.goto("/account/security");
  await at.page.getByRole("button", { name: "Add a passkey" }).click();
  await at.page.getByRole("dialog").getByLabel("Name").fill(`${name}'s phone`);
  await at.page.getByRole("dialog").getByRole("button", { name: "Add a passkey" }).click();
  await at.page.getByLabel("I have saved it").check();
  await at.page.getByRole("button", { name: "Done" }).click();
  const id: string = (await api.ask("{ viewer { security { passkeys { id } } } }")).viewer.security
    .passkeys[0].id;
  return { api, email, slug, at, page: at.page, device, id };
}

describe("passkeys that must not count", { timeout: 300_000 }, () => {
  let ada: Awaited<ReturnType<typeof holder>>;
  let bob: Awaited<ReturnType<typeof holder>>;
  /** Of nobody: what anybody can ask. */
  let nobody: Api;
  /** A page that looks like the portal, at another port of the same host. */
  let fake: Server;
  let fakeOrigin: string;

  const challenge = async (api: Api = nobody): Promise<Challenge> =>
    (await api.ask(ALONE)).startPasskeyLogIn as Challenge;
  const enter = (token: string, credential: object) => nobody.ask(ENTER, { i: { token, credential } });
  /** The portal's own page, where the device answers as it should. */
  const portal = (of: { page: Tab["page"] }) => of.page.goto("/account/security");

  before(async () => {
    const { product } = await world();
    nobody = new Api(product.portal);
    fake = createServer((_, response) => {
      response.setHeader("content-type", "text/html").end("<title>Tenantry</title><h1>Log in</h1>");
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => fake.once("listening", resolve));
    fakeOrigin = `http://localhost:${(fake.address() as AddressInfo).port}`;
    ada = await holder("Ada Holder", "ada-holder");
    bob = await holder("Bob Holder", "bob-holder");
  });

  after(async () => {
    await ada?.at.context.close();
    await bob?.at.context.close();
    fake?.close();
  });

  test("an answer that another page has asked for", async () => {
    await ada.page.goto(fakeOrigin);
    const lured = await challenge();
    const stolen = await answered(ada.page, lured.options);
    await assert.rejects(enter(lured.token, stolen), WRONG);
    await portal(ada);
    const own = await challenge();
    const { logInWithPasskey } = await enter(own.token, await answered(ada.page, own.options));
    assert.equal(logInWithPasskey.viewer.email, ada.email, "the same device on the portal's page");
  });

  test("an answer that was used, or was for another challenge", async () => {
    await portal(ada);
    const first = await challenge();
    const answer = await answered(ada.page, first.options);
    await enter(first.token, answer);
    await assert.rejects(enter(first.token, answer), WRONG);
    await assert.rejects(enter((await challenge()).token, answer), WRONG);
    // Made to prove who is logged in, it is no log-in.
    const { challengePasskey } = await ada.api.ask(
      "mutation { challengePasskey { token options problem { message } } }",
    );
    const proof = await answered(ada.page, challengePasskey.options);
    await assert.rejects(enter(challengePasskey.token, proof), WRONG);
  });

  test("an answer of somebody else, in another organisation", async () => {
    await portal(bob);
    await portal(ada);
    // Bob has Ada's password, and a passkey of his own.
    const { logIn } = await nobody.ask(
      "mutation($i: LogInInput!) { logIn(input: $i) { viewer { id } secondFactor { token factors } problem { message } } }",
      { i: { email: ada.email, password: PASSWORD } },
    );
    assert.equal(logIn.viewer, null);
    assert.deepEqual(logIn.secondFactor.factors.toSorted(), ["PASSKEY", "RECOVERY_CODE"]);
    const asked =
      "mutation($t: String) { challengePasskey(logInToken: $t) { token options problem { message } } }";
    const complete =
      "mutation($i: CompleteLogInInput!) { completeLogIn(input: $i) { viewer { email } problem { message } } }";
    const waiting = logIn.secondFactor.token;
    const hers = (await nobody.ask(asked, { t: waiting })).challengePasskey as Challenge;
    assert.equal(hers.options.allowCredentials?.length, 1, "only her own is asked for");
    const his = await answered(bob.page, { ...hers.options, allowCredentials: [] });
    await assert.rejects(
      nobody.ask(complete, { i: { token: waiting, passkey: { token: hers.token, credential: his } } }),
      WRONG,
    );
    // A challenge that was given out to him.
    const own = (await bob.api.ask(asked, { t: null })).challengePasskey as Challenge;
    const ownAnswer = await answered(bob.page, own.options);
    await assert.rejects(
      nobody.ask(complete, { i: { token: waiting, passkey: { token: own.token, credential: ownAnswer } } }),
      WRONG,
    );
    // His answer that says it is hers.
    const alone = await challenge();
    const [mine, other] = [await ada.device.credentials(), await bob.device.credentials()];
    assert.notEqual(mine[0]?.userHandle, other[0]?.userHandle);
    const answer = (await answered(bob.page, alone.options)) as { response: { userHandle?: string } };
    const handle = (mine[0]?.userHandle ?? "").replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
    answer.response.userHandle = handle;
    await assert.rejects(enter(alone.token, answer), WRONG);
    // Nor does he find hers, to rename or to remove it.
    const rename =
      "mutation($i: RenamePasskeyInput!) { renamePasskey(input: $i) { ok problem { code message } } }";
    const remove = "mutation($i: PasskeyInput!) { removePasskey(input: $i) { ok problem { code message } } }";
    await assert.rejects(bob.api.ask(rename, { i: { id: ada.id, name: "Mine" } }), /NOT_FOUND/);
    await assert.rejects(bob.api.ask(remove, { i: { id: ada.id } }), /NOT_FOUND/);
    const { viewer } = await ada.api.ask("{ viewer { security { passkeys { id name } } } }");
    assert.deepEqual(viewer.security.passkeys, [{ id: ada.id, name: "Ada Holder's phone" }]);
  });

  test("a copy, whose counter is behind; and a device that its owner does not open", async () => {
    const { page, device, at } = ada;
    const outcome = () => page.getByRole("main").getByRole("alert");
    const button = () => page.getByRole("main").getByRole("button", { name: "Log in with a passkey" });
    await page.goto("/home");
    await logOut(page);
    await page.goto("/log-in");
    const [{ signCount: reached } = { signCount: 0 }] = await device.credentials();
    assert.ok(reached > 2, "it has been used");
    await device.countFrom(1);
    await button().click();
    await outcome().getByText(WRONG).waitFor();
    await glance(page, "log-in passkey refused");
    await device.countFrom(reached + 10);
    await button().click();
    await page.waitForURL((url) => url.pathname === "/t/ada-holder");

    await logOut(page);
    await page.goto("/log-in");
    await device.opens(false);
    await button().click();
    await outcome().getByText("The passkey was not used. Try again, or log in another way.").waitFor();
    await glance(page, "log-in passkey cancelled");
    await device.opens(true);
    await button().click();
    await page.waitForURL((url) => url.pathname === "/t/ada-holder");
    assert.deepEqual(at.faults, []);
  });
});
