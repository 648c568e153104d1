// What the browser tests share: the agent's side over HTTP, shops on an origin of their own, the widget in a page.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type FrameLocator,
  type Page,
} from "playwright-core";
import { afterAll, beforeAll, inject } from "vitest";
import type { DeskAddress } from "./setup";

export const desk = (): DeskAddress => inject("desk");

/** Debian's Chromium, or the one that SVARDESK_CHROMIUM names. */
export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.SVARDESK_CHROMIUM || "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
  });
}

export interface Row {
  id: string;
  status: string;
  preview: string;
  last_public_seq: number;
  version: number;
  locale: string | null;
  contact: { id: string; name: string | null };
}

export interface DeskMessage {
  id: string;
  seq: number;
  kind: string;
  body: string;
  state: string | null;
  attachments: { name: string; size: number; media_type: string; url: string }[];
}

/** An agent by HTTP: signed in, with CSRF token. */
export class Agent {
  private constructor(
    readonly url: string,
    readonly cookie: string,
    readonly csrf: string,
  ) {}

  static async signIn({ url, email, password } = desk()): Promise<Agent> {
    const response = await fetch(`${url}/api/v1/session`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ email, password }),
    });
    const body = await response.json();
    if (body.state && body.state !== "signed_in") throw new Error(`sign-in: ${JSON.stringify(body)}`);
    const cookie = response.headers
      .getSetCookie()
      .map((line) => line.split(";")[0])
      .join("; ");
    return new Agent(url, cookie, body.csrf);
  }

  async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${this.url}/api/v1${path}`, {
      method,
      headers: { "Content-Type": "application/json", Cookie: this.cookie, "X-CSRF-Token": this.csrf },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return (text ? JSON.parse(text) : null) as T;
  }

  /** A widget that only `origins` may show. */
  async widget(origins: string[]): Promise<Widget> {
    const made = await this.call<{ widget: { id: string; key: string } }>("POST", "/widgets", {
      name: "Prøvebutikken",
      title: "Prøvebutikken",
      origins,
    });
    return { id: made.widget.id, key: made.widget.key };
  }

  async secret(widget: Widget): Promise<string> {
    return (await this.call<{ secret: string }>("POST", `/widgets/${widget.id}/secrets`)).secret;
  }

  /** The conversation whose newest message says `text`; waits until it is there. */
  async conversation(text: string): Promise<Row> {
    return until(`a conversation that says ${text}`, async () => {
      const { items } = await this.call<{ items: Row[] }>("GET", "/conversations?view=all");
      return items.find((row) => row.preview === text);
    });
  }

  async messages(conversation: string): Promise<DeskMessage[]> {
    return (await this.call<{ messages: DeskMessage[] }>("GET", `/conversations/${conversation}`)).messages;
  }

  async answer(conversation: string, body: string): Promise<DeskMessage> {
    const messages = await this.messages(conversation);
    const { message } = await this.call<{ message: DeskMessage }>("POST", `/conversations/${conversation}/messages`, {
      client_id: crypto.randomUUID(),
      kind: "answer",
      body,
      based_on_seq: messages.at(-1)?.seq ?? 0,
    });
    return message;
  }

  async change(conversation: string, change: object): Promise<Row> {
    const { conversation: row } = await this.call<{ conversation: Row }>("GET", `/conversations/${conversation}`);
    return this.call("PATCH", `/conversations/${conversation}`, { ...change, version: row.version });
  }

  /** The agent's live line, held by a browser page: while it is open an agent is there. Frames are kept in order. */
  async socket(browser: Browser): Promise<AgentSocket> {
    const context = await browser.newContext({ bypassCSP: true });
    const [name, value] = this.cookie.split(/=(.*)/s) as [string, string];
    await context.addCookies([{ name, value, url: this.url }]);
    const page = await context.newPage();
    const frames: Record<string, unknown>[] = [];
    await page.exposeFunction("heard", (frame: Record<string, unknown>) => void frames.push(frame));
    await page.goto(`${this.url}/healthz`); // any page of the desk's origin that runs no script of its own
    await page.evaluate(
      (url) =>
        new Promise<void>((resolve, reject) => {
          const socket = new WebSocket(url);
          const scope = window as unknown as { agent: WebSocket; heard(frame: unknown): void };
          scope.agent = socket;
          socket.onopen = () => socket.send(JSON.stringify({ t: "hello", resume: null }));
          socket.onclose = (event) => reject(new Error(`closed ${event.code} ${event.reason}`));
          socket.onmessage = (event) => {
            const frame = JSON.parse(event.data);
            scope.heard(frame);
            if (frame.t === "ping") socket.send('{"t":"pong"}');
            if (frame.t === "welcome") resolve();
          };
        }),
      `${this.url.replace("http", "ws")}/api/v1/socket`,
    );
    return {
      frames,
      say: (frame) =>
        page.evaluate((text) => (window as unknown as { agent: WebSocket }).agent.send(text), JSON.stringify(frame)),
      close: () => context.close(),
    };
  }
}

export interface AgentSocket {
  frames: Record<string, unknown>[];
  say(frame: object): Promise<void>;
  close(): Promise<void>;
}

export interface Widget {
  id: string;
  key: string;
}

export const STRICT = (deskUrl: string): string =>
  `default-src 'none'; script-src 'self' ${deskUrl}; frame-src ${deskUrl}; base-uri 'none'; form-action 'none'; ` +
  "require-trusted-types-for 'script'; trusted-types 'none'";

/** A shop on an origin of its own, with the widget in its pages under a strict policy. */
export class Shop {
  readonly policy: string;

  private constructor(
    readonly server: Server,
    readonly origin: string,
    readonly deskUrl: string,
  ) {
    this.policy = STRICT(deskUrl);
  }

  static async open(): Promise<Shop> {
    const { url } = desk();
    const server = createServer((request, response) => {
      const query = new URL(request.url ?? "/", "http://shop").searchParams;
      if (request.url?.startsWith("/settings.js")) {
        response.writeHead(200, { "Content-Type": "text/javascript" });
        response.end(query.get("code") ?? "");
        return;
      }
      response.writeHead(200, { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": STRICT(url) });
      const code = query.get("code");
      response.end(`<!doctype html><html lang="${query.get("lang") ?? "nb"}"><head><title>Butikk</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
${code ? `<script src="/settings.js?code=${encodeURIComponent(code)}"></script>` : ""}
<script async src="${url}/widget.js" data-widget="${query.get("w")}"></script></head>
<body><main><h1>Butikk</h1><a href="#a">En lenke</a></main></body></html>`);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new Shop(server, `http://localhost:${(server.address() as AddressInfo).port}`, url);
  }

  /** Address of a page with the widget; `code` runs before the loader, as a shop's own settings script would. */
  page(widget: Widget, { lang = "nb", code = "" } = {}): string {
    return `${this.origin}/?${new URLSearchParams({ w: widget.key, lang, ...(code && { code }) })}`;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

/** One visitor's tab with the widget in it. */
export class Visitor {
  readonly chat: FrameLocator;
  /** What the console and the content policies complained about. */
  readonly complaints: string[] = [];

  constructor(readonly page: Page) {
    this.chat = page.frameLocator("svardesk-chat iframe");
    page.on("console", (message) => {
      if (message.type() === "error") this.complaints.push(message.text());
    });
    page.on("pageerror", (error) => this.complaints.push(`${error}`));
  }

  static async visit(context: BrowserContext, address: string): Promise<Visitor> {
    const visitor = new Visitor(await context.newPage());
    await visitor.page.goto(address);
    await visitor.page.locator("svardesk-chat button").waitFor({ state: "attached" });
    return visitor;
  }

  /** A visitor in a browser of their own, with the chat open and ready. */
  static async chatting(browser: Browser, address: string, options?: BrowserContextOptions): Promise<Visitor> {
    const visitor = await Visitor.visit(await browser.newContext(options), address);
    await visitor.open();
    return visitor;
  }

  async open(): Promise<void> {
    await this.page.locator("svardesk-chat button").click();
    await this.ready();
  }

  async ready(): Promise<void> {
    await this.chat.locator("header p").waitFor();
  }

  async write(text: string): Promise<void> {
    await this.chat.locator("#text").fill(text);
    await this.chat.locator("#text").press("Enter");
  }

  /** What stands in the bubbles, in order: "<" for the desk's, ">" for own ones. */
  async said(): Promise<string[]> {
    return this.chat
      .locator(".bubble")
      .evaluateAll((bubbles) =>
        bubbles.map(
          (one) => `${one.classList.contains("mine") ? ">" : "<"} ${one.querySelector(".body")?.textContent}`,
        ),
      );
  }

  async sees(...wanted: string[]): Promise<void> {
    let last: string[] = [];
    await until(`the bubbles ${JSON.stringify(wanted)}`, async () => {
      last = await this.said();
      return JSON.stringify(last) === JSON.stringify(wanted) || undefined;
    }).catch((error) => {
      throw new Error(`${error.message}; there are ${JSON.stringify(last)}`);
    });
  }

  /** Waits for a state line such as "Sendt" or "Lest". */
  async state(text: string): Promise<void> {
    await this.chat.locator(".meta", { hasText: text }).last().waitFor();
  }

  close(): Promise<void> {
    return this.page.context().close();
  }
}

/** Polls until `look` answers something; 15 s. */
export async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const end = Date.now() + 15_000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

let counter = 0;

/** A text that no other test writes. */
export const unique = (text: string): string => `${text} ${++counter}-${Date.now()}`;

export interface Stage {
  browser: Browser;
  agent: Agent;
  shop: Shop;
  /** A widget that the shop may show. */
  widget: Widget;
  /** A page of the shop with the widget in it. */
  address: string;
}

/** What most specs need, made before their first test and cleared away after the last. */
export function prepare(): Stage {
  const stage = {} as Stage;
  beforeAll(async () => {
    [stage.browser, stage.agent, stage.shop] = await Promise.all([launch(), Agent.signIn(), Shop.open()]);
    stage.widget = await stage.agent.widget([stage.shop.origin]);
    stage.address = stage.shop.page(stage.widget);
  });
  afterAll(async () => {
    await stage.browser?.close();
    stage.shop?.close();
  });
  return stage;
}
