/** PyPI's `nanoidp` on loopback, a SAML provider of another language and another author, and its page as people use it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { BrowserContext, Page } from "playwright-core";
import { freePort } from "./product.ts";

const PASSWORD = "a password at the provider";

/** Somebody whom it knows. */
export interface Known {
  email: string;
  groups: string[];
  attributes: Record<string, string>;
}

export class NanoIdp {
  readonly #port: number;
  readonly #directory: string;
  #child: ChildProcess | null = null;

  private constructor(port: number, directory: string) {
    this.#port = port;
    this.#directory = directory;
  }

  /** It takes requests only if they are signed, by whom it trusts: nobody yet. */
  static async start(people: Record<string, Known>): Promise<NanoIdp> {
    const provider = new NanoIdp(await freePort(), await mkdtemp(join(tmpdir(), "tenantry-nanoidp-")));
    await provider.#configure(people);
    await provider.#run();
    return provider;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get entityId(): string {
    return `${this.origin}/saml`;
  }

  /** The address of its metadata. */
  get metadata(): string {
    return `${this.origin}/saml/metadata`;
  }

  /** Loads a service's certificates (PEM), in place of those before: two at most. */
  async trust(...certificates: string[]): Promise<void> {
    await Promise.all(
      this.#certificates.map((file, n) =>
        certificates[n] ? writeFile(file, certificates[n]) : rm(file, { force: true }),
      ),
    );
  }

  /** Signs by another key from now on, which its metadata tells of. */
  async rotate(): Promise<void> {
    const response = await fetch(`${this.origin}/api/keys/rotate`, { method: "POST" });
    if (!response.ok) throw new Error(`the provider does not change its key: ${await response.text()}`);
  }

  /** A browser in which its page looks for its styles in vain, as there may be no Internet. */
  async seenBy(context: BrowserContext): Promise<void> {
    await context.route("https://cdn.jsdelivr.net/**", (route) => route.fulfill({ body: "" }));
  }

  /** Its page asks who somebody is: they have no session there. */
  async asksWho(page: Page): Promise<void> {
    await page.waitForURL((url) => url.origin === this.origin);
    await page.getByPlaceholder("Username").waitFor();
  }

  /** Logs in there as somebody. */
  async logIn(page: Page, who: string): Promise<void> {
    await this.asksWho(page);
    await page.getByPlaceholder("Username").fill(who);
    await page.getByPlaceholder("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Sign In" }).click();
  }

  /** Ends it: nothing answers there any more. */
  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child && child.exitCode === null) {
      const exit = once(child, "exit");
      child.kill();
      await exit;
    }
    await rm(this.#directory, { recursive: true, force: true });
  }

  /** It reads them anew for each request, and those that are not there are none. */
  get #certificates(): string[] {
    return [0, 1].map((n) => join(this.#directory, `sp-${n}.pem`));
  }

  async #configure(people: Record<string, Known>): Promise<void> {
    const users = Object.entries(people).map(([name, known]) => [
      name,
      { ...known, password: PASSWORD, roles: ["USER"], tenant: "default" },
    ]);
    const settings = {
      config_version: 1,
      saml: {
        export_groups: true,
        want_authn_requests_signed: true,
        sp_certificates: this.#certificates,
        strict_binding: true,
      },
      server: { host: "127.0.0.1", port: this.#port },
      oauth: { issuer: this.origin, clients: [] },
    };
    // JSON is YAML.
    await writeFile(join(this.#directory, "settings.yaml"), JSON.stringify(settings));
    await writeFile(
      join(this.#directory, "users.yaml"),
      JSON.stringify({ config_version: 1, users: Object.fromEntries(users) }),
    );
  }

  async #run(): Promise<void> {
    const installed = process.env.TENANTRY_NANOIDP;
    if (!installed) throw new Error("TENANTRY_NANOIDP is not set: run the tests with `cargo xtask test`");
    const place = ["--host", "127.0.0.1", "--port", String(this.#port), "--config", this.#directory];
    const child = spawn("python3", ["-m", "nanoidp", ...place], {
      cwd: this.#directory,
      env: { ...process.env, PYTHONPATH: installed },
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#child = child;
    let said = "";
    for await (const line of createInterface({ input: child.stderr })) {
      said += `${line}\n`;
      if (line.includes("Running on")) break;
    }
    if (!said.includes("Running on")) throw new Error(`the provider ended without listening:\n${said}`);
    // What else it says is of no interest, and must not fill the pipe.
    child.stderr.resume();
  }
}
