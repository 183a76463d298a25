/** Refuses a schema that breaks the released one without a deprecation, and a changelog that was written by hand. */
import { compare, markdown } from "./compare.mjs";
import { explain, FILES, read, refuse } from "./files.mjs";

const accepted = JSON.parse(read(FILES.accepted));
const { refused, unused } = await compare(read(FILES.released), read(FILES.present), accepted);
if (refused.length > 0) refuse(explain(refused));
if (unused.length > 0) refuse([`Nothing needs these acceptances in ${FILES.accepted}: ${unused.join(", ")}`]);
if (read(FILES.document) !== markdown(JSON.parse(read(FILES.changelog)))) {
  refuse([`${FILES.document} is not what ${FILES.changelog} says: run cargo xtask release-schema`]);
}
