/** The real product, started as `cargo xtask up` starts it, on ports and in a directory of its own. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run the tests with \`cargo xtask test\``);
  return value;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

const portalAt = (port: number) => `http://localhost:${port}`;

/** Where an installation will be: for who must know before it is there. */
export interface Place {
  port: number;
  portal: string;
}

export class Product {
  readonly portal: string;
  readonly edgePort: number;
  /** The path of the one-time link that gives the first operator a password. */
  setupLink = "";
  readonly #stateDir: string;
  readonly #port: number;
  readonly #more: readonly string[];
  #child: ChildProcess | null = null;
  #log = "";

  private constructor(stateDir: string, port: number, edgePort: number, more: readonly string[]) {
    this.#stateDir = stateDir;
    this.#more = more;
    this.#port = port;
    this.edgePort = edgePort;
    this.portal = portalAt(port);
  }

  /** A place for one. */
  static async place(): Promise<Place> {
    const port = await freePort();
    return { port, portal: portalAt(port) };
  }

  /** `more` are further arguments. */
  static async start(more: readonly string[] = [], place?: Place): Promise<Product> {
    const stateDir = await mkdtemp(join(tmpdir(), "tenantry-browser-"));
    const { port } = place ?? (await Product.place());
    const product = new Product(stateDir, port, await freePort(), more);
    await product.run();
    return product;
  }

  /** Starts it (again) on the same ports and data. */
  async run(): Promise<void> {
    const arguments_ = ["up", "--state-dir", this.#stateDir];
    // A receiver of webhooks in a test is on this machine, and so is an identity provider.
    arguments_.push("--allow-outbound-loopback", ...this.#more);
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

  /** Runs a statement in its database: for what else only time would bring. */
  async sql(statement: string): Promise<void> {
    const data = join(this.#stateDir, "postgres/data");
    const [password, process_] = await Promise.all([
      readFile(`${data}.password`, "utf8"),
      readFile(join(data, "postmaster.pid"), "utf8"),
    ]);
    const [, , , port, socket] = process_.split("\n") as [string, string, string, string, string];
    const place = ["--host", socket, "--port", port, "--username", "postgres", "--dbname", "tenantry"];
    await promisify(execFile)(
      join(required("TENANTRY_POSTGRES_BIN"), "psql"),
      [...place, "--no-psqlrc", "--set", "ON_ERROR_STOP=1", "--command", statement],
      { env: { ...process.env, PGPASSWORD: password.trim() } },
    );
  }

  /** What it logged, for a test that fails. */
  log(): string {
    return this.#log.slice(-4000);
  }
}
