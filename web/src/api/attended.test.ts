import { expect, it } from "vitest";
import { marked } from "./attended";

it("only what is asked while nobody is there is marked, and keeps its other headers", () => {
  const init = { method: "POST", headers: { accept: "application/json" } };
  expect(marked(init)).toBe(init);
  const later = marked(init, Date.now() + 60_001);
  const headers = new Headers(later?.headers);
  expect(headers.get("tenantry-unattended")).toBe("1");
  expect([later?.method, headers.get("accept")]).toEqual(["POST", "application/json"]);
  expect(new Headers(marked(undefined, Date.now() + 60_001)?.headers).get("tenantry-unattended")).toBe("1");
});
