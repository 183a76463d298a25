/**
 * The certified provider `oidc-provider` on loopback (`tests/peers`), and its pages as people use them. Whoever types `ada`
 * there is ada, with ada@acme.example, of the group `engineering`.
 */
import assert from "node:assert/strict";
import type { BrowserContext, Page } from "playwright-core";
import { Peer } from "./peer.ts";

/** Metadata of a client (OpenID Connect Dynamic Client Registration 1.0, section 2). */
export interface Client {
  client_id: string;
  client_secret: string;
  redirect_uris: string[];
  post_logout_redirect_uris: string[];
  backchannel_logout_uri?: string;
  backchannel_logout_session_required?: boolean;
}

export class Provider {
  readonly #peer: Peer;

  private constructor(peer: Peer) {
    this.#peer = peer;
  }

  static async start(clients: Client[]): Promise<Provider> {
    return new Provider(await Peer.start("oidc-provider.mjs", JSON.stringify({ clients })));
  }

  get issuer(): string {
    return this.#peer.origin;
  }

  stop(): Promise<void> {
    return this.#peer.stop();
  }

  /** A browser in which its pages look for their letters in vain, as there may be no Internet. */
  static async seenBy(context: BrowserContext): Promise<void> {
    await context.route("https://fonts.googleapis.com/**", (route) =>
      route.fulfill({ contentType: "text/css", body: "" }),
    );
  }

  /** Its page asks who somebody is: they have no session there. It may suggest who. */
  async asksWho(page: Page, suggested?: string): Promise<void> {
    await page.waitForURL((url) => url.origin === this.issuer);
    const field = page.getByPlaceholder("Enter any login");
    await field.waitFor();
    if (suggested) assert.equal(await field.inputValue(), suggested);
  }

  /** Does not log in there. */
  async refuse(page: Page): Promise<void> {
    await this.asksWho(page);
    await page.getByRole("link", { name: "[ Cancel ]" }).click();
  }

  /** Logs in there as somebody, who agrees to what the product asks for. */
  async logIn(page: Page, who: string): Promise<void> {
    await this.asksWho(page);
    await page.getByPlaceholder("Enter any login").fill(who);
    await page.getByPlaceholder("and password").fill("any");
    await page.getByRole("button", { name: "Sign-in" }).click();
    await page.getByRole("button", { name: "Continue" }).click();
  }

  /** Somebody who ends their session there, at its own page. */
  async endSession(page: Page): Promise<void> {
    await page.goto(`${this.issuer}/session/end`);
    await this.logOut(page);
  }

  /** Says yes where it asks whether the session there is to end too. */
  async logOut(page: Page): Promise<void> {
    await page.waitForURL((url) => url.origin === this.issuer);
    await page.getByRole("button", { name: "Yes, sign me out" }).click();
  }
}
