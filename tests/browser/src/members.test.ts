/** Members, from the invitation to the end: each step in the portal, and seen at once by whom it is about. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Api } from "./api.ts";
import { expect } from "./expect.ts";
import { glance, inspect } from "./look.ts";
import { mailed } from "./mails.ts";
import { logIn, member } from "./people.ts";
import { mailedLink, organisation, PASSWORD, person, type Tab, tab, world } from "./world.ts";

const NEWCOMER = "nora.newcomer@example.com";
const ROLE = "query($t: ID!) { tenant(id: $t) { viewerRole } }";

describe("members", { timeout: 300_000 }, () => {
  let owner: Api;
  let ownerName: string;
  let tenantId: string;
  let at: Tab;
  let page: Tab["page"];
  let nora: Tab;

  const main = () => page.getByRole("main");
  const dialog = () => page.getByRole("dialog");
  const passing = async (name: string) => {
    await glance(page, name);
    assert.deepEqual(at.faults.splice(0), [], `${name}: errors in the browser`);
  };
  const invite = async (email: string, role: RegExp) => {
    await main().getByRole("button", { name: "Invite", exact: true }).click();
    await dialog().getByLabel("E-mail address").fill(email);
    await dialog().getByRole("radio", { name: role }).check();
    await dialog().getByRole("button", { name: "Send invitation" }).click();
    await page.getByText(`Invitation sent to ${email}.`).waitFor();
    await dialog().waitFor({ state: "hidden" });
  };
  /** A link of an invitation that is not one of these. */
  const newLink = async (email: string, ...old: string[]): Promise<string> => {
    let link = "";
    await expect(`another invitation of ${email}`, async () => {
      link = await mailedLink(email, "/invitation");
      return !old.includes(link);
    });
    return link;
  };
  const isDead = async (link: string) => {
    const stranger = await tab();
    await stranger.page.goto(link);
    await stranger.page.getByRole("heading", { name: "This invitation does not work" }).waitFor();
    await stranger.context.close();
  };
  const row = (text: string) => main().getByRole("row").filter({ hasText: text });
  /** Chooses a role of somebody in the list. */
  const choose = async (name: string, role: string) => {
    await main()
      .getByRole("combobox", { name: `Role of ${name}` })
      .click();
    await page.getByRole("option", { name: role, exact: true }).click();
  };

  before(async () => {
    await world();
    const { api, name } = await person("Olive Owner");
    owner = api;
    ownerName = name;
    tenantId = await organisation(api, "Handed Ltd", "handed", "pro");
    at = await tab({ as: api });
    page = at.page;
    await page.goto("/t/handed/members");
    await page.getByRole("heading", { name: "Members", level: 1 }).waitFor();
  });

  after(async () => {
    await at?.context.close();
    await nora?.context.close();
  });

  test("an invitation is sent, sent again and revoked: only the newest link works, and then none", async () => {
    await main().getByRole("button", { name: "Invite", exact: true }).click();
    await dialog().getByRole("button", { name: "Send invitation" }).click();
    await dialog().getByText("Enter the address of the person to invite.").waitFor();
    await passing("members invite without address");
    await page.keyboard.press("Escape");
    await dialog().waitFor({ state: "hidden" });
    await invite(NEWCOMER, /^Viewer/);
    const first = await newLink(NEWCOMER);
    await main()
      .getByRole("button", { name: `Send again to ${NEWCOMER}` })
      .click();
    await page.getByText(/Only the new link works/).waitFor();
    const second = await newLink(NEWCOMER, first);
    await isDead(first);
    await main()
      .getByRole("button", { name: `Revoke the invitation of ${NEWCOMER}` })
      .click();
    await dialog().getByText("The link in the mail stops working at once.").waitFor();
    await passing("members revoke dialog");
    await dialog().getByRole("button", { name: "Revoke invitation" }).click();
    await main().getByText("Nobody is invited at the moment.").waitFor();
    await isDead(second);

    await invite(NEWCOMER, /^Viewer/);
    const third = await newLink(NEWCOMER, first, second);
    nora = await tab();
    await nora.page.goto(third);
    await nora.page.getByRole("heading", { name: "Join Handed Ltd" }).waitFor();
    await glance(nora.page, "invitation for a stranger");
  });

  test("somebody new makes an account by the invitation, and joins", async () => {
    const there = nora.page;
    await there.getByRole("link", { name: "Make an account" }).click();
    await there.getByLabel("Your name").fill("Nora Newcomer");
    assert.equal(await there.getByLabel("E-mail address").inputValue(), NEWCOMER);
    await there.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await there.getByRole("button", { name: "Create account" }).click();
    await there.getByRole("heading", { name: "Check your mail" }).waitFor();
    await there.goto(await mailedLink(NEWCOMER, "/verify-email"));
    await there.getByRole("heading", { name: "Your address is confirmed" }).waitFor();
    await there.goto("/log-in");
    await logIn(there, NEWCOMER);
    await there.getByRole("heading", { name: "Join Handed Ltd" }).waitFor();
    await glance(there, "invitation to join");
    await there.getByRole("button", { name: "Join", exact: true }).click();
    await there.waitForURL((url) => url.pathname === "/t/handed");
    await row("Nora Newcomer").waitFor();
    await main().getByText("Nobody is invited at the moment.").waitFor();

    // For somebody else it does not count.
    await invite("somebody.else@example.com", /^Developer/);
    await there.goto(await newLink("somebody.else@example.com"));
    await there.getByRole("heading", { name: "This invitation is for another address" }).waitFor();
    await glance(there, "invitation for another");
    assert.deepEqual(nora.faults.splice(0), []);
    await there.goto("/t/handed");
    await there.getByRole("heading", { name: "Instances", level: 1 }).waitFor();
  });

  test("a role is changed, and counts at once in the other browser", async () => {
    const there = nora.page;
    assert.equal(await there.getByRole("link", { name: "New instance" }).count(), 0, "a viewer makes none");
    await choose("Nora Newcomer", "Developer");
    await page.getByText("Nora Newcomer is now Developer.").waitFor();
    await there
      .getByRole("link", { name: /New instance|Create/ })
      .first()
      .waitFor();
    await choose("Nora Newcomer", "Owner");
    await dialog().getByText("An owner can remove every other member, you too.").waitFor();
    await passing("members make an owner");
    await dialog().getByRole("button", { name: "Cancel" }).last().click();
    await dialog().waitFor({ state: "hidden" });
    await inspect(page, "members with an invitation");
  });

  test("the last owner can't leave, nor step down", async () => {
    await row(ownerName).getByRole("button", { name: "Leave" }).click();
    await dialog().getByRole("button", { name: "Leave organisation" }).click();
    await dialog().getByText("This is the organisation's last owner.").waitFor();
    await passing("members last owner leaves");
    await dialog().getByRole("button", { name: "Cancel" }).last().click();
    await dialog().waitFor({ state: "hidden" });
    await choose(ownerName, "Admin");
    await dialog().getByRole("button", { name: "Change to Admin" }).click();
    await dialog().getByText("This is the organisation's last owner.").waitFor();
    await dialog().getByRole("button", { name: "Cancel" }).last().click();
    await dialog().waitFor({ state: "hidden" });
    assert.equal((await owner.ask(ROLE, { t: tenantId })).tenant.viewerRole, "OWNER");
  });

  test("the organisation is handed over, and who handed it over leaves", async () => {
    const heir = await member(owner, tenantId, "DEVELOPER");
    await row(heir.name).waitFor();
    await page.getByRole("button", { name: `More about ${heir.name}` }).click();
    await page.getByRole("menuitem", { name: "Hand over ownership" }).click();
    await dialog().getByRole("textbox").fill("handed");
    await passing("members hand over dialog");
    await dialog().getByRole("button", { name: "Hand over" }).click();
    await page.getByText(`${heir.name} is now an owner of Handed Ltd.`).waitFor();
    assert.equal((await heir.api.ask(ROLE, { t: tenantId })).tenant.viewerRole, "OWNER");
    assert.equal((await owner.ask(ROLE, { t: tenantId })).tenant.viewerRole, "ADMIN");
    await mailed(heir.email, "You are an owner of an organisation now");

    // An admin removes a developer, whose page closes; and goes.
    await main().getByRole("button", { name: "Remove Nora Newcomer" }).click();
    await dialog().getByText("Portal and n8n editors of the organisation close for them at once.").waitFor();
    await passing("members remove dialog");
    await dialog().getByRole("button", { name: "Remove member" }).click();
    await page.getByText("Nora Newcomer is no longer a member.").waitFor();
    await nora.page.getByText("You are not in this organisation, or it does not exist.").waitFor();
    await row("Nora Newcomer").waitFor({ state: "detached" });
    await row(ownerName).getByRole("button", { name: "Leave" }).click();
    await dialog().getByRole("button", { name: "Leave organisation" }).click();
    await page.getByText("You left Handed Ltd.").waitFor();
    await page.waitForURL((url) => url.pathname === "/start");
    await assert.rejects(owner.ask(ROLE, { t: tenantId }), /NOT_FOUND/);
    assert.deepEqual(at.faults, []);
  });
});
