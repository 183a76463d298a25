/** The files that the check and the release are about. */
import { readFileSync, writeFileSync } from "node:fs";

const root = new URL("../../", import.meta.url);

export const FILES = {
  present: "control-plane/schema.graphql",
  released: "control-plane/schema.released.graphql",
  accepted: "control-plane/schema.accepted.json",
  changelog: "control-plane/schema.changelog.json",
  document: "docs/api-changelog.md",
};

export const read = (file) => readFileSync(new URL(file, root), "utf8");
export const write = (file, text) => writeFileSync(new URL(file, root), text);
export const json = (value) => `${JSON.stringify(value, null, 2)}\n`;

/** Says why it ends, on the error stream. */
export function refuse(lines) {
  process.stderr.write(`${lines.join("\n")}\n`);
  process.exit(1);
}

/** What is refused, and what to do about it. */
export function explain(refused) {
  return [
    "These changes would break programs that rely on the released schema:",
    ...refused.map((it) => `  ${it.path}: ${it.message}`),
    "Mark what goes as @deprecated, release that, and remove it in a later release. If nobody can rely on it, say so in",
    `${FILES.accepted}: [{ "path": "…", "reason": "…" }].`,
  ];
}
