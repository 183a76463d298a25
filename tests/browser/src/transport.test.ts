/**
 * The API as the programs of others speak it: the audits of GraphQL over HTTP, the clients of graphql-ws and
 * graphql-sse, Apollo's composition of subgraphs.
 */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { composeServices } from "@apollo/composition";
import { buildSubgraphSchema } from "@apollo/subgraph";
import { parse } from "graphql";
import { auditServer } from "graphql-http";
import { createClient as createEvents } from "graphql-sse";
import { createClient as createSocket } from "graphql-ws";
import WebSocket from "ws";
import { organisation, person, world } from "./world.ts";

for (const path of ["/graphql", "/admin/graphql"]) {
  test(`${path} passes every audit of GraphQL over HTTP`, async () => {
    const { product } = await world();
    const results = await auditServer({ url: product.portal + path });
    const failed = results
      .filter((result) => result.status !== "ok")
      .map((result) => `${result.id} ${result.name}: ${"reason" in result ? result.reason : ""}`);
    assert.deepEqual(failed, []);
    assert.equal(results.length, 61);
  });
}

interface Activity {
  tenantActivity: { members: boolean };
}

/** A member with an organisation, and a query for what happens in it. */
async function watcher(name: string) {
  const { product } = await world();
  const { api } = await person(name);
  const tenant = await organisation(api, name, `${name.toLowerCase()}-watches`);
  const query = `subscription { tenantActivity(tenantId: "${tenant}") { members } }`;
  const invite = () =>
    api.ask("mutation($i: InviteMemberInput!) { inviteMember(input: $i) { problem { message } } }", {
      i: { tenantId: tenant, email: `new.${name.toLowerCase()}@example.com`, role: "VIEWER" },
    });
  return { product, api, query, invite };
}

/** The first event is there at once, the second after a change, and none after the log-out. */
async function follow(
  events: AsyncIterableIterator<{ data?: Activity | null }>,
  { api, invite }: Awaited<ReturnType<typeof watcher>>,
) {
  const first = await events.next();
  assert.ok(first.value.data.tenantActivity);
  await invite();
  const second = await events.next();
  assert.equal(second.value.data.tenantActivity.members, true);
  await api.ask("mutation { logOut { ok } }");
  for (;;) {
    const { done, value } = await events.next();
    if (done) return;
    assert.ok(value.data?.tenantActivity, `an event after the log-out: ${JSON.stringify(value)}`);
  }
}

for (const method of ["POST", "GET"]) {
  test(`graphql-sse follows a subscription by ${method}, as long as its session lives`, async () => {
    const watching = await watcher(`Sse${method}`);
    const address = `${watching.product.portal}/graphql`;
    const client = createEvents({
      url: address,
      headers: { cookie: watching.api.cookie },
      retryAttempts: 0,
      fetchFn: (url: string, init: RequestInit & { body?: string }) => {
        if (method === "POST") return fetch(url, init);
        const query = new URLSearchParams({ query: JSON.parse(init.body ?? "{}").query });
        return fetch(`${address}?${query}`, { ...init, method, body: undefined });
      },
    });
    await follow(client.iterate<Activity>({ query: watching.query }), watching);
    client.dispose();
  });
}

test("graphql-ws follows a subscription, as long as its session lives", async () => {
  const watching = await watcher("Ws");
  const cookie = watching.api.cookie;
  const client = createSocket({
    url: `${watching.product.portal.replace("http", "ws")}/graphql`,
    webSocketImpl: class extends WebSocket {
      constructor(url: string, protocols: string) {
        super(url, protocols, { headers: { cookie } });
      }
    },
    retryAttempts: 0,
  });
  await follow(client.iterate<Activity>({ query: watching.query }), watching);
  await client.dispose();
});

test("the schema is a subgraph that others compose with", async () => {
  const { api } = await person("Fiona");
  const committed = await readFile(
    join(import.meta.dirname, "../../../control-plane/schema.federation.graphql"),
    "utf8",
  );
  const { _service } = await api.ask("{ _service { sdl } }");
  assert.equal(_service.sdl.trim(), committed.trim());
  const typeDefs = parse(committed);
  assert.ok(buildSubgraphSchema({ typeDefs }).getType("_Entity"));
  // A service of somebody else's, which knows our instances by their ids.
  const other = parse(`
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key"])
    type Instance @key(fields: "id") { id: ID! monitors: [Monitor!]! }
    type Monitor { id: ID! }
    type Query { monitors: [Monitor!]! }
  `);
  const composed = composeServices([
    { name: "tenantry", url: "http://localhost", typeDefs },
    { name: "monitors", url: "http://localhost", typeDefs: other },
  ]);
  assert.deepEqual(composed.errors?.map((error) => error.message) ?? [], []);
  const tenant = await organisation(api, "Fiona", "fiona-federates");
  const query =
    "query($r: [_Any!]!) { _entities(representations: $r) { __typename ... on Tenant { slug } } }";
  const found = await api.ask(query, {
    r: [
      { __typename: "Tenant", id: tenant },
      { __typename: "Tenant", id: "ten_nobody" },
    ],
  });
  assert.deepEqual(found._entities, [{ __typename: "Tenant", slug: "fiona-federates" }, null]);
});
