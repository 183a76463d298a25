/** Every page, in both themes and at both widths: accessible, within the window, without errors; stable ones as before. */
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import type { Api } from "./api.ts";
import { looksAsBefore } from "./baseline.ts";
import { inspect } from "./look.ts";
import { instance, organisation, person, type RunningInstance, tab, world } from "./world.ts";

/** A page: its name, its address, and a heading that shows that it is there. */
type Entry = [name: string, path: string, heading: string | RegExp, stable?: "stable"];

async function look(entries: readonly Entry[], as?: Api): Promise<void> {
  const { page, context, faults } = await tab(as ? { as } : {});
  for (const [name, path, heading, stable] of entries) {
    await page.goto(path);
    // The front page loads its code at the first sign of use.
    await page.mouse.move(8, 8);
    await page.mouse.move(9, 9);
    await page.getByRole("heading", { name: heading }).first().waitFor();
    assert.match(await page.title(), /Tenantry/, `${name}: the window's title`);
    await inspect(page, name, stable ? (what) => looksAsBefore(page, what) : undefined);
    assert.deepEqual(faults.splice(0), [], `${name}: errors in the browser`);
  }
  await context.close();
}

test("the public pages", { timeout: 300_000 }, async () => {
  await world();
  await look([
    ["landing", "/", /An n8n that is yours alone/, "stable"],
    ["sign-up", "/sign-up", "Start free", "stable"],
    ["log-in", "/log-in", "Log in", "stable"],
    ["forgot-password", "/forgot-password", "Choose a new password", "stable"],
    ["reset-password without a link", "/reset-password", /needs the link/],
    ["reset-password", "/reset-password#token=abc", "Choose a new password", "stable"],
    ["verify-email without a link", "/verify-email", /needs the link/],
    ["verify-email with an old link", "/verify-email#token=abc", /is not confirmed/],
    ["operator-setup", "/operator-setup#token=abc", "Set up the operator", "stable"],
    ["invitation that is gone", "/invitation#token=abc", /does not work/],
    ["open-refused", "/open-refused?reason=forbidden", /may not open/, "stable"],
    ["rest reference", "/docs/api", "REST reference"],
    ["not-found", "/no/such/page", /does not exist/, "stable"],
  ]);
});

describe("the portal", () => {
  let owner: Api;
  let running: RunningInstance;

  before(async () => {
    const { api } = await person("Ada Pages");
    owner = api;
    const tenantId = await organisation(api, "Pages Ltd", "pages");
    await organisation(api, "Empty Ltd", "empty", "free");
    running = await instance(api, tenantId, "orders");
    await api.ask("mutation($i: InviteMemberInput!) { inviteMember(input: $i) { problem { message } } }", {
      i: {
        tenantId,
        email: "somebody.with.a.long.address@a-very-long-company-name.example.com",
        role: "DEVELOPER",
      },
    });
  });

  test("pages of a person without an organisation", {
    timeout: 300_000,
  }, async () => {
    const { api } = await person("Newcomer");
    await look([["start", "/start", "Create your n8n", "stable"]], api);
  });

  test("pages of an organisation", { timeout: 300_000 }, async () => {
    await look(
      [
        ["list empty", "/t/empty", "Instances"],
        ["list", "/t/pages", "Instances"],
        ["new instance", "/t/pages/instances/new", "New instance"],
        ["instance", `/t/pages/instances/${running.id}`, "orders"],
        ["instance unknown", "/t/pages/instances/ins_01m7ygbqc7ek0srzjg7xppge1a", /no such instance/i],
        ["usage empty", "/t/pages/usage", "Usage"],
        ["billing", "/t/pages/billing", "Billing"],
        ["members", "/t/pages/members", "Members"],
        ["roles none", "/t/pages/roles", "Roles"],
        ["explain", "/t/pages/roles/explain?right=instance:open", "Allowed"],
        ["keys none", "/t/pages/developers", "API keys"],
        ["service accounts none", "/t/pages/developers/service-accounts", "Service accounts"],
        ["webhooks none", "/t/pages/developers/webhooks", "Webhooks"],
        ["webhook unknown", "/t/pages/developers/webhooks/whe_01m7ygbqc7ek0srzjg7xppge1a", /no such/i],
        ["graphiql", "/t/pages/developers/graphiql", "GraphiQL"],
        ["examples", "/t/pages/developers/examples", "Examples"],
        ["changelog", "/t/pages/developers/changelog", /Changelog/],
        ["limits", "/t/pages/developers/limits", "Rate limits"],
        ["provisioning", "/t/pages/security/provisioning", "Provisioning"],
        ["audit of pages", "/t/pages/audit", "Audit"],
        ["audit filtered to nothing", "/t/pages/audit?action=nothing.is.called.this", "No record fits"],
        ["audit settings", "/t/pages/audit/settings", "Keeping and streaming"],
        ["support none", "/t/pages/support", "Support access"],
        ["security", "/t/pages/security", "Security"],
        ["account", "/account", "Account"],
        ["account security", "/account/security", "Security"],
        ["sessions", "/account/sessions", "Sessions"],
        ["organisation unknown", "/t/nobody", /not in this organisation/],
      ],
      owner,
    );
  });

  test("the operator's console", { timeout: 300_000 }, async () => {
    const { operator } = await world();
    const { instances } = await operator.admin("{ instances(first: 1) { nodes { id tenantId } } }");
    await look(
      [
        ["admin overview", "/admin", "Overview"],
        ["admin fleet", "/admin/fleet", "Fleet"],
        ["admin fleet filtered to nothing", "/admin/fleet?search=nothing-is-called-this", "Fleet"],
        ["admin instance", `/admin/fleet/${instances.nodes[0].id}`, /./],
        ["admin tenants", "/admin/tenants", "Tenants"],
        ["admin tenant", `/admin/tenants/${instances.nodes[0].tenantId}`, /./],
        ["admin regions", "/admin/regions", "Regions"],
        ["admin jobs", "/admin/jobs", "Jobs"],
        ["admin mail", "/admin/mail", "Mail"],
        ["admin support none", "/admin/support", "Support access"],
        ["admin audit", "/admin/audit", "Platform audit"],
        ["admin graphiql", "/admin/graphiql", "GraphiQL"],
      ],
      operator,
    );
  });
});

test("staff alone see the console", async () => {
  const { api } = await person("Curious");
  const { page, context } = await tab({ as: api });
  await page.goto("/admin/fleet");
  await page.getByText("This page does not exist.").waitFor();
  await context.close();
});
