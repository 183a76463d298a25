import { expect, it } from "vitest";
import { stepOf, urgencyOf, warningOf } from "./certificates";

const now = Date.parse("2026-11-21T12:00:00Z");
const DAY = 86_400_000;
const ending = (days: number) => ({ endsAt: new Date(now + days * DAY).toISOString() });

it("an end is spoken of from 60, 30 and 7 days before it", () => {
  expect(
    [90, 60.01, 60, 30.01, 30, 7.01, 7, 0.01, 0, -3].map((days) => urgencyOf(ending(days), now)),
  ).toEqual([null, null, "sixty", "sixty", "thirty", "thirty", "seven", "seven", "ended", "ended"]);
});

it("nothing is to be done while another certificate lasts", () => {
  expect(warningOf([ending(-1), ending(400)], now)).toBeNull();
  expect(warningOf([ending(20), ending(5)], now)).toEqual({ urgency: "thirty", ...ending(20) });
  expect(warningOf([], now)).toBeNull();
});

it("a certificate that ends last is found however its date is written", () => {
  const late = { endsAt: "2026-12-21T00:30:00+02:00" };
  const later = { endsAt: "2026-12-20T23:00:00Z" };
  expect(warningOf([later, late], now)?.endsAt).toBe(later.endsAt);
});

it("tells the next step of changing our certificate", () => {
  expect(stepOf([{ state: "CURRENT" }])).toBe("make");
  expect(stepOf([{ state: "NEXT" }, { state: "CURRENT" }])).toBe("use");
  expect(stepOf([{ state: "CURRENT" }, { state: "PREVIOUS" }])).toBe("remove");
  expect(stepOf([{ state: "NEXT" }, { state: "CURRENT" }, { state: "PREVIOUS" }])).toBe("remove");
});
