import "fake-indexeddb/auto";
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  IndexedDbStorage,
  MemoryStorage,
  Outbox,
  type OutboxEntry,
  type OutboxStorage,
  type Verdict,
} from "../src/outbox";

interface Body {
  text: string;
  confirm?: boolean;
}

const settle = async () => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};

function outbox(
  send: (entry: OutboxEntry<Body>) => Promise<Verdict>,
  storage: OutboxStorage<Body> = new MemoryStorage(),
) {
  let seen: readonly OutboxEntry<Body>[] = [];
  const box = new Outbox<Body>({
    storage,
    send,
    onChange: (entries) => {
      seen = entries;
    },
    exclusive: (_lane, work) => work(),
  });
  return { box, seen: () => seen, storage };
}

describe("Outbox", () => {
  afterEach(() => vi.useRealTimers());

  it("sends a lane in order, one at a time, and does not hold up other lanes", async () => {
    const sent: string[] = [];
    const open: (() => void)[] = [];
    const { box } = outbox(async (entry) => {
      sent.push(entry.body.text);
      if (entry.lane === "a") await new Promise<void>((resolve) => open.push(resolve));
      return { kind: "sent" };
    });
    await box.start("me");
    await box.add("a", "1", { text: "a1" });
    await box.add("a", "2", { text: "a2" });
    await box.add("b", "3", { text: "b1" });
    await settle();
    expect(sent).toEqual(["a1", "b1"]);
    open.shift()?.();
    await settle();
    expect(sent).toEqual(["a1", "b1", "a2"]);
    open.shift()?.();
    await settle();
    expect(box.entries).toEqual([]);
  });

  it("tries again with the same id after a lost answer, with growing pauses", async () => {
    vi.useFakeTimers();
    const ids: string[] = [];
    const { box, seen } = outbox(async (entry) => {
      ids.push(entry.client_id);
      return ids.length < 3 ? { kind: "later" } : { kind: "sent" };
    });
    await box.start("me");
    await box.add("a", "same", { text: "x" });
    await vi.advanceTimersByTimeAsync(0);
    expect(seen()[0]?.attempts).toBe(1);
    await vi.advanceTimersByTimeAsync(500);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(ids).toEqual(["same", "same", "same"]);
    expect(seen()).toEqual([]);
  });

  it("holds its lane for a person and lets nothing overtake", async () => {
    const sent: string[] = [];
    const { box, seen } = outbox(async (entry) => {
      if (entry.body.text === "1" && !entry.body.confirm)
        return { kind: "held", reason: { code: "newer_exists", message: "", fields: { last_seq: 4 } } };
      sent.push(entry.body.text);
      return { kind: "sent" };
    });
    await box.start("me");
    await box.add("a", "c1", { text: "1" });
    await box.add("a", "c2", { text: "2" });
    await settle();
    expect(sent).toEqual([]);
    expect(seen()[0]).toMatchObject({ state: "held", reason: { code: "newer_exists" } });
    await box.again("c1", (body) => ({ ...body, confirm: true }));
    await settle();
    expect(sent).toEqual(["1", "2"]);
  });

  it("goes on with the next when a refused one is thrown away", async () => {
    const sent: string[] = [];
    const { box } = outbox(async (entry) => {
      if (entry.client_id === "bad") return { kind: "failed", reason: { code: "too_long", message: "", fields: {} } };
      sent.push(entry.body.text);
      return { kind: "sent" };
    });
    await box.start("me");
    await box.add("a", "bad", { text: "1" });
    await box.add("a", "good", { text: "2" });
    await settle();
    expect((await box.discard("bad"))?.body.text).toBe("1");
    await settle();
    expect(sent).toEqual(["2"]);
  });

  it("survives a reload in IndexedDB, in order, and keeps to its owner", async () => {
    const offline = outbox(async () => ({ kind: "later", afterMs: 1e9 }), new IndexedDbStorage<Body>("reload"));
    await offline.box.start("kari");
    await offline.box.add("a", "k1", { text: "first" });
    await new Promise((resolve) => setTimeout(resolve, 5));
    await offline.box.add("a", "k2", { text: "second" });
    offline.box.stop();

    const stranger: string[] = [];
    const other = outbox(async (entry) => {
      stranger.push(entry.body.text);
      return { kind: "sent" };
    }, new IndexedDbStorage<Body>("reload"));
    await other.box.start("ola");
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(stranger).toEqual([]);

    const sent: string[] = [];
    const storage = new IndexedDbStorage<Body>("reload");
    const back = outbox(async (entry) => {
      sent.push(`${entry.client_id} ${entry.body.text}`);
      return { kind: "sent" };
    }, storage);
    await back.box.start("kari");
    await vi.waitFor(async () => expect(await storage.all("kari")).toEqual([]));
    expect(sent).toEqual(["k1 first", "k2 second"]);
  });

  it("works from memory where the browser keeps nothing", async () => {
    const broken = {
      all: () => Promise.reject(new Error("private mode")),
      put: () => Promise.reject(new Error("private mode")),
      remove: () => Promise.reject(new Error("private mode")),
    };
    const sent: string[] = [];
    const box = new Outbox<Body>({
      storage: broken,
      send: async (entry) => {
        sent.push(entry.body.text);
        return { kind: "sent" };
      },
      onChange: () => undefined,
      exclusive: (_lane, work) => work(),
    });
    await box.start("me");
    await box.add("a", "1", { text: "still" });
    await settle();
    expect(sent).toEqual(["still"]);
  });
});
