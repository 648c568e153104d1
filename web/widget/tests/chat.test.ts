import { IDBFactory } from "fake-indexeddb";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Chat } from "../src/frame/chat";
import type { Session } from "../src/frame/types";
import { fakeLocks, message, session } from "./helpers";

/** The desk behind the chat: what it answers, what it was asked, and the socket that stands open. */
const desk = {
  session: async (_body: Record<string, unknown>): Promise<Session> => session([], { visitor_token: "v" }),
  message: async (body: { client_id: string; body: string }): Promise<unknown> => ({
    message: message(9, { mine: true, client_id: body.client_id, body: body.body }),
  }),
  said: [] as Record<string, unknown>[],
};

class Line {
  readyState = 1;
  onopen?: () => void;
  onmessage?: (event: { data: string }) => void;
  constructor() {
    queueMicrotask(() => this.onopen?.());
  }
  send(text: string): void {
    const frame = JSON.parse(text);
    desk.said.push(frame);
    if (frame.t === "hello") queueMicrotask(() => this.onmessage?.({ data: '{"t":"welcome"}' }));
  }
  close(): void {}
}

class Channel {
  static all = new Set<Channel>();
  onmessage?: (event: { data: unknown }) => void;
  constructor() {
    Channel.all.add(this);
  }
  postMessage(data: unknown): void {
    for (const other of Channel.all) if (other !== this) other.onmessage?.({ data });
  }
}

beforeEach(() => {
  localStorage.clear();
  Channel.all.clear();
  desk.said = [];
  desk.session = async () => session([], { visitor_token: "v" });
  vi.stubGlobal("indexedDB", new IDBFactory());
  vi.stubGlobal("navigator", { locks: fakeLocks(), onLine: true });
  vi.stubGlobal("WebSocket", Line);
  vi.stubGlobal("BroadcastChannel", Channel);
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    const body = JSON.parse((init.body as string) ?? "{}");
    const what = url.slice(url.lastIndexOf("/") + 1);
    const answer = what === "session" ? await desk.session(body) : what === "messages" ? await desk.message(body) : {};
    return new Response(JSON.stringify(answer));
  });
});

const INIT = { t: "init", shown: true, modal: false, focus: false, page: { url: "", title: "" } } as const;
const open: Chat[] = [];
afterEach(() => {
  for (const chat of open.splice(0)) chat.link.stop();
});

async function begun(change: object = {}): Promise<Chat> {
  const chat = new Chat({ widget: "w", locale: "nb", parent: "https://shop.example", texts: {} }, () => {});
  open.push(chat);
  chat.heard({ ...INIT, ...change });
  await vi.waitFor(() => expect([chat.store.phase.value, chat.store.line.value]).toEqual(["ready", "live"]));
  return chat;
}

/** A promise that the test ends. */
function held<T>(value: T): { promise: Promise<T>; end: () => void } {
  let end = () => {};
  const promise = new Promise<T>((resolve) => {
    end = () => resolve(value);
  });
  return { promise, end };
}

describe("reset", () => {
  it("takes half-written words and files away, in all tabs", async () => {
    const [one, other] = [await begun(), await begun()];
    for (const chat of [one, other]) {
      chat.store.text.value = "Fødselsnummeret mitt er";
      chat.attachments.list.value = [{ key: 1, name: "pass.png", abort: new AbortController() } as never];
    }
    one.typed("Fødselsnummeret mitt er");
    await one.reset();
    for (const { store, attachments } of [one, other])
      expect([store.text.value, attachments.list.value]).toEqual(["", []]);
    expect(one.keep.get("draft")).toBeNull();
  });

  it("is not undone by what was asked for the visitor before", async () => {
    const chat = await begun();
    const late = held(session([message(1, { body: "Hemmelig" })], { visitor_token: "old" }));
    desk.session = () => late.promise;
    chat.heard({ t: "user", token: "jwt" });
    await vi.waitFor(() => expect(chat.api.token).not.toBe("old"));
    const reset = chat.reset();
    late.end();
    await reset;
    await navigator.locks.request("svardesk:w:session", async () => {});
    expect(chat.store.messages.value).toEqual([]);
    expect([chat.keep.get("token"), chat.api.token, chat.store.phase.value]).toEqual([null, null, "starting"]);
  });

  it("does not show the next visitor a message that was on its way", async () => {
    const chat = await begun();
    const slow = held({ message: message(9, { mine: true, body: "Hemmelig" }) });
    const asked = vi.fn(() => slow.promise);
    desk.message = asked;
    const sent = chat.send("Hemmelig", []);
    await vi.waitFor(() => expect(asked).toHaveBeenCalled());
    await chat.reset();
    slow.end();
    await sent;
    expect(chat.store.messages.value).toEqual([]);
  });
});

describe("another conversation", () => {
  it("is reported as read from its own first message on, and remembered by the desk alone", async () => {
    desk.session = async () => session([message(40)], { visitor_token: "anonymous" });
    const chat = await begun();
    await vi.waitFor(() => expect(desk.said).toContainEqual({ t: "read", seq: 40 }));
    desk.said = [];
    desk.session = async () => session([message(3)], { conversation: { id: "c2", status: "open" }, identified: true });
    chat.heard({ t: "user", token: "jwt" });
    await vi.waitFor(() => expect(desk.said).toContainEqual({ t: "read", seq: 3 }));

    // On the next page, closed: what has come since is new, however far the other conversation was read.
    desk.session = async () =>
      session([message(3), message(4)], { conversation: { id: "c2", status: "open" }, read_seq: 3 });
    const next = await begun({ shown: false });
    expect(next.store.unread.value).toBe(1);
  });
});

describe("files", () => {
  it("that are too many are named, not dropped without a word", async () => {
    const chat = await begun();
    chat.store.limits.value = { max_text: 10, max_file: 10, max_files: 0, file_types: [] };
    chat.attachments.add([new File(["x"], "ellevte.png")]);
    expect(chat.attachments.problem.value).toEqual({ key: "widget.upload_failed", name: "ellevte.png" });
  });
});
