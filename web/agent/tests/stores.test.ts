import type { Api, ServerFrame } from "@svardesk/wire";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CountsStore } from "../src/stores/counts";
import { DirectoryStore } from "../src/stores/directory";
import { LiveStore } from "../src/stores/live";
import { Notifier } from "../src/stores/notify";
import type { PrefsStore } from "../src/stores/prefs";
import { PresenceStore } from "../src/stores/presence";
import { pieces, SearchStore } from "../src/stores/search";
import { SessionStore } from "../src/stores/session";
import { makeRow } from "./desk";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("PresenceStore", () => {
  it("stale state + frames = fresh state: each frame replaces who is there, without oneself", () => {
    const store = new PresenceStore(
      () => "me",
      () => undefined,
    );
    const kari = { agent_id: "kari", name: "Kari", kind: "looking" as const };
    store.set("c", [kari, { agent_id: "me", name: "Jeg", kind: "typing" }]);
    expect(store.others("c").value).toEqual([kari]);
    store.set("c", [{ ...kari, kind: "answering" }]);
    expect(store.others("c").value).toEqual([{ ...kari, kind: "answering" }]);
    store.set("c", []);
    expect(store.others("c").value).toEqual([]);
  });

  it("says what we do, thinned, and holds the lock only while an answer is written", () => {
    const said: string[] = [];
    const store = new PresenceStore(
      () => "me",
      (what) => said.push(what),
    );
    store.enter("c");
    for (let i = 0; i < 10; i++) store.typing("c", "note", true);
    expect(said).toEqual(["looking", "typing"]);
    store.typing("c", "answer", true);
    vi.advanceTimersByTime(3_100);
    store.typing("c", "answer", true);
    expect(said).toEqual(["looking", "typing", "lock", "typing"]);
    store.typing("c", "answer", false);
    expect(said.slice(-2)).toEqual(["idle", "looking"]);
    store.leave();
    expect(said.at(-1)).toBe("idle");
    const quiet = said.length;
    vi.advanceTimersByTime(60_000);
    expect(said.length).toBe(quiet);
  });
});

describe("CountsStore", () => {
  it("asks at most once a second and stops at 99+", async () => {
    const counts = vi.fn(async () => ({
      mine: { n: 99, more: true },
      unassigned: { n: 3, more: false },
      teams: { n: 0, more: false },
      waiting: { n: 99, more: false },
      snoozed: { n: 1, more: false },
    }));
    const store = new CountsStore({ counts } as unknown as Api);
    for (let i = 0; i < 50; i++) {
      store.changed();
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(counts.mock.calls.length).toBeLessThanOrEqual(6);
    expect(["mine", "unassigned", "teams", "waiting", "closed"].map((view) => store.text(view))).toEqual([
      "99+",
      "3",
      "",
      "99",
      "",
    ]);
  });
});

describe("DirectoryStore", () => {
  it("stale state + frames = fresh state: availability and names follow, an unknown colleague is fetched", async () => {
    const agent = { id: "k", name: "Kari", email: "", role: "agent", availability: "online", archived_at: null };
    const agents = vi.fn(async () => [agent]);
    const none = async () => [];
    const store = new DirectoryStore({ agents, teams: none, tags: none, views: none } as unknown as Api);
    await store.load();
    store.agentChanged("k", "away", undefined);
    expect(store.agent("k")).toMatchObject({ name: "Kari", availability: "away" });
    store.agentChanged("k", "online", "Kari Nes");
    expect(store.agent("k")?.name).toBe("Kari Nes");
    store.agentChanged("new", "online", undefined);
    await vi.advanceTimersByTimeAsync(0);
    expect(agents).toHaveBeenCalledTimes(2);
  });

  it("asks once for somebody's name and has none for whom it may not see", async () => {
    const contact = vi.fn(async (id: string) => {
      if (id === "gone") throw new Error("404");
      return { id, name: "Ola Hansen" };
    });
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const store = new DirectoryStore({ contact } as unknown as Api);
    for (const id of ["ola", "ola", "gone", "gone"]) expect(store.person(id)).toBeNull();
    await vi.advanceTimersByTimeAsync(0);
    expect([store.person("ola"), store.person("gone")]).toEqual(["Ola Hansen", null]);
    expect(contact).toHaveBeenCalledTimes(2);
  });

  it("shows a view under its new name and with its new filters", async () => {
    const view = (id: string, name: string) => ({ id, name, filters: { view: "all" }, shared: false, mine: true });
    const patchView = vi.fn(async (id: string, change: object) => ({ ...view(id, "A"), ...change }));
    const views = async () => [view("1", "Anker"), view("2", "Brev")];
    const store = new DirectoryStore({ views, patchView } as unknown as Api);
    await store.loadViews();
    await store.changeView("1", { name: "Øyer" });
    expect(store.views.value.map((each) => each.name)).toEqual(["Brev", "Øyer"]);
    await store.changeView("2", { filters: { view: "closed", team_id: "t" } });
    expect(store.view("2")?.filters).toEqual({ view: "closed", team_id: "t" });
  });
});

describe("SearchStore", () => {
  it("waits for a pause and forgets the answer to a question that was given up", async () => {
    const answers: ((hits: string) => void)[] = [];
    const asked: string[] = [];
    const search = (q: string, _kind: string, _cursor: string | undefined, signal: AbortSignal) => {
      asked.push(q);
      return new Promise((resolve, reject) => {
        signal.addEventListener("abort", () => reject(new DOMException("", "AbortError")));
        answers.push((id) => resolve({ messages: [{ message: { id } }], contacts: [], next_cursor: null }));
      });
    };
    const store = new SearchStore({ search } as unknown as Api);
    for (const q of ["f", "fa", "fak"]) store.set(q);
    await vi.advanceTimersByTimeAsync(300);
    expect(asked).toEqual(["fak"]);
    store.set("faktura");
    await vi.advanceTimersByTimeAsync(300);
    answers[1]?.("new");
    answers[0]?.("old");
    await vi.advanceTimersByTimeAsync(0);
    expect(store.hits.value.map((hit) => hit.message.id)).toEqual(["new"]);
    store.set("f");
    expect([store.state.value, store.hits.value.length]).toEqual(["idle", 0]);
  });

  it("understands <mark> and nothing else", () => {
    expect(pieces("a &lt;b&gt; <mark>fak&amp;tura</mark>en <img src=x onerror=y>")).toEqual([
      { text: "a <b> ", hit: false },
      { text: "fak&tura", hit: true },
      { text: "en ", hit: false },
    ]);
  });
});

describe("LiveStore", () => {
  class Socket {
    static last: Socket;
    readyState = 0;
    onopen: (() => void) | null = null;
    onmessage: ((event: { data: string }) => void) | null = null;
    onclose: ((event: { code: number }) => void) | null = null;
    constructor() {
      Socket.last = this;
    }
    send() {}
    close() {}
    open(...frames: object[]) {
      this.readyState = 1;
      this.onopen?.();
      for (const frame of frames) this.onmessage?.({ data: JSON.stringify(frame) });
    }
  }
  const make = () => {
    const frames: ServerFrame[] = [];
    const welcomed = vi.fn();
    const live = new LiveStore({
      url: () => "ws://x",
      onFrame: (frame) => frames.push(frame),
      onWelcome: welcomed,
      onSignedOut: () => undefined,
      WebSocket: Socket as never,
    });
    live.start();
    return { live, frames, welcomed };
  };

  it("says nothing on the first welcome, and after a cut how much was missed", () => {
    const { live, welcomed } = make();
    Socket.last.open({ t: "welcome", build: "1", resume: "e:1", agent_id: "me" });
    expect(live.caughtUp.value).toBeNull();
    Socket.last.onclose?.({ code: 1006 });
    expect(live.cut.value).toBe(false);
    vi.advanceTimersByTime(1_600);
    expect(live.cut.value).toBe(true);
    expect(live.behind.value).toBe(true);
    Socket.last.open(
      { t: "welcome", build: "1", resume: "e:9", agent_id: "me" },
      { t: "caught_up", missed: 8, resume: "e:9" },
    );
    expect(live.caughtUp.value).toMatchObject({ missed: 8 });
    expect(live.behind.value).toBe(false);
    expect(welcomed).toHaveBeenCalledTimes(2);
    vi.advanceTimersByTime(6_100);
    expect(live.caughtUp.value).toBeNull();
    live.stop();
  });

  it("says that everything was fetched again, and that a newer build is there", () => {
    const { live } = make();
    Socket.last.open({ t: "welcome", build: "1", resume: "e:1", agent_id: "me" });
    Socket.last.onclose?.({ code: 1006 });
    vi.advanceTimersByTime(2_000);
    Socket.last.open({ t: "welcome", build: "2", resume: "f:1", agent_id: "me" }, { t: "refetch", reason: "token" });
    expect(live.caughtUp.value?.missed).toBeNull();
    expect(live.newBuild.value).toBe(true);
    live.stop();
  });
});

describe("Notifier", () => {
  const make = (concerns: boolean, looking: boolean) => {
    const notifier = new Notifier({
      prefs: { sound: { value: false }, desktop: { value: false } } as unknown as PrefsStore,
      concerns: () => concerns,
      looking: () => looking,
      words: () => ({ title: "Kari", body: "Hei" }),
      open: () => undefined,
    });
    return vi.spyOn(notifier, "call") && notifier;
  };
  it("calls for the customer's words that concern the agent, not for what they are looking at", () => {
    const before = makeRow("c", { last_customer_seq: 1 });
    const row = makeRow("c", { version: 2, last_customer_seq: 2 });
    const calls = (notifier: Notifier) => (notifier.call as unknown as ReturnType<typeof vi.fn>).mock.calls.length;
    const idle = make(true, false);
    idle.changed({ row, before });
    idle.changed({ row: { ...row, version: 3, status: "closed" }, before: row });
    expect(calls(idle)).toBe(1);
    const looking = make(true, true);
    looking.changed({ row, before });
    expect(calls(looking)).toBe(0);
    const stranger = make(false, false);
    stranger.changed({ row, before });
    expect(calls(stranger)).toBe(0);
  });
});

describe("SessionStore", () => {
  const me = {
    agent: { id: "a", name: "Kari", email: "", role: "agent", locale: "nb", availability: "online", settings: {} },
    permissions: ["conversations.read"],
    csrf: "token",
    teams: [],
  };
  it("goes through the code, takes the CSRF token and knows what one may do", async () => {
    const http = { csrf: null as string | null };
    const session = new SessionStore({
      http,
      signIn: async () => ({ state: "mfa_required", challenge: "ch" }),
      confirmSignIn: async (challenge: string, code: string) => {
        expect([challenge, code]).toEqual(["ch", "123456"]);
        return { state: "signed_in", ...me };
      },
    } as unknown as Api);
    await session.signIn("e", "p", "");
    expect(session.state.value).toBe("mfa");
    await session.confirm("123456");
    expect([session.state.value, http.csrf]).toEqual(["in", "token"]);
    expect([session.may("conversations.read"), session.may("conversations.write")]).toEqual([true, false]);
    session.lost();
    expect([session.state.value, session.expired.value, http.csrf]).toEqual(["out", true, null]);
  });

  it("puts availability back when the server refuses", async () => {
    const session = new SessionStore({
      http: {},
      me: async () => me,
      patchMe: async () => {
        throw new Error("no");
      },
    } as unknown as Api);
    await session.check();
    await session.setAvailability("away").catch(() => undefined);
    expect(session.me.value?.agent.availability).toBe("online");
  });
});
