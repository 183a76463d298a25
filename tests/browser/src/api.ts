/** The product's API as a program uses it: for what a test needs but is not about. */

interface Answer {
  data?: Record<string, never>;
  errors?: { message: string; extensions?: { code?: string } }[];
}

export class Api {
  readonly #portal: string;
  #cookie = "";
  #account: { email: string; password: string } | null = null;

  constructor(portal: string) {
    this.#portal = portal;
  }

  /** The session cookie, `name=value`. */
  get cookie(): string {
    return this.#cookie;
  }

  // biome-ignore lint/suspicious/noExplicitAny: an answer's form is its query's, which each caller knows
  async ask(query: string, variables: object = {}, path = "/graphql"): Promise<any> {
    const response = await fetch(this.#portal + path, {
      method: "POST",
      headers: { "content-type": "application/json", cookie: this.#cookie },
      body: JSON.stringify({ query, variables }),
    });
    const set = response.headers.getSetCookie().find((cookie) => cookie.startsWith("tenantry_session="));
    if (set) this.#cookie = set.split(";")[0] ?? "";
    const answer = (await response.json()) as Answer;
    // What needs a fresh proof is asked for again with one, as a person would.
    const account = this.#account;
    if (account && answer.errors?.[0]?.extensions?.code === "STEP_UP_REQUIRED") {
      this.#account = null;
      await this.logIn(account.email, account.password);
      return this.ask(query, variables, path);
    }
    if (answer.errors) throw new Error(`${query}: ${JSON.stringify(answer.errors)}`);
    for (const payload of Object.values(answer.data ?? {}) as {
      problem?: object | null;
    }[]) {
      if (payload?.problem) throw new Error(`${query}: ${JSON.stringify(payload.problem)}`);
    }
    return answer.data;
  }

  admin(query: string, variables: object = {}) {
    return this.ask(query, variables, "/admin/graphql");
  }

  async logIn(email: string, password: string): Promise<void> {
    await this.ask("mutation($i: LogInInput!) { logIn(input: $i) { problem { message } } }", {
      i: { email, password },
    });
    this.#account = { email, password };
  }
}
