// An agent at work in the app: a browser of their own, signed in by hand, with a line that can be cut.
import { createHmac } from "node:crypto";
import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page, WebSocketRoute } from "playwright-core";
import { desk } from "./harness";

export class AgentApp {
  /** What the console and the content policy complained about. */
  readonly complaints: string[] = [];
  #lines = new Set<WebSocketRoute>();
  #cut = false;

  private constructor(
    readonly context: BrowserContext,
    readonly page: Page,
  ) {
    page.on("console", (message) => {
      const expected = /401|409|Failed to load resource/.test(message.text());
      if (message.type() === "error" && !expected) this.complaints.push(message.text());
    });
    page.on("pageerror", (error) => this.complaints.push(`${error}`));
  }

  /** A fresh browser at `path` of the app, not signed in. */
  static async open(browser: Browser, path = "/app/", options: BrowserContextOptions = {}): Promise<AgentApp> {
    const context = await browser.newContext({ locale: "nb-NO", timezoneId: "Europe/Oslo", ...options });
    const app = new AgentApp(context, await context.newPage());
    await app.page.routeWebSocket(/\/api\/v1\/socket$/, (line) => app.#route(line));
    await app.page.goto(desk().url + path);
    return app;
  }

  static async signIn(
    browser: Browser,
    options: BrowserContextOptions = {},
    who: { email: string; password: string } = desk(),
  ): Promise<AgentApp> {
    const app = await AgentApp.open(browser, "/app/", options);
    await app.enter(who);
    await app.page.locator("nav.sidebar").waitFor({ state: "attached" });
    return app;
  }

  /** Another tab of the same agent. */
  async tab(path: string): Promise<Page> {
    const page = await this.context.newPage();
    await page.goto(desk().url + path);
    return page;
  }

  async enter({ email, password }: { email: string; password: string }): Promise<void> {
    await this.page.getByLabel("E-post").fill(email);
    await this.page.getByLabel("Passord").fill(password);
    await this.page.getByRole("button", { name: "Logg inn", exact: true }).click();
  }

  goto(path: string): Promise<unknown> {
    return this.page.goto(desk().url + path);
  }

  row(text: string): Locator {
    return this.page.locator(".row", { hasText: text });
  }

  message(text: string): Locator {
    return this.page.locator(".message", { hasText: text });
  }

  get text(): Locator {
    return this.page.locator(".composer textarea");
  }

  async answer(text: string): Promise<void> {
    await this.text.fill(text);
    await this.text.press("Control+Enter");
  }

  /** Cuts socket and interface, as a tunnel or a lid that is shut would. */
  async cutLine(): Promise<void> {
    this.#cut = true;
    await this.page.route("**/api/v1/**", (route) => route.abort("internetdisconnected"));
    for (const line of this.#lines) await line.close({ code: 1012 }).catch(() => undefined);
    this.#lines.clear();
  }

  async mendLine(): Promise<void> {
    this.#cut = false;
    await this.page.unroute("**/api/v1/**");
    await this.page.evaluate(() => dispatchEvent(new Event("online")));
  }

  close(): Promise<void> {
    return this.context.close();
  }

  #route(line: WebSocketRoute): void {
    if (this.#cut) {
      void line.close({ code: 1012 });
      return;
    }
    this.#lines.add(line);
    line.connectToServer();
  }
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** The six digits that an authenticator app shows for `secret` (RFC 6238, SHA-1, 30 s), `steps` later. */
export function totp(secret: string, steps = 0): string {
  const bits = [...secret.replace(/=+$/, "")]
    .map((each) => ALPHABET.indexOf(each).toString(2).padStart(5, "0"))
    .join("");
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const digest = createHmac("sha1", key).update(counter).digest();
  const at = (digest.at(-1) ?? 0) & 15;
  return String((digest.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}
