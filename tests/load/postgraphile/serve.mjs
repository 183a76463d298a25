// PostGraphile on the product's own tables, for one tenant: the same role and the same setting for row-level security
// as the product uses. It authenticates nobody, which is to its advantage.
//
// usage: node serve.mjs POSTGRES_URL TENANT_UUID PORT

import { createServer } from "node:http";
import { grafserv } from "postgraphile/grafserv/node";
import { postgraphile } from "postgraphile";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { makePgService } from "postgraphile/adaptors/pg";

const [connectionString, tenant, port] = process.argv.slice(2);

const preset = {
  extends: [PostGraphileAmberPreset],
  pgServices: [
    makePgService({ connectionString, schemas: ["provisioner"], poolConfig: { max: 16 } }),
  ],
  grafast: {
    context: { pgSettings: { role: "tenantry_app", "app.tenant_id": tenant } },
    explain: false,
  },
  grafserv: { port: Number(port), graphiql: false, watch: false },
  gather: { installWatchFixtures: false },
};

const server = createServer();
server.on("error", (error) => {
  console.error(error);
  process.exit(1);
});
const serving = postgraphile(preset).createServ(grafserv);
await serving.addTo(server);
server.listen(Number(port), "127.0.0.1", () => console.log("listening"));
