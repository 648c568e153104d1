import { IDBFactory } from "fake-indexeddb";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { type Api, Refused } from "../src/frame/api";
import { Outbox } from "../src/frame/outbox";
import { Sender } from "../src/frame/sender";
import type { Message, OutboxItem } from "../src/frame/types";
import { uuid7 } from "../src/frame/uuid7";
import { fakeLocks, item, message } from "./helpers";

const fresh = (body: string) => {
  const { n: _, ...rest } = item(0, { client_id: uuid7(), body });
  return rest;
};

beforeEach(() => {
  vi.stubGlobal("indexedDB", new IDBFactory());
  vi.stubGlobal("navigator", { locks: fakeLocks(), onLine: true });
});

describe("outbox", () => {
  it("keeps the order, also after a reload and between tabs", async () => {
    const one = new Outbox("a");
    const other = new Outbox("a");
    await one.add(fresh("1"));
    await other.add(fresh("2"));
    await one.add(fresh("3"));
    expect((await new Outbox("a").list()).map(({ body }) => body)).toEqual(["1", "2", "3"]);
  });

  it("keeps a message's place when it is changed", async () => {
    const box = new Outbox("a");
    const first = await box.add(fresh("1"));
    await box.add(fresh("2"));
    await box.update({ ...first, failed: "invalid" });
    expect((await box.list()).map(({ body, failed }) => [body, failed])).toEqual([
      ["1", "invalid"],
      ["2", null],
    ]);
    await box.remove(first.n);
    expect((await box.list()).map(({ body }) => body)).toEqual(["2"]);
  });

  it.each([
    [
      "throws",
      {
        open: () => {
          throw new DOMException("no", "SecurityError");
        },
      },
    ],
    [
      "fails",
      {
        open: () => {
          const request: { onerror?: () => void } = {};
          queueMicrotask(() => request.onerror?.());
          return request;
        },
      },
    ],
  ])("lives in memory when the browser's storage %s", async (_, refused) => {
    vi.stubGlobal("indexedDB", refused);
    const box = new Outbox("a");
    const first = await box.add(fresh("1"));
    await box.add(fresh("2"));
    await box.update({ ...first, failed: "x" });
    expect((await box.list()).map(({ body, failed }) => [body, failed])).toEqual([
      ["1", "x"],
      ["2", null],
    ]);
    await box.remove(first.n);
    expect(await box.list()).toHaveLength(1);
    expect(await new Outbox("a").list()).toHaveLength(0);
  });
});

describe("sender", () => {
  /** A desk that records what it accepted, by idempotency key, and fails on demand. */
  function desk(plan: (Refused | "lost" | null)[] = []) {
    const accepted = new Map<string, Message>();
    const calls: string[] = [];
    const api = {
      async message(one: OutboxItem): Promise<Message> {
        calls.push(one.body);
        const trouble = plan.shift();
        if (trouble instanceof Refused) throw trouble;
        const known = accepted.get(one.client_id);
        const made = known ?? message(accepted.size + 1, { body: one.body, client_id: one.client_id, mine: true });
        accepted.set(one.client_id, made);
        if (trouble === "lost") throw new Refused(0, "no_answer"); // it arrived, but the answer did not
        return made;
      },
      upload: vi.fn(async () => "file-1"),
    };
    return {
      api: api as unknown as Api,
      upload: api.upload,
      bodies: () => [...accepted.values()].map((one) => one.body),
      calls,
    };
  }
  const hooks = (renew = async () => false) => ({
    page: () => ({ url: "", title: "" }),
    sent: vi.fn(),
    changed: vi.fn(async () => {}),
    renew: vi.fn(renew),
  });

  it("sends everything once and in order", async () => {
    const box = new Outbox("a");
    for (const body of ["1", "2", "3"]) await box.add(fresh(body));
    const { api, bodies } = desk();
    const told = hooks();
    await new Sender(api, box, "lock", told).flush();
    expect(bodies()).toEqual(["1", "2", "3"]);
    expect(await box.list()).toEqual([]);
    expect(told.sent).toHaveBeenCalledTimes(3);
  });

  it("stops at the first that does not get through and goes on from there later, doubling nothing", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const box = new Outbox("a");
    for (const body of ["1", "2", "3"]) await box.add(fresh(body));
    const { api, bodies, calls } = desk([null, "lost", new Refused(503, "unavailable")]);
    const sender = new Sender(api, box, "lock", hooks());
    await sender.flush();
    expect(calls).toEqual(["1", "2"]);
    expect((await box.list()).map(({ body }) => body)).toEqual(["2", "3"]);
    await sender.flush();
    expect(calls).toEqual(["1", "2", "2"]);
    await sender.flush();
    expect(bodies()).toEqual(["1", "2", "3"]);
    expect(await box.list()).toEqual([]);
    vi.useRealTimers();
  });

  it("tries again by itself after a pause that grows, and no sooner than the desk asks", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const box = new Outbox("a");
    await box.add(fresh("1"));
    const { api, calls } = desk([new Refused(429, "rate_limited", 5), null]);
    const told = hooks();
    const sender = new Sender(api, box, "lock", told);
    await sender.flush();
    vi.advanceTimersByTime(4_999);
    expect(calls).toHaveLength(1);
    vi.advanceTimersByTime(1);
    await vi.waitFor(() => expect(told.sent).toHaveBeenCalledOnce());
    expect(calls).toEqual(["1", "1"]);
    vi.useRealTimers();
  });

  it("marks what the desk refuses, and lets the rest pass", async () => {
    const box = new Outbox("a");
    for (const body of ["1", "2"]) await box.add(fresh(body));
    const { api, bodies } = desk([new Refused(422, "too_long")]);
    await new Sender(api, box, "lock", hooks()).flush();
    expect(bodies()).toEqual(["2"]);
    expect((await box.list()).map(({ body, failed }) => [body, failed])).toEqual([["1", "too_long"]]);
  });

  it("gets a new token when the old one is refused", async () => {
    const box = new Outbox("a");
    await box.add(fresh("1"));
    const { api, bodies } = desk([new Refused(401, "token_expired")]);
    const told = hooks(async () => true);
    await new Sender(api, box, "lock", told).flush();
    expect(told.renew).toHaveBeenCalledOnce();
    expect(bodies()).toEqual(["1"]);
  });

  it("uploads a file that was waiting, once, before its message", async () => {
    const box = new Outbox("a");
    const blob = new Blob(["x"]);
    const file = { name: "a.txt", size: 1, media_type: "text/plain", blob };
    await box.add({ ...fresh("1"), files: [file] });
    const { api, upload, bodies } = desk([new Refused(0, "no_answer")]);
    const sender = new Sender(api, box, "lock", hooks());
    await sender.flush();
    await sender.flush();
    sender.stop();
    expect(upload).toHaveBeenCalledOnce();
    expect(bodies()).toEqual(["1"]);
  });

  it("takes turns with other tabs", async () => {
    const { api, calls } = desk();
    const tabs = [new Outbox("a"), new Outbox("a")];
    for (const body of ["1", "2", "3", "4"]) await tabs[0]!.add(fresh(body));
    await Promise.all(tabs.map((box) => new Sender(api, box, "lock", hooks()).flush()));
    expect(calls).toEqual(["1", "2", "3", "4"]);
  });
});

describe("uuid7", () => {
  it("is a version 7 id that ascends within a tab, also when the clock is set back", () => {
    const ids = [uuid7(1_800_000_000_000), uuid7(1_800_000_000_000), uuid7(1_700_000_000_000)];
    expect(ids).toEqual([...ids].sort());
    for (const id of ids) expect(id).toMatch(/^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  });
});
