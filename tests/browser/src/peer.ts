/** A program of `tests/peers`, which tells where it listens and takes orders, a line each. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";

export const peers = join(import.meta.dirname, "../../peers");

export class Peer {
  readonly origin: string;
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;

  private constructor(child: ChildProcessByStdio<Writable, Readable, null>, origin: string) {
    this.#child = child;
    this.origin = origin;
  }

  static async start(program: string, ...more: string[]): Promise<Peer> {
    if (!existsSync(join(peers, "node_modules"))) {
      throw new Error("tests/peers has no packages: run the tests with `cargo xtask test`");
    }
    const child = spawn(process.execPath, [program, ...more], {
      cwd: peers,
      stdio: ["pipe", "pipe", "ignore"],
    });
    return new Peer(child, (await said(child.stdout, /^listening (\S+)/))[1] ?? "");
  }

  /** Gives an order and waits until it is done. */
  async order(order: string): Promise<void> {
    this.#child.stdin.write(`${order}\n`);
    await said(this.#child.stdout, new RegExp(`^${order.split(" ")[0]}`));
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const exit = once(this.#child, "exit");
    this.#child.kill();
    await exit;
  }
}

async function said(output: Readable, wanted: RegExp): Promise<RegExpMatchArray> {
  const lines = createInterface({ input: output });
  try {
    for await (const line of lines) {
      const found = line.match(wanted);
      if (found) return found;
    }
  } finally {
    lines.close();
    // What else it says is of no interest, and must not fill the pipe.
    output.resume();
  }
  throw new Error("the provider ended without an answer");
}
