import { afterEach, expect, test, vi } from "vitest";
import { logOutElsewhere } from "./logOutElsewhere";

afterEach(() => {
  vi.unstubAllGlobals();
});

test.each([
  [200, { next: "https://idp.example/end?id_token_hint=x" }, "https://idp.example/end?id_token_hint=x"],
  [200, { next: "/log-in" }, null],
  [200, { next: "javascript:alert(1)" }, null],
  [200, {}, null],
  [503, { next: "https://idp.example/end" }, null],
])("an answer of %i with %j leads to %s", async (status, body, wanted) => {
  vi.stubGlobal("fetch", async () => Response.json(body, { status }));
  expect(await logOutElsewhere()).toBe(wanted);
});

test("a network that is away leads nowhere", async () => {
  vi.stubGlobal("fetch", async () => {
    throw new TypeError("network");
  });
  expect(await logOutElsewhere()).toBeNull();
});
