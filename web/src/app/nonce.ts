/** What stands in the built pages where the product writes each answer's nonce. */
const PLACE = "__CSP_NONCE__";

/** The nonce of this page's content security policy: styles that are made at run time carry it. */
export function nonce(): string {
  if (typeof document === "undefined") return PLACE;
  return document.querySelector<HTMLElement>("meta[property=csp-nonce]")?.nonce ?? "";
}
