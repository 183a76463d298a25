/** A name server on loopback that knows TXT records (RFC 1035), over UDP: where organisations prove their domains. */
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";

/** An answer, recursion available; and the same for a name that does not exist. */
const FOUND = 0x8180;
const NO_SUCH_NAME = 0x8183;
/** A pointer to the question's name; TXT; IN; a minute. */
const RECORD = [0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60];

export class NameServer {
  readonly #socket: Socket;
  readonly #records = new Map<string, string>();

  private constructor() {
    this.#socket = createSocket("udp4", (query, from) => {
      this.#socket.send(answer(query, this.#records), from.port, from.address);
    });
  }

  static async start(): Promise<NameServer> {
    const server = new NameServer();
    server.#socket.bind(0, "127.0.0.1");
    await once(server.#socket, "listening");
    return server;
  }

  /** As `--dns-servers` of the product takes it. */
  get address(): string {
    const { address, port } = this.#socket.address();
    return `${address}:${port}`;
  }

  /** Publishes the text of a name, without the dot at its end. */
  publish(name: string, text: string): void {
    this.#records.set(name.toLowerCase(), text);
  }

  stop(): void {
    this.#socket.close();
  }
}

/** The answer to a query of one question: its TXT record, or that there is no such name. */
function answer(query: Buffer, records: ReadonlyMap<string, string>): Buffer {
  const labels: string[] = [];
  let at = 12;
  for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length).toLowerCase());
    at += length + 1;
  }
  const question = query.subarray(12, at + 5);
  const text = records.get(labels.join("."));
  const head = Buffer.alloc(12);
  query.copy(head, 0, 0, 2);
  head.writeUInt16BE(text === undefined ? NO_SUCH_NAME : FOUND, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(text === undefined ? 0 : 1, 6);
  if (text === undefined) return Buffer.concat([head, question]);
  // As one string of up to 255 octets after another; of 20, so that there are several.
  const strings = [...text.matchAll(/.{1,20}/g)].map(([part]) =>
    Buffer.from([part.length, ...Buffer.from(part)]),
  );
  const data = Buffer.concat(strings);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(data.length);
  return Buffer.concat([head, question, Buffer.from(RECORD), length, data]);
}
