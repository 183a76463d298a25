/** Makes the present schema the released one, with an entry in the changelog. Its argument is the day: 2026-01-31. */
import { compare, isEmpty, markdown } from "./compare.mjs";
import { explain, FILES, json, read, refuse, write } from "./files.mjs";

const date = process.argv[2] ?? new Date().toISOString().slice(0, 10);
if (!/^\d{4}-\d\d-\d\d$/.test(date)) refuse([`${date} is no day: write it as 2026-01-31`]);
const present = read(FILES.present);
const { entry, refused } = await compare(read(FILES.released), present, JSON.parse(read(FILES.accepted)));
if (refused.length > 0) refuse(explain(refused));

let changelog = JSON.parse(read(FILES.changelog));
if (!isEmpty(entry)) {
  const [newest, ...older] = changelog;
  // A second release on one day is one entry.
  const lines = (kind) => [...new Set([...(newest?.date === date ? newest[kind] : []), ...entry[kind]])];
  const merged = {
    date,
    added: lines("added"),
    changed: lines("changed"),
    deprecated: lines("deprecated"),
    removed: lines("removed"),
  };
  changelog = newest?.date === date ? [merged, ...older] : [merged, ...changelog];
}
write(FILES.changelog, json(changelog));
write(FILES.document, markdown(changelog));
write(FILES.released, present);
write(FILES.accepted, json([]));
