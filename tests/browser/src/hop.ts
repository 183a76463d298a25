/** One request of a window, seen from outside a browser: it follows nothing, so that what lies between is seen. */
import { request } from "node:http";

export interface Hop {
  status: number;
  location: string;
  /** The cookies that it sets, as a browser would send them. */
  cookie: string;
  body: string;
}

/** Every name ends in `localhost`, which is this machine whatever its resolver says. */
export function hop(address: string, headers: Record<string, string> = {}): Promise<Hop> {
  const url = new URL(address);
  const window = { accept: "text/html", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
  const options = {
    host: "127.0.0.1",
    port: url.port,
    path: url.pathname + url.search,
    agent: false,
    headers: { host: url.host, ...window, ...headers },
  } as const;
  return new Promise((resolve, reject) => {
    const asked = request(options, (answer) => {
      let body = "";
      answer.setEncoding("utf8");
      answer.on("data", (part) => {
        body += part;
      });
      answer.on("error", reject);
      answer.on("end", () => {
        const set = answer.headers["set-cookie"] ?? [];
        const kept = set.map((cookie) => cookie.split(";")[0] ?? "").filter((pair) => !pair.endsWith("="));
        resolve({
          status: answer.statusCode ?? 0,
          location: answer.headers.location ?? "",
          cookie: kept.join("; "),
          body,
        });
      });
    });
    asked.on("error", reject);
    asked.end();
  });
}
