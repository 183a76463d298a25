import type { SsoSamlInput, SsoSamlShownFragment } from "../../api/customer/graphql";

/** The most that metadata may be, in bytes. */
export const MOST_BYTES = 256 * 1024;

/** What the form holds. */
export interface SamlValues extends Record<string, string> {
  source: "address" | "text";
  metadataUrl: string;
  metadata: string;
  emailAttribute: string;
  nameAttribute: string;
  groupsAttribute: string;
}

export type Lack = "noAddress" | "noText" | "tooLarge" | "other";

/** Where the metadata comes from now; for a new connection, the way that stays up to date. */
export function valuesOf(saml: SsoSamlShownFragment): SamlValues {
  return {
    source: saml.entityId && !saml.metadataUrl ? "text" : "address",
    metadataUrl: saml.metadataUrl ?? "",
    metadata: "",
    emailAttribute: saml.emailAttribute ?? "",
    nameAttribute: saml.nameAttribute ?? "",
    groupsAttribute: saml.groupsAttribute ?? "",
  };
}

/** Whether what was pasted before stays when nothing new is. */
export function keepsText(saml: SsoSamlShownFragment): boolean {
  return Boolean(saml.entityId) && !saml.metadataUrl;
}

export function isTooLarge(text: string): boolean {
  return new TextEncoder().encode(text).length > MOST_BYTES;
}

/** What is wrong with the metadata before anybody is asked, and in which field. */
export function lackOf(
  values: SamlValues,
  saml: SsoSamlShownFragment,
): { field: "metadataUrl" | "metadata"; lack: Lack } | null {
  if (values.source === "address") {
    return values.metadataUrl.trim() ? null : { field: "metadataUrl", lack: "noAddress" };
  }
  const text = values.metadata.trim();
  if (!text) return keepsText(saml) ? null : { field: "metadata", lack: "noText" };
  if (isTooLarge(text)) return { field: "metadata", lack: "tooLarge" };
  return text.includes("EntityDescriptor") ? null : { field: "metadata", lack: "other" };
}

/** What changes. An address that is the same is read once more only where reading it has not worked. */
export function samlInput(
  values: SamlValues,
  allowsIdpInitiated: boolean,
  saml: SsoSamlShownFragment,
): SsoSamlInput {
  const url = values.metadataUrl.trim();
  const asks = url !== saml.metadataUrl || Boolean(saml.metadataProblem) || !saml.metadataFetchedAt;
  const text = values.metadata.trim();
  return {
    ...(values.source === "address" && asks ? { metadataUrl: url } : {}),
    ...(values.source === "text" && text ? { metadata: text } : {}),
    // A text takes the place of an address: else the address would be read again, over the text.
    ...(values.source === "text" && text && saml.metadataUrl ? { metadataUrl: "" } : {}),
    // An empty one is said too: it takes an own name back, and the usual names count again.
    emailAttribute: values.emailAttribute.trim(),
    nameAttribute: values.nameAttribute.trim(),
    groupsAttribute: values.groupsAttribute.trim(),
    allowsIdpInitiated,
  };
}
