/**
 * What the tests of a file share: one product, one browser, and people in it.
 *
 * Each file is a process of its own. What is here is started when it is first asked for, and ended at the end.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { after, afterEach, type TestContext } from "node:test";
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from "playwright-core";
import { Api } from "./api.ts";
import { NameServer } from "./names.ts";
import { Product } from "./product.ts";

export const PASSWORD = "a long enough password";
const OPERATOR = "operator@example.com";

export interface World {
  product: Product;
  browser: Browser;
  /** The API as the operator. */
  operator: Api;
  /** The one that the product asks. */
  names: NameServer;
}

let started: Promise<World> | null = null;

export function world(): Promise<World> {
  started ??= start();
  return started;
}

async function start(): Promise<World> {
  const names = await NameServer.start();
  const product = await Product.start(["--dns-servers", names.address]);
  const browser = await chromium.launch({
    executablePath: process.env.TENANTRY_CHROMIUM ?? "/usr/bin/chromium",
    args: [
      // Chromium's own sandbox can't be had as root; the pages here are our own.
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  return { product, browser, operator: await installation(product), names };
}

/** The operator of an installation that is new. */
export async function installation(product: Product): Promise<Api> {
  const operator = new Api(product.portal);
  const token = product.setupLink.split("token=")[1];
  await operator.admin(
    "mutation($i: CompleteSetupInput!) { completeOperatorSetup(input: $i) { problem { message } } }",
    { i: { token, name: "Olga Operator", password: PASSWORD } },
  );
  await operator.logIn(OPERATOR, PASSWORD);
  return operator;
}

/** Ends what was started. */
export async function end(): Promise<void> {
  if (!started) return;
  const { product, browser, names } = await started;
  started = null;
  await browser.close();
  await product.dispose();
  names.stop();
}

after(end);

/** What the open pages of a failed test looked like, for whoever looks into it. */
afterEach(async (context) => {
  const { passed, name } = context as TestContext & { passed: boolean };
  if (passed || !started) return;
  const { browser } = await started;
  const dir = join(import.meta.dirname, "../results");
  await mkdir(dir, { recursive: true });
  const pages = browser.contexts().flatMap((c) => c.pages());
  for (const [number, page] of pages.entries()) {
    const file = `failed-${name.replaceAll(/\W+/g, "-").slice(0, 60)}-${number}.png`;
    await page.screenshot({ path: join(dir, file) }).catch(() => undefined);
  }
});

/** The path of the newest link of a kind in somebody's mail. */
export async function mailedLink(recipient: string, path: string, by?: Api): Promise<string> {
  const operator = by ?? (await world()).operator;
  const query = "query($to: String) { capturedMail(recipient: $to, first: 5) { nodes { body } } }";
  for (let tries = 0; tries < 100; tries += 1) {
    const { capturedMail } = await operator.admin(query, { to: recipient });
    for (const { body } of capturedMail.nodes as { body: string }[]) {
      const link = body.match(new RegExp(`${path}#token=[\\w-]+`))?.[0];
      if (link) return link;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`no mail with ${path} for ${recipient}`);
}

let people = 0;

/** Somebody with a verified account, made through the API. */
export async function person(name: string, address?: string) {
  return personOf(await world(), name, address);
}

/** As `person`, of another installation. */
export async function personOf(
  { product, operator }: Pick<World, "product" | "operator">,
  name: string,
  address?: string,
): Promise<{ api: Api; email: string; name: string }> {
  people += 1;
  const email = address ?? `${name.toLowerCase().replaceAll(" ", ".")}.${people}@example.com`;
  const api = new Api(product.portal);
  await api.ask("mutation($i: SignUpInput!) { signUp(input: $i) { problem { message } } }", {
    i: { email, password: PASSWORD, name },
  });
  const token = (await mailedLink(email, "/verify-email", operator)).split("token=")[1];
  await api.ask("mutation($t: String!) { verifyEmail(token: $t) { problem { message } } }", { t: token });
  await api.logIn(email, PASSWORD);
  return { api, email, name };
}

/** An organisation of somebody's. */
export async function organisation(api: Api, name: string, slug: string, plan = "starter"): Promise<string> {
  const { createTenant } = await api.ask(
    "mutation($i: CreateTenantInput!) { createTenant(input: $i) { tenant { id } problem { message } } }",
    { i: { name, slug, plan } },
  );
  return createTenant.tenant.id;
}

export interface RunningInstance {
  id: string;
  url: string;
  slug: string;
}

/** A real n8n, ready. */
export async function instance(api: Api, tenantId: string, slug: string): Promise<RunningInstance> {
  const { createInstance } = await api.ask(
    "mutation($i: CreateInstanceInput!) { createInstance(input: $i) { instance { id url slug } problem { message } } }",
    { i: { tenantId, name: slug, slug, region: "eu-central" } },
  );
  const made = createInstance.instance as RunningInstance;
  const query = "query($t: ID!, $i: ID!) { tenant(id: $t) { instance(id: $i) { phase } } }";
  for (let tries = 0; tries < 600; tries += 1) {
    const { tenant } = await api.ask(query, { t: tenantId, i: made.id });
    if (tenant.instance.phase === "READY") return made;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`${slug} did not become ready`);
}

export interface Tab {
  page: Page;
  context: BrowserContext;
  /** Errors of the page: what it logged, and what its policy refused. */
  faults: string[];
}

/** A browser of somebody's own, with nothing in it but what is asked for. */
export async function tab(options: BrowserContextOptions & { as?: Api } = {}): Promise<Tab> {
  const { browser, product } = await world();
  const { as, ...rest } = options;
  const context = await browser.newContext({
    baseURL: product.portal,
    viewport: { width: 1280, height: 800 },
    locale: "en-GB",
    timezoneId: "Europe/Berlin",
    reducedMotion: "reduce",
    ...rest,
  });
  if (as) {
    const [name, value] = as.cookie.split("=") as [string, string];
    await context.addCookies([{ name, value, url: product.portal, httpOnly: true, sameSite: "Lax" }]);
  }
  const page = await context.newPage();
  const faults: string[] = [];
  watch(page, faults);
  return { page, context, faults };
}

/** Notes a page's errors; of the portal only, n8n's are its own affair. */
function watch(page: Page, faults: string[]): void {
  page.on("pageerror", (error) => faults.push(`${error.name}: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error") faults.push(message.text());
  });
}
