import { expect, it } from "vitest";
import type { SsoSamlShownFragment } from "../../api/customer/graphql";
import { isTooLarge, lackOf, MOST_BYTES, samlInput, valuesOf } from "./samlInput";

const empty: SsoSamlShownFragment = {
  entityId: null,
  metadataUrl: null,
  metadataFetchedAt: null,
  metadataProblem: null,
  ssoUrl: null,
  certificates: [],
  emailAttribute: null,
  nameAttribute: null,
  groupsAttribute: null,
  allowsIdpInitiated: false,
  ownEntityId: "https://portal.example.com/saml/con_1",
  ownAcsUrl: "https://portal.example.com/saml/con_1/acs",
  ownMetadataUrl: "https://portal.example.com/saml/con_1/metadata",
  ownCertificates: [],
};
const pasted: SsoSamlShownFragment = { ...empty, entityId: "https://idp.example.com" };
const url = "https://idp.example.com/metadata";
const fetched: SsoSamlShownFragment = {
  ...pasted,
  metadataUrl: url,
  metadataFetchedAt: "2026-11-21T12:00:00Z",
};
const metadata = "<EntityDescriptor/>";
const names = { emailAttribute: "", nameAttribute: "", groupsAttribute: "", allowsIdpInitiated: false };

it("begins with the way the metadata came", () => {
  expect([empty, pasted, fetched].map((saml) => valuesOf(saml).source)).toEqual([
    "address",
    "text",
    "address",
  ]);
});

it("demands metadata where there is none to keep", () => {
  const address = { ...valuesOf(empty), metadataUrl: " " };
  expect(lackOf(address, empty)).toEqual({ field: "metadataUrl", lack: "noAddress" });
  const text = { ...valuesOf(pasted), source: "text" as const };
  expect(lackOf(text, pasted)).toBeNull();
  expect(lackOf(text, empty)).toEqual({ field: "metadata", lack: "noText" });
  // Away from an address: the text takes its place, so there has to be one.
  expect(lackOf(text, fetched)).toEqual({ field: "metadata", lack: "noText" });
});

it("refuses what is too large or something else", () => {
  const of = (text: string) => lackOf({ ...valuesOf(pasted), metadata: text }, pasted)?.lack;
  expect(of(metadata)).toBeUndefined();
  expect(of("<md:EntityDescriptor/>")).toBeUndefined();
  expect(of("<html></html>")).toBe("other");
  expect(of(metadata + " ".repeat(10) + "x".repeat(MOST_BYTES))).toBe("tooLarge");
  // Bytes count, not letters.
  expect(isTooLarge("é".repeat(MOST_BYTES / 2))).toBe(false);
  expect(isTooLarge("é".repeat(MOST_BYTES / 2 + 1))).toBe(true);
});

it("sends an address that changed, or that has not worked", () => {
  expect(samlInput(valuesOf(fetched), false, fetched)).toEqual(names);
  const other = { ...valuesOf(fetched), metadataUrl: ` ${url}2 ` };
  expect(samlInput(other, false, fetched)).toEqual({ ...names, metadataUrl: `${url}2` });
  const failed = { ...fetched, metadataProblem: "The address does not answer." };
  expect(samlInput(valuesOf(failed), false, failed)).toEqual({ ...names, metadataUrl: url });
});

it("sends one source only, takes an address back for a text, and names have no blanks", () => {
  const values = { ...valuesOf(fetched), source: "text" as const, metadata, emailAttribute: " mail " };
  expect(samlInput(values, true, fetched)).toEqual({
    ...names,
    metadata,
    metadataUrl: "",
    emailAttribute: "mail",
    allowsIdpInitiated: true,
  });
  expect(samlInput({ ...valuesOf(pasted), metadata }, false, pasted)).toEqual({ ...names, metadata });
  expect(samlInput({ ...valuesOf(pasted), metadataUrl: url }, false, pasted)).toEqual(names);
});
