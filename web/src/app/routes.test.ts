import { existsSync } from "node:fs";
import type { RouteObject } from "react-router";
import { expect, it } from "vitest";
import map from "../../../docs/page-map.md?raw";
import { routes } from "./routes";

/** The paths of all pages below some routes. */
function pages(below: readonly RouteObject[], base = ""): string[] {
  return below.flatMap(({ path, children }) => {
    const here = !path || path === "*" || path.startsWith("/") ? (path ?? base) : `${base}/${path}`;
    return children ? pages(children, here) : [here];
  });
}

const rows = [...map.matchAll(/^\| `(\/[^`]*|\*)` \|.* `([^`]+\.tsx)` \|$/gm)];

it("docs/page-map.md names every page, and no other", () => {
  expect(rows.map((row) => row[1]).toSorted()).toEqual(pages(routes).toSorted());
});

it("docs/page-map.md names files that are there", () => {
  const gone = rows.filter(([, , file]) => !existsSync(`src/pages/${file}`) && !existsSync(`src/${file}`));
  expect(gone.map((row) => row[2])).toEqual([]);
});
