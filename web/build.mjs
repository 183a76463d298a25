/** Builds the portal: the pages' code, and the front page as text. */
import { createHash } from "node:crypto";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { print } from "graphql";
import { build } from "vite";

const dist = process.argv[2] ?? "dist";
// Made aside and put in place whole: what a killed build leaves is never taken for a portal.
const outDir = `${dist}.building`;
const work = "node_modules/.prerender";
const place = '<div id="root"></div>';

await build({
  logLevel: "warn",
  build: {
    outDir,
    emptyOutDir: true,
    manifest: "manifest.json",
    rolldownOptions: { input: ["index.html", "landing.html"] },
  },
});
await build({
  logLevel: "silent",
  // One module, with everything in it: it runs once, here.
  plugins: [],
  ssr: { noExternal: true },
  build: { ssr: "src/prerender.tsx", outDir: work, emptyOutDir: true, copyPublicDir: false },
});
const { landing, session } = await import(new URL(`${work}/prerender.js`, import.meta.url));
const text = await landing();
if (!text.includes("<h1")) throw new Error(`the front page has no heading:\n${text.slice(0, 2000)}`);

/** The policy forbids style attributes in a document: each becomes a rule of a style element with the nonce. */
const rules = new Map();
const styled = text.replaceAll(/ style="([^"]*)"/g, (_, style) => {
  const rule = style.replaceAll("&quot;", '"').replaceAll("&#x27;", "'").replaceAll("&amp;", "&");
  if (!rules.has(rule)) rules.set(rule, rules.size);
  return ` data-rule="${rules.get(rule)}"`;
});
const sheet = [...rules].map(([rule, number]) => `[data-rule="${number}"]{${rule}}`).join("");
const page = `<style nonce="__CSP_NONCE__">${sheet}</style><div id="root">${styled}</div>`;

const document = await readFile(`${outDir}/landing.html`, "utf8");
if (!document.includes(place)) throw new Error("landing.html has no place for the page");
await writeFile(
  `${outDir}/landing.html`,
  document.replace(place, () => page),
);

/** All scripts that a module needs, as the bundler split them. */
const manifest = JSON.parse(await readFile(`${outDir}/manifest.json`, "utf8"));
function scripts(module, found = new Set()) {
  const chunk = manifest[module];
  if (!chunk) throw new Error(`the bundle has no ${module}`);
  if (found.has(`/${chunk.file}`)) return found;
  found.add(`/${chunk.file}`);
  for (const part of chunk.imports ?? []) scripts(part, found);
  return found;
}
const index = await readFile(`${outDir}/index.html`, "utf8");
const main = new Set([...index.matchAll(/src="([^"]+\.js)"/g)].map(([, file]) => file));
const of = (...modules) =>
  [...new Set(modules.flatMap((it) => [...scripts(it)]))].filter((it) => !main.has(it));
const shell = "src/app/PortalShell.tsx";
/** A page's own code, by the beginning of its path: it comes with the rest, not after it. */
const areas = [
  ["^/t/[^/]+/usage", of(shell, "src/pages/usage/index.tsx")],
  ["^/t/[^/]+/billing", of(shell, "src/pages/billing/index.tsx")],
  ["^/t/[^/]+/members", of(shell, "src/pages/members/index.tsx")],
  ["^/t/[^/]+/roles", of(shell, "src/pages/roles/index.tsx")],
  ["^/t/[^/]+/developers", of(shell, "src/pages/developers/index.tsx")],
  ["^/t/[^/]+/audit", of(shell, "src/pages/audit/index.tsx")],
  ["^/t/[^/]+/support", of(shell, "src/pages/support/index.tsx")],
  ["^/(t/|start)", of(shell, "src/pages/instances/index.tsx")],
  ["^/account", of(shell, "src/pages/account/index.tsx")],
  ["^/admin", of("src/pages/admin/index.tsx")],
  ["^/[a-z-]+$", of("src/pages/public/index.tsx")],
];
const early = `<script nonce="__CSP_NONCE__">
      for (const file of ${JSON.stringify(areas)}.find(([path]) => new RegExp(path).test(location.pathname))?.[1] ?? []) {
        const link = document.createElement("link");
        Object.assign(link, { rel: "modulepreload", crossOrigin: "", href: file, nonce: document.currentScript.nonce });
        document.head.append(link);
      }
      const headers = { "content-type": "application/json", accept: "application/graphql-response+json, application/json" };
      tenantrySession = fetch("/graphql", { method: "POST", headers, body: ${JSON.stringify(session)} });
      tenantrySession.catch(() => {});
    </script>`;
const mark = "<!-- early start -->";
if (!index.includes(mark)) throw new Error("index.html has no place for the early start");
await writeFile(
  `${outDir}/index.html`,
  index.replace(mark, () => early),
);
await rm(`${outDir}/manifest.json`);
/** The portal's own operations by their SHA-256: for installations that run only listed ones. It is not served. */
const operations = Object.values(await import(new URL("src/api/customer/graphql.ts", import.meta.url)))
  .filter((it) => it?.kind === "Document")
  .map((it) => print(it));
const hash = (text) => createHash("sha256").update(text).digest("hex");
const listed = Object.fromEntries(operations.map((text) => [hash(text), text]));
await writeFile(`${outDir}/operations.json`, JSON.stringify(listed));
await rm(work, { recursive: true });
await rm(dist, { recursive: true, force: true });
await rename(outDir, dist);
// What keeps listening for other tabs has no end here.
process.exit(0);
