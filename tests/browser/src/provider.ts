/**
 * The certified provider `oidc-provider` on loopback (`tests/peers`), and its pages as people use them. Whoever types `ada`
 * there is ada, with ada@acme.example, of the group `engineering`.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Page } from "playwright-core";

const peers = join(import.meta.dirname, "../../peers");

/** Metadata of a client (OpenID Connect Dynamic Client Registration 1.0, section 2). */
export interface Client {
  client_id: string;
  client_secret: string;
  redirect_uris: string[];
  post_logout_redirect_uris: string[];
  backchannel_logout_uri?: string;
}

export class Provider {
  readonly issuer: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, issuer: string) {
    this.#child = child;
    this.issuer = issuer;
  }

  static async start(clients: Client[]): Promise<Provider> {
    if (!existsSync(join(peers, "node_modules"))) {
      throw new Error("tests/peers has no packages: run the tests with `cargo xtask test`");
    }
    const child = spawn(process.execPath, ["oidc-provider.mjs", JSON.stringify({ clients })], {
      cwd: peers,
      stdio: ["pipe", "pipe", "ignore"],
    });
    for await (const line of createInterface({ input: child.stdout })) {
      const issuer = line.match(/^listening (\S+)/)?.[1];
      // What else it says is of no interest, and must not fill the pipe.
      child.stdout.resume();
      if (issuer) return new Provider(child, issuer);
    }
    throw new Error("the provider ended without listening");
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const exit = once(this.#child, "exit");
    this.#child.kill();
    await exit;
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

  /** Says yes where it asks whether the session there is to end too. */
  async logOut(page: Page): Promise<void> {
    await page.waitForURL((url) => url.origin === this.issuer);
    await page.getByRole("button", { name: "Yes, sign me out" }).click();
  }
}
