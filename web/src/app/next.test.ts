import { describe, expect, it } from "vitest";
import { safeNext } from "./next";

const ORIGIN = "https://portal.example";

describe("where to go on after a log-in", () => {
  it.each([
    "/home",
    "/t/acme/instances/ins_1?tab=a#b",
    "/open?instance=ins_1&browser=x&to=%2Fworkflow%2F1",
    "/account/sessions",
    "/t/acme?x=https://elsewhere.example",
  ])("%s is a path of this site", (path) => {
    expect(safeNext(path, ORIGIN)).toBe(path);
  });

  it.each([
    ["another site", "https://evil.example/"],
    ["another site without its slashes", "https:evil.example"],
    ["another scheme", "javascript:alert(1)"],
    ["another scheme in capitals", "JaVaScRiPt:alert(1)"],
    ["data", "data:text/html,x"],
    ["this site's name in front of another", "https://portal.example.evil.example/"],
    ["this site as another's user", "https://portal.example@evil.example/"],
    ["an absolute address of this site", "https://portal.example/home"],
    ["a path of no site", "home"],
    ["nothing", ""],
    ["two slashes", "//evil.example/"],
    ["three slashes", "///evil.example/"],
    ["a backslash", "/\\evil.example/"],
    ["two backslashes", "\\\\evil.example/"],
    ["a backslash later", "/a\\..\\evil.example"],
    ["a tab between slashes", "/\t/evil.example/"],
    ["a line break between slashes", "/\n/evil.example/"],
    ["a carriage return between slashes", "/\r\n/evil.example/"],
    ["a dot between slashes", "/.//evil.example/"],
    ["two dots between slashes", "/..//evil.example/"],
    ["a written dot between slashes", "/%2e//evil.example/"],
    ["a folder and back", "/a/..//evil.example/"],
    ["a space before", " //evil.example/"],
    ["a space before a scheme", " javascript:alert(1)"],
    ["a control character before", "\u0001//evil.example/"],
    ["what is no address at all", "/\t/[/"],
  ])("%s is nowhere", (_, next) => {
    expect(safeNext(next, ORIGIN)).toBeNull();
  });

  it("never leaves the site, whatever stands between the slashes", () => {
    const parts = ["/", "\\", ".", "..", "\t", "\n", " ", "%2f", "%5c", "@", ":", "evil.example", "?", "#"];
    for (const a of parts) {
      for (const b of parts) {
        for (const c of parts) {
          const to = safeNext(`/${a}${b}${c}evil.example`, ORIGIN);
          if (to === null) continue;
          expect(new URL(to, ORIGIN).origin).toBe(ORIGIN);
          expect(to.startsWith("/") && !to.startsWith("//")).toBe(true);
        }
      }
    }
  });
});
