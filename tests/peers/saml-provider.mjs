// A SAML 2.0 identity provider made of npm's `samlify`, on loopback, for tests. It takes requests by a form only and signed,
// encrypts its assertions, and has a page of tiles, by which people begin at it.
//
//   node saml-provider.mjs
//
// It prints `listening ORIGIN`; its metadata is at ORIGIN/metadata, its tiles are at ORIGIN/. Each line that it reads on its
// input is an order, whose first word is the answer: `serve URL` has it read a service's metadata there, in place of the one
// before; `rename NAME` makes its entity id ORIGIN/NAME, which was ORIGIN/entity. Everybody can log in: who types `ada` is
// ada, with ada@acme.example, of the group `engineering`.
import { once } from "node:events";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import samlify from "samlify";
import { generate } from "selfsigned";

const { IdentityProvider, SamlLib, ServiceProvider, setSchemaValidator } = samlify;

// What it reads is the product's, and its signature is what counts here.
setSchemaValidator({ validate: async () => "not looked at" });

const PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";
const attribute = (name) => ({
  name,
  valueTag: name,
  nameFormat: "urn:oasis:names:tc:SAML:2.0:attrname-format:basic",
  valueXsiType: "xs:string",
});

const keys = await generate([{ name: "commonName", value: "saml-provider" }], { keySize: 2048, algorithm: "sha256" });
let provider;
let service;

function provide(name) {
  provider = IdentityProvider({
    entityID: `${origin}/${name}`,
    privateKey: keys.private,
    signingCert: keys.cert,
    wantAuthnRequestsSigned: true,
    nameIDFormat: [PERSISTENT],
    singleSignOnService: [
      { Binding: "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST", Location: `${origin}/sso` },
    ],
    isAssertionEncrypted: true,
    dataEncryptionAlgorithm: "http://www.w3.org/2009/xmlenc11#aes256-gcm",
    loginResponseTemplate: {
      context: SamlLib.defaultLoginResponseTemplate.context,
      attributes: ["email", "displayName", "groups"].map(attribute),
    },
  });
}

/** What the service is sent: who it is, in answer to a request, or to none. */
async function answer(name, request) {
  const now = new Date();
  const soon = new Date(now.getTime() + 300_000).toISOString();
  const acs = service.entityMeta.getAssertionConsumerService("post");
  const id = provider.entitySetting.generateID();
  const statement = `<saml:AuthnStatement AuthnInstant="${now.toISOString()}"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>`;
  const values = {
    ID: id,
    AssertionID: provider.entitySetting.generateID(),
    Destination: acs,
    SubjectRecipient: acs,
    Audience: service.entityMeta.getEntityID(),
    Issuer: provider.entityMeta.getEntityID(),
    IssueInstant: now.toISOString(),
    ConditionsNotBefore: now.toISOString(),
    ConditionsNotOnOrAfter: soon,
    SubjectConfirmationDataNotOnOrAfter: soon,
    StatusCode: "urn:oasis:names:tc:SAML:2.0:status:Success",
    NameIDFormat: PERSISTENT,
    NameID: name,
    // Nothing: the attribute is left out.
    InResponseTo: request || undefined,
    attrEmail: `${name}@acme.example`,
    attrDisplayName: `${name} of Acme`,
    attrGroups: "engineering",
  };
  const filled = (template) => ({
    id,
    context: SamlLib.replaceTagsByValue(template.replace("{AuthnStatement}", statement), values),
  });
  const made = await provider.createLoginResponse(service, {}, "post", {}, { customTagReplacement: filled });
  return { acs, response: made.context };
}

const escaped = (value) => String(value ?? "").replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
const hidden = (name, value) => `<input type="hidden" name="${name}" value="${escaped(value)}">`;
const page = (body) => `<!doctype html><html lang="en"><title>Provider</title><link rel="icon" href="data:,"><body>${body}</body></html>`;
const asks = (action, more, button) =>
  page(
    `<form method="post" action="${action}">${more}<label>Name <input name="name"></label><button>${button}</button></form>`,
  );

async function respond(request) {
  const { pathname } = new URL(request.url, "http://localhost");
  const form = request.method === "POST" ? new URLSearchParams(await text(request)) : null;
  if (pathname === "/metadata") return provider.getMetadata();
  if (pathname === "/") return asks("/answer", "", "Open Tenantry");
  if (pathname === "/sso" && form) {
    const body = { SAMLRequest: form.get("SAMLRequest") };
    // Throws where the request is not signed by the service.
    const { extract } = await provider.parseLoginRequest(service, "post", { body });
    return asks("/answer", hidden("request", extract.request.id) + hidden("state", form.get("RelayState")), "Log in");
  }
  if (pathname === "/answer" && form) {
    const { acs, response } = await answer(form.get("name"), form.get("request"));
    const state = form.get("state");
    const fields = hidden("SAMLResponse", response) + (state ? hidden("RelayState", state) : "");
    return page(
      `<form method="post" action="${escaped(acs)}">${fields}</form><script>document.forms[0].submit()</script>`,
    );
  }
  return null;
}

const server = createServer(async (request, response) => {
  try {
    const said = await respond(request);
    const type = request.url === "/metadata" ? "application/samlmetadata+xml" : "text/html; charset=utf-8";
    response.writeHead(said === null ? 404 : 200, { "content-type": type }).end(said ?? "");
  } catch (error) {
    response.writeHead(400, { "content-type": "text/plain" }).end(String(error));
  }
});
await once(server.listen(0, "127.0.0.1"), "listening");
const origin = `http://127.0.0.1:${server.address().port}`;
provide("entity");
console.log(`listening ${origin}`);
createInterface({ input: process.stdin }).on("line", async (line) => {
  const [order, about] = line.split(" ");
  if (order === "serve") service = ServiceProvider({ metadata: await (await fetch(about)).text() });
  if (order === "rename") provide(about);
  console.log(order);
});
