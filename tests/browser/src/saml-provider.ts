/**
 * The provider of `tests/peers/saml-provider.mjs` and its pages: it takes requests by a form, encrypts its assertions, and
 * has a page of tiles. Whoever types `ada` there is ada, with ada@acme.example, of the group `engineering`.
 */
import type { Page } from "playwright-core";
import { Peer } from "./peer.ts";

export class SamlProvider {
  readonly #peer: Peer;

  private constructor(peer: Peer) {
    this.#peer = peer;
  }

  static async start(): Promise<SamlProvider> {
    return new SamlProvider(await Peer.start("saml-provider.mjs"));
  }

  stop(): Promise<void> {
    return this.#peer.stop();
  }

  get entityId(): string {
    return `${this.#peer.origin}/entity`;
  }

  /** The address of its metadata. */
  get metadata(): string {
    return `${this.#peer.origin}/metadata`;
  }

  /** Knows a service by its metadata from now on. */
  async serve(metadata: string): Promise<void> {
    await this.#peer.order(`serve ${metadata}`);
  }

  /** Calls itself otherwise, or as before. */
  async rename(name = "entity"): Promise<void> {
    await this.#peer.order(`rename ${name}`);
  }

  async logIn(page: Page, who: string): Promise<void> {
    await page.waitForURL(`${this.#peer.origin}/sso`);
    await page.getByLabel("Name").fill(who);
    await page.getByRole("button", { name: "Log in" }).click();
  }

  /** Sets out from its page of tiles. */
  async openTile(page: Page, who: string): Promise<void> {
    await page.goto(this.#peer.origin);
    await page.getByLabel("Name").fill(who);
    await page.getByRole("button", { name: "Open Tenantry" }).click();
  }
}
