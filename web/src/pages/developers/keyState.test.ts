import { expect, it } from "vitest";
import { addressesOf, expiryOf, stateOf } from "./keyState";

const now = Date.parse("2026-11-21T12:00:00Z");
const key = { expiresAt: null, revokedAt: null, rotatedUntil: null };
const before = "2026-11-21T11:59:59Z";
const after = "2026-11-21T12:00:01Z";

it("tells what a key is worth", () => {
  expect(stateOf(key, now)).toBe("active");
  expect(stateOf({ ...key, expiresAt: after }, now)).toBe("active");
  expect(stateOf({ ...key, expiresAt: before }, now)).toBe("expired");
  expect(stateOf({ ...key, rotatedUntil: after }, now)).toBe("ending");
  expect(stateOf({ ...key, rotatedUntil: before }, now)).toBe("expired");
  expect(stateOf({ ...key, expiresAt: before, revokedAt: before }, now)).toBe("revoked");
});

it("makes a date of a number of days", () => {
  expect(expiryOf(7, now)).toBe("2026-11-28T12:00:00.000Z");
  expect(expiryOf(null, now)).toBeNull();
});

it("reads addresses however they are separated", () => {
  expect(addressesOf(" 192.0.2.1, 10.0.0.0/8\n2001:db8::/32;; ")).toEqual([
    "192.0.2.1",
    "10.0.0.0/8",
    "2001:db8::/32",
  ]);
  expect(addressesOf("")).toEqual([]);
});
