// The whole app without a server: requests are answered from a table, the live line is a socket that the test holds.
import type { Me, ServerFrame } from "@svardesk/wire";
import { vi } from "vitest";
import { setTexts } from "../src/i18n";
import { AppStore } from "../src/stores/app";
import { ME, TEAM } from "./desk";

/** An answer of the server: a value, or a status with an error. */
export type Answer = unknown | Response;
type Handler = (request: { path: string; method: string; query: URLSearchParams; body: never }) => Answer;

export const me = (change: Partial<Me["agent"]> = {}): Me =>
  ({
    agent: {
      id: ME,
      name: "Kari Nordmann",
      email: "kari@x.example",
      role: "owner",
      locale: "nb",
      availability: "online",
      settings: {},
      ...change,
    },
    account: { id: "account", name: "Prøvehuset", slug: "prove" },
    permissions: ["conversations.read", "conversations.write", "conversations.assign", "contacts.read"],
    teams: [{ id: TEAM, name: "Salg" }],
    csrf: "token",
    totp_enabled: false,
    recovery_codes_left: 0,
  }) as unknown as Me;

export const refused = (status: number, code: string, fields: object = {}): Response =>
  new Response(JSON.stringify({ error: { code, message: code, fields } }), { status });

class Socket {
  static last: Socket | null = null;
  readyState = 1;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  readonly said: Record<string, unknown>[] = [];
  constructor() {
    Socket.last = this;
    queueMicrotask(() => this.onopen?.());
  }
  send(text: string): void {
    this.said.push(JSON.parse(text));
  }
  close(): void {
    this.readyState = 3;
  }
}

export class House {
  readonly asked: string[] = [];
  readonly answers: Record<string, Handler> = {
    "GET /session": () => me(),
    "DELETE /session": () => undefined,
    "GET /conversations": () => ({ items: [], next_cursor: null, resume: "e:1" }),
    "GET /conversations/counts": () => ({}),
    "GET /agents": () => [],
    "GET /teams": () => [],
    "GET /tags": () => [],
    "GET /views": () => [],
  };
  readonly app: AppStore;

  constructor(path = "/app/inbox/all", answers: Record<string, Handler> = {}) {
    Object.assign(this.answers, answers);
    history.replaceState(null, "", path);
    setTexts("nb", {});
    vi.stubGlobal("WebSocket", Socket);
    vi.stubGlobal("fetch", async (input: string, init: RequestInit = {}) => {
      const url = new URL(input, "http://desk");
      const path = url.pathname.replace("/api/v1", "");
      const method = init.method ?? "GET";
      this.asked.push(`${method} ${path}`);
      const handler = this.answers[`${method} ${path}`];
      if (!handler) return refused(404, "not_found");
      const body = (init.body ? JSON.parse(init.body as string) : undefined) as never;
      const answer = handler({ path, method, query: url.searchParams, body });
      if (answer instanceof Response) return answer;
      return answer === undefined ? new Response(null, { status: 204 }) : new Response(JSON.stringify(answer));
    });
    this.app = new AppStore();
  }

  /** Signs in and waits until the list stands. */
  static async open(path?: string, answers?: Record<string, Handler>): Promise<House> {
    const house = new House(path, answers);
    await house.app.start();
    await vi.waitFor(() => {
      if (house.app.list.value?.state.value !== "ready") throw new Error("no list yet");
    });
    return house;
  }

  frame(frame: ServerFrame): void {
    Socket.last?.onmessage?.({ data: JSON.stringify(frame) });
  }

  /** The last socket's words. */
  get said(): readonly Record<string, unknown>[] {
    return Socket.last?.said ?? [];
  }

  leave(): void {
    this.app.session.state.value = "out";
  }
}
