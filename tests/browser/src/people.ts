/** Ways in and out of the portal, and into an organisation. */
import type { Page } from "playwright-core";
import type { Api } from "./api.ts";
import { mailedLink, PASSWORD, person, world } from "./world.ts";

/** Fills in the log-in page that is open. */
export async function logIn(page: Page, email: string): Promise<void> {
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("main").getByRole("button", { name: "Log in", exact: true }).click();
}

export async function logOut(page: Page): Promise<void> {
  await page.getByRole("button", { name: /Account menu/ }).click();
  await page.getByRole("menuitem", { name: "Log out" }).click();
  // Who goes elsewhere before it is done stays logged in.
  await page.getByRole("button", { name: /Account menu/ }).waitFor({ state: "hidden" });
}

/** Somebody new in an organisation, in a role. */
export async function member(owner: Api, tenantId: string, role: string) {
  const made = await person(`Mia ${role}`);
  await owner.ask("mutation($i: InviteMemberInput!) { inviteMember(input: $i) { problem { message } } }", {
    i: { tenantId, email: made.email, role },
  });
  const token = (await mailedLink(made.email, "/invitation")).split("token=")[1];
  await made.api.ask("mutation($t: String!) { acceptInvitation(token: $t) { problem { message } } }", {
    t: token,
  });
  return made;
}

/** Proves a domain of an organisation's, by its record. */
export async function provenDomain(owner: Api, tenantId: string, name: string): Promise<void> {
  const { names } = await world();
  const of = { i: { tenantId, name } };
  const { addSsoDomain } = await owner.ask(
    "mutation($i: SsoDomainInput!) { addSsoDomain(input: $i) { domain { recordName recordValue } problem { message } } }",
    of,
  );
  names.publish(addSsoDomain.domain.recordName, addSsoDomain.domain.recordValue);
  await owner.ask("mutation($i: SsoDomainInput!) { checkSsoDomain(input: $i) { problem { message } } }", of);
}
