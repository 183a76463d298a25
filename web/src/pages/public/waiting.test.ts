import { expect, test } from "vitest";
import { waiting } from "./waiting";

test("what waits for a second step is read from the address", () => {
  expect(waiting("#token=abc&factors=TOTP+RECOVERY_CODE&next=%2Ft%2Facme")).toEqual({
    token: "abc",
    factors: ["TOTP", "RECOVERY_CODE"],
    next: "/t/acme",
  });
  expect(waiting("#token=abc&factors=PASSWORD")).toBeNull();
  expect(waiting("#factors=TOTP")).toBeNull();
  expect(waiting("")).toBeNull();
});
