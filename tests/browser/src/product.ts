/** The real product, started as `cargo xtask up` starts it, on ports and in a directory of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run the tests with \`cargo xtask test\``);
  return value;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

export class Product {
  readonly portal: string;
  readonly edgePort: number;
  /** The path of the one-time link that gives the first operator a password. */
  setupLink = "";
  readonly #stateDir: string;
  readonly #port: number;
  #child: ChildProcess | null = null;
  #log = "";

  private constructor(stateDir: string, port: number, edgePort: number) {
    this.#stateDir = stateDir;
    this.#port = port;
    this.edgePort = edgePort;
    this.portal = `http://localhost:${port}`;
  }

  static async start(): Promise<Product> {
    const stateDir = await mkdtemp(join(tmpdir(), "tenantry-browser-"));
    const product = new Product(stateDir, await freePort(), await freePort());
    await product.run();
    return product;
  }

  /** Starts it (again) on the same ports and data. */
  async run(): Promise<void> {
    const arguments_ = ["up", "--state-dir", this.#stateDir];
    // A receiver of webhooks in a test is on this machine.
    arguments_.push("--allow-outbound-loopback");
    arguments_.push("--listen", `127.0.0.1:${this.#port}`, "--edge-listen", `127.0.0.1:${this.edgePort}`);
    const child = spawn(required("TENANTRY_BIN"), arguments_, {
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    let printed = "";
    child.stderr?.on("data", (data) => {
      this.#log += data;
    });
    await new Promise<void>((resolve, reject) => {
      child.stdout?.on("data", (data) => {
        printed += data;
        if (printed.includes("Press Ctrl-C")) resolve();
      });
      child.once("exit", (code) => reject(new Error(`the product ended with ${code}:\n${this.#log}`)));
    });
    this.setupLink = printed.match(/\/operator-setup#token=\S+/)?.[0] ?? this.setupLink;
  }

  /** Ends it in order; instances and the database with it. */
  async stop(): Promise<void> {
    await this.#end("SIGTERM");
  }

  /** Ends it at once: its instances and its database live on, for the next start. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  async #end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (!child || child.exitCode !== null) return;
    const exit = once(child, "exit");
    child.kill(signal);
    await exit;
  }

  /** Ends it and deletes its data. */
  async dispose(): Promise<void> {
    // After a test that killed it and failed: its instances and its database still live.
    if (!this.#child) await this.run().catch(() => undefined);
    await this.stop();
    await rm(this.#stateDir, { recursive: true, force: true });
  }

  /** What it logged, for a test that fails. */
  log(): string {
    return this.#log.slice(-4000);
  }
}
