/** Sessions, hand-overs and mails as people see them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "./look.ts";
import { logIn, member } from "./people.ts";
import { organisation, person, tab, world } from "./world.ts";

test("a person sees where they are logged in, and ends one of it", { timeout: 120_000 }, async () => {
  await world();
  const { api, email } = await person("Selma Sessions");
  const here = await tab();
  await here.page.goto("/account/sessions");
  await logIn(here.page, email);
  await here.page.getByRole("heading", { name: "Sessions", level: 1 }).waitFor();
  const cards = here.page.getByRole("list", { name: "Sessions" }).getByRole("listitem");
  await cards.nth(1).waitFor();
  assert.equal(await cards.count(), 2);
  assert.match((await cards.filter({ hasText: "This browser" }).textContent()) ?? "", /Chrome on Linux/);
  const other = cards.filter({ hasNotText: "This browser" });
  await other.getByRole("button", { name: /^End the session/ }).click();
  await here.page.getByRole("dialog").getByRole("button", { name: "End", exact: true }).click();
  await other.waitFor({ state: "detached" });
  const { viewer } = await api.ask("{ viewer { id } }");
  assert.equal(viewer, null, "the other one is out");

  // A log-in from another sort of browser was told by mail.
  const { operator } = await world();
  const query = "query($to: String) { capturedMail(recipient: $to, first: 5) { nodes { subject } } }";
  let subjects: string[] = [];
  for (let tries = 0; tries < 50 && !subjects.includes("New log-in to your account"); tries += 1) {
    const { capturedMail } = await operator.admin(query, { to: email });
    subjects = capturedMail.nodes.map((it: { subject: string }) => it.subject);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.ok(subjects.includes("New log-in to your account"), subjects.join());
  assert.deepEqual(here.faults, []);
  await here.context.close();
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

test("an owner hands the organisation over", { timeout: 120_000 }, async () => {
  await world();
  const { api } = await person("Olive Owner");
  const tenantId = await organisation(api, "Handed Ltd", "handed", "pro");
  const heir = await member(api, tenantId, "DEVELOPER");
  const { page, context, faults } = await tab({ as: api });
  await page.goto("/t/handed/members");
  await page.getByRole("button", { name: `More about ${heir.name}` }).click();
  await page.getByRole("menuitem", { name: "Hand over ownership" }).click();
  await page.getByRole("dialog").getByRole("textbox").fill("handed");
  await page.getByRole("dialog").getByRole("button", { name: "Hand over" }).click();
  await page.getByText(`${heir.name} is now an owner of Handed Ltd.`).waitFor();
  const { tenant } = await heir.api.ask("query($t: ID!) { tenant(id: $t) { viewerRole } }", { t: tenantId });
  assert.equal(tenant.viewerRole, "OWNER");
  const mine = await api.ask("query($t: ID!) { tenant(id: $t) { viewerRole } }", { t: tenantId });
  assert.equal(mine.tenant.viewerRole, "ADMIN");
  assert.deepEqual(faults, []);
  await context.close();
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
