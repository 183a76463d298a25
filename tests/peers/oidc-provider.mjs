// The certified provider `oidc-provider`, on loopback, for tests.
//
//   node oidc-provider.mjs '{"clients": [...]}'
//
// It prints `listening ISSUER`. Each line that it reads on its input is an order, answered by one line: `rotate` makes
// new keys, which sign from then on while the old ones are still published; `forget` publishes the newest keys alone.
// Everybody can log in: who types `ada` is ada, with ada@acme.example.
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import Provider from "oidc-provider";
import MemoryAdapter from "oidc-provider/lib/adapters/memory_adapter.js";

// One store for the whole process, where each provider would have its own.
class Kept extends MemoryAdapter {}

const { clients } = JSON.parse(process.argv[2]);
const cookieKeys = [randomBytes(32).toString("hex")];
let generation = 0;

function newKeys() {
  generation += 1;
  const key = (alg, type, options) => ({
    ...generateKeyPairSync(type, options).privateKey.export({ format: "jwk" }),
    kid: `${alg}-${generation}`,
    use: "sig",
    alg,
  });
  return [
    key("RS256", "rsa", { modulusLength: 2048 }),
    key("PS256", "rsa", { modulusLength: 2048 }),
    key("ES256", "ec", { namedCurve: "P-256" }),
    key("EdDSA", "ed25519"),
  ];
}

let keys = newKeys();
let answer;

// Another provider with other keys carries on with the sessions and codes of the one before.
function provide(issuer) {
  const provider = new Provider(issuer, {
    adapter: Kept,
    clients,
    jwks: { keys },
    cookies: { keys: cookieKeys },
    // Its own dispatcher refuses loopback, where the tests' clients are.
    fetch: (url, { dispatcher: _, ...options }) => globalThis.fetch(url, options),
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "groups"] },
    enabledJWA: { idTokenSigningAlgValues: ["RS256", "PS256", "ES256", "EdDSA"] },
    features: {
      devInteractions: { enabled: true },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: { enabled: true },
    },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({
        sub: id,
        email: `${id}@acme.example`,
        email_verified: true,
        name: `${id} of Acme`,
        groups: ["engineering"],
      }),
    }),
  });
  // The ids of some tests' connections are not known yet when it starts: what is below a registered address is good too.
  provider.Client.prototype.redirectUriAllowed = function (uri) {
    return this.redirectUris.some((it) => uri === it || uri.startsWith(`${it}/`));
  };
  provider.on("backchannel.error", (_, error) => console.error(`back-channel logout: ${error.message}`));
  answer = provider.callback();
}

const server = createServer((request, response) => answer(request, response));
server.listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  provide(issuer);
  console.log(`listening ${issuer}`);
  createInterface({ input: process.stdin }).on("line", (order) => {
    const fresh = order === "rotate" ? newKeys() : keys.slice(0, 4);
    keys = order === "rotate" ? [...fresh, ...keys] : fresh;
    provide(issuer);
    console.log(order);
  });
});
