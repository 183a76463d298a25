/** Sessions as people see them: where they are logged in, and the end of it, at once. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Api } from "./api.ts";
import { glance, inspect } from "./look.ts";
import { mailed } from "./mails.ts";
import { logIn, member } from "./people.ts";
import { organisation, PASSWORD, person, type Tab, tab, world } from "./world.ts";

const PHONE =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1";
const FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:142.0) Gecko/20100101 Firefox/142.0";

const ORGANISATION = ["/t/selma/roles", "Roles"] as const;
const ACCOUNT = ["/account", "Account"] as const;

describe("sessions", { timeout: 300_000 }, () => {
  let address: string;
  let here: Tab;
  let phone: Tab;
  let office: Tab;

  /** Logs in, and leaves the page at that. */
  const arrive = async ({ page }: Tab, [path, heading]: readonly [string, string]) => {
    await page.goto(path);
    await logIn(page, address);
    await page.getByRole("heading", { name: heading, level: 1 }).waitFor();
  };
  const cards = () => here.page.getByRole("list", { name: "Sessions" }).getByRole("listitem");
  const isOut = async ({ page }: Tab) => {
    await page.waitForURL((url) => url.pathname === "/log-in");
    await page.getByRole("heading", { name: "Log in", level: 1 }).waitFor();
  };

  before(async () => {
    await world();
    const { api, email } = await person("Selma Sessions");
    address = email;
    await organisation(api, "Selma Ltd", "selma");
    await api.ask("mutation { logOut { ok } }");
    here = await tab();
    await here.page.goto("/account/sessions");
    await logIn(here.page, address);
    await here.page.getByRole("heading", { name: "Sessions", level: 1 }).waitFor();
  });

  after(async () => {
    for (const at of [here, phone, office]) await at?.context.close();
  });

  test("the list says which browsers, and a new sort of one is told by mail", async () => {
    phone = await tab({ userAgent: PHONE });
    office = await tab({ userAgent: FIREFOX });
    await arrive(phone, ORGANISATION);
    await arrive(office, ACCOUNT);
    await here.page.reload();
    await cards().nth(2).waitFor();
    assert.equal(await cards().count(), 3);
    const texts = await cards().allTextContents();
    for (const [device, own] of [
      [/Chrome on Linux/, true],
      [/Safari on iPhone|Safari on iOS/, false],
      [/Firefox on Windows/, false],
    ] as const) {
      const card = texts.find((it) => device.test(it));
      assert.ok(card, `${device}: ${texts.join(" | ")}`);
      assert.equal(card.includes("This browser"), own, card);
      assert.match(card, /127\.0\.0\.1/);
    }
    await inspect(here.page, "sessions of three browsers");
    assert.match(await mailed(address, "New log-in to your account"), /Firefox|Safari/);
  });

  test("one is ended, and is out at once", async () => {
    const other = cards().filter({ hasText: "Safari" });
    await other.getByRole("button", { name: /^End the session/ }).click();
    await here.page.getByRole("dialog").getByText("Whoever uses that browser").waitFor();
    await glance(here.page, "sessions end one");
    await here.page.getByRole("dialog").getByRole("button", { name: "End", exact: true }).click();
    await other.waitFor({ state: "detached" });
    await isOut(phone);
    assert.equal(await cards().count(), 2);
    await office.page.reload();
    await office.page.getByRole("heading", { name: "Account", level: 1 }).waitFor();
  });

  test("all others are ended, and this one goes on; then all", async () => {
    await arrive(phone, ORGANISATION);
    await here.page.reload();
    await cards().nth(2).waitFor();
    await here.page.getByRole("button", { name: "End all others" }).click();
    await here.page.getByRole("dialog").getByText("You stay logged in here").waitFor();
    await glance(here.page, "sessions end all others");
    await here.page.getByRole("dialog").getByRole("button", { name: "End all others" }).click();
    await cards().nth(1).waitFor({ state: "detached" });
    assert.match((await cards().textContent()) ?? "", /This browser/);
    await isOut(phone);
    // A page that shows nothing of an organisation, with its next question.
    await office.page.getByRole("main").getByRole("link", { name: "Security" }).click();
    await isOut(office);
    await here.page.getByRole("button", { name: "Log out everywhere" }).click();
    await here.page.getByRole("dialog").getByRole("button", { name: "Log out everywhere" }).click();
    await here.page.waitForURL((url) => url.pathname === "/");
    await here.page.goto("/account/sessions");
    await isOut(here);
    for (const at of [here, phone, office]) assert.deepEqual(at.faults, []);
  });
});

test("an organisation that wants a newer log-in leads to it and back", { timeout: 120_000 }, async () => {
  await world();
  const { api, email } = await person("Otto Outdated");
  const tenantId = await organisation(api, "Strict Ltd", "strict-sessions");
  const { page, context, faults } = await tab({ as: api });
  await page.goto("/t/strict-sessions/security");
  await page.getByRole("heading", { name: "Security", level: 1 }).waitFor();
  await page.getByRole("combobox", { name: "At the latest after" }).click();
  await page.getByRole("option", { name: "8 hours" }).click();
  await page.getByRole("button", { name: "Save the limits" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Save the limits" }).click();
  await page.getByText("The limits are saved.").waitFor();
  const { tenant } = await api.ask(
    "query($t: ID!) { tenant(id: $t) { sessionPolicy { absoluteMinutes } } }",
    {
      t: tenantId,
    },
  );
  assert.equal(tenant.sessionPolicy.absoluteMinutes, 480);
  await page.reload();
  await page.getByRole("combobox", { name: "At the latest after" }).waitFor();
  await glance(page, "session limits set");

  const { viewer } = await api.ask("{ viewer { id } }");
  await api.ask("mutation($i: MemberInput!) { endMemberSessions(input: $i) { problem { message } } }", {
    i: { tenantId, userId: viewer.id },
  });
  await page.getByRole("heading", { name: "Strict Ltd wants you to log in again" }).waitFor();
  await inspect(page, "outdated session");
  await page.getByRole("button", { name: "Log in again" }).click();
  await page.getByRole("heading", { name: "Log in", level: 1 }).waitFor();
  await logIn(page, email);
  await page.getByRole("heading", { name: "Security", level: 1 }).waitFor();
  assert.equal(new URL(page.url()).pathname, "/t/strict-sessions/security");
  assert.deepEqual(faults, []);
  await context.close();
});

test("an owner ends a member's sessions in the organisation, and there alone", {
  timeout: 120_000,
}, async () => {
  await world();
  const { api } = await person("Ella Ender");
  const tenantId = await organisation(api, "Ended Ltd", "ended", "pro");
  const theirs = await member(api, tenantId, "DEVELOPER");
  await organisation(theirs.api, "Own Ltd", "own-of-ended");
  const watching = await tab({ as: theirs.api });
  await watching.page.goto("/t/ended");
  await watching.page.getByRole("heading", { name: "Instances", level: 1 }).waitFor();

  const { page, context, faults } = await tab({ as: api });
  await page.goto("/t/ended/members");
  await page.getByRole("button", { name: `More about ${theirs.name}` }).click();
  await page.getByRole("menuitem", { name: "End sessions here" }).click();
  await page
    .getByRole("dialog")
    .getByText(/has to log in again before they see anything/)
    .waitFor();
  await glance(page, "members end sessions");
  await page.getByRole("dialog").getByRole("button", { name: "End sessions" }).click();
  await page.getByText(`The sessions of ${theirs.name} are ended here.`).waitFor();
  await watching.page.getByRole("heading", { name: "Ended Ltd wants you to log in again" }).waitFor();
  await watching.page.goto("/t/own-of-ended");
  await watching.page.getByRole("heading", { name: "Instances", level: 1 }).waitFor();
  // A newer log-in is good there again.
  const { product } = await world();
  const again = new Api(product.portal);
  await again.logIn(theirs.email, PASSWORD);
  const { tenant } = await again.ask("query($t: ID!) { tenant(id: $t) { name } }", { t: tenantId });
  assert.equal(tenant.name, "Ended Ltd");
  assert.deepEqual([...faults, ...watching.faults], []);
  await context.close();
  await watching.context.close();
});

test("the operator reads a mail as HTML, in a frame that may do nothing", { timeout: 120_000 }, async () => {
  const { operator } = await world();
  const { email } = await person("Hanna Html");
  const { page, context, faults } = await tab({ as: operator });
  await page.goto(`/admin/mail?to=${encodeURIComponent(email)}`);
  await page.getByRole("button", { name: /Confirm your e-mail address/ }).click();
  await page.getByText("HTML", { exact: true }).click();
  const frame = page.frameLocator("iframe[title^='The mail as HTML']");
  const button = frame.getByRole("link", { name: "Confirm that it is yours" });
  await button.waitFor();
  const colour = await button.evaluate((it) => getComputedStyle(it).backgroundColor);
  assert.notEqual(colour, "rgba(0, 0, 0, 0)", "its style is there");
  assert.deepEqual(faults, []);
  await context.close();
});
