import { expect, it } from "vitest";
import { guessRegion } from "./regionGuess";

const regions = ["us-east", "us-west", "eu-central", "ap-southeast", "ca-central"].map((code) => ({
  code,
  hasRoom: true,
}));

it.each([
  ["America/New_York", -5, "us-east"],
  ["America/Los_Angeles", -8, "us-west"],
  ["America/Toronto", -5, "ca-central"],
  ["America/Sao_Paulo", -3, "us-east"],
  ["Europe/Berlin", 1, "eu-central"],
  ["Africa/Lagos", 1, "eu-central"],
  ["Asia/Kolkata", 5.5, "ap-southeast"],
  ["Australia/Sydney", 10, "ap-southeast"],
  ["UTC", 0, "eu-central"],
])("guesses for %s", (zone, offset, code) => {
  expect(guessRegion(regions, zone, offset)?.code).toBe(code);
});

it("passes over a full region", () => {
  const full = regions.map((r) => ({ ...r, hasRoom: r.code !== "eu-central" }));
  expect(guessRegion(full, "Europe/Berlin", 1)?.code).toBe("us-east");
  expect(guessRegion([], "Europe/Berlin", 1)).toBeUndefined();
});
