import { describe, expect, it, vi } from "vitest";
import { entriesOf } from "../src/frame/entries";
import { ChatStore } from "../src/frame/store";
import type { Frame } from "../src/frame/types";
import { item, message, session } from "./helpers";

const snapshot = (store: ChatStore) => ({
  messages: store.messages.value,
  states: store.messages.value.filter((one) => one.mine).map((one) => store.stateOf(one)),
  status: store.status.value,
  online: store.agentsOnline.value,
  away: store.awayText.value,
});

describe("stale state and frames", () => {
  const first = [message(1, { mine: true, state: "sent", client_id: "k1" }), message(2)];
  const frames: Frame[] = [
    { t: "receipts", delivered_seq: 1, read_seq: 0, resume: "1:3" },
    { t: "message", message: message(3), resume: "1:4" },
    { t: "message", message: message(2, { body: "rettet", version: 2 }), resume: "1:5" },
    { t: "message", message: message(4, { mine: true, state: "sent", client_id: "k4" }), resume: "1:6" },
    { t: "receipts", delivered_seq: 4, read_seq: 1, resume: "1:7" },
    { t: "availability", agents_online: false, away_text: "Vi har stengt nå." },
    { t: "conversation", status: "closed", resume: "1:8" },
  ];
  const fresh = session(
    [
      message(1, { mine: true, state: "read", client_id: "k1" }),
      message(2, { body: "rettet", version: 2 }),
      message(3),
      message(4, { mine: true, state: "delivered", client_id: "k4" }),
    ],
    {
      conversation: { id: "c1", status: "closed" },
      agents_online: false,
      away_text: "Vi har stengt nå.",
      resume: "1:8",
    },
  );
  const expected = () => {
    const store = new ChatStore();
    store.replace(fresh);
    const { messages, ...rest } = snapshot(store);
    return { ids: messages.map((one) => [one.id, one.seq, one.body, one.version]), ...rest };
  };
  const got = (store: ChatStore) => {
    const { messages, ...rest } = snapshot(store);
    return { ids: messages.map((one) => [one.id, one.seq, one.body, one.version]), ...rest };
  };

  it("equal a fresh snapshot, also when frames come twice", () => {
    const store = new ChatStore();
    store.replace(session(first));
    for (const frame of frames) expect(store.apply(frame)).toBe(true);
    for (const frame of frames) store.apply(frame);
    expect(got(store)).toEqual(expected());
    expect(store.resume).toBe("1:8");
  });

  it("equal a fresh snapshot when it is taken in the middle", () => {
    const store = new ChatStore();
    store.replace(session(first));
    for (const frame of frames) store.apply(frame);
    store.replace(fresh);
    expect(got(store)).toEqual(expected());
  });

  it("drop lower versions and keep what came after the snapshot was made", () => {
    const store = new ChatStore();
    store.replace(session(first));
    store.apply({ t: "message", message: message(2, { body: "ny", version: 3 }) });
    store.apply({ t: "message", message: message(3) });
    store.replace(session(first));
    expect(store.messages.value.map((one) => one.body)).toEqual(["nummer 1", "ny", "nummer 3"]);
    store.apply({ t: "message", message: message(2, { body: "gammel", version: 2 }) });
    expect(store.messages.value[1]?.body).toBe("ny");
  });

  it("keep earlier messages that were fetched, as long as a snapshot joins on to them", () => {
    const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => message(from + n));
    const seqs = (store: ChatStore) => store.messages.value.map((one) => one.seq);
    const store = new ChatStore();
    store.replace(session(range(51, 100), { earlier: true }));
    expect(store.earlier.value).toBe(true);
    store.precede({ messages: range(1, 50), earlier: false });
    expect([seqs(store), store.earlier.value]).toEqual([range(1, 100).map((one) => one.seq), false]);
    store.replace(session(range(71, 120), { earlier: true }));
    expect([seqs(store), store.earlier.value]).toEqual([range(1, 120).map((one) => one.seq), false]);
    // After a long night more was said than a snapshot holds: a hole must not look like a conversation.
    store.replace(session(range(201, 250), { earlier: true }));
    expect([seqs(store), store.earlier.value]).toEqual([range(201, 250).map((one) => one.seq), true]);
    store.clear();
    store.replace(session([]));
    expect(store.earlier.value).toBe(false);
  });

  it("forget what a snapshot no longer holds, and another conversation altogether", () => {
    const store = new ChatStore();
    store.replace(session([message(1), message(2), message(3)]));
    store.replace(session([message(1), message(3)]));
    expect(store.messages.value.map((one) => one.seq)).toEqual([1, 3]);
    store.replace(session([message(1, { id: "x" })], { conversation: { id: "c2", status: "open" } }));
    expect(store.messages.value.map((one) => one.id)).toEqual(["x"]);
  });

  it("are ordered by seq, whatever the clock and the order of arrival say", () => {
    const store = new ChatStore();
    for (const seq of [3, 1, 4, 2])
      store.apply({ t: "message", message: message(seq, { created_at: `2026-11-23T13:0${9 - seq}:00Z` }) });
    expect(store.messages.value.map((one) => one.seq)).toEqual([1, 2, 3, 4]);
  });

  it("do not skip what is still to come: a welcome moves no token but the first", () => {
    const store = new ChatStore();
    store.apply({ t: "welcome", resume: "1:9" });
    expect(store.resume).toBe("1:9");
    store.apply({ t: "welcome", resume: "1:12" });
    expect(store.resume).toBe("1:9");
    store.apply({ t: "caught_up", missed: 3, resume: "1:12" });
    expect(store.resume).toBe("1:12");
  });

  it("ask for a snapshot at refetch, gone and anything unknown", () => {
    const store = new ChatStore();
    expect(store.apply({ t: "refetch" })).toBe(false);
    expect(store.apply({ t: "gone" })).toBe(false);
    expect(store.apply({ t: "conversation", changed: true })).toBe(false);
    expect(store.apply({ t: "hologram" } as unknown as Frame)).toBe(false);
  });
});

describe("receipts and unread", () => {
  it("never go back", () => {
    const store = new ChatStore();
    const own = message(1, { mine: true, state: "sent" });
    store.replace(session([own]));
    store.apply({ t: "receipts", delivered_seq: 1, read_seq: 1 });
    store.apply({ t: "receipts", delivered_seq: 1, read_seq: 0 });
    expect(store.stateOf(own)).toBe("read");
  });

  it("count what the desk wrote after the last that was read, not own and not system lines", () => {
    const store = new ChatStore();
    store.replace(
      session([message(1), message(2, { mine: true }), message(3), message(4, { author: { kind: "system" } })], {
        read_seq: 1,
      }),
    );
    expect(store.unread.value).toBe(1);
    store.readSeq.value = 3;
    expect(store.unread.value).toBe(0);
  });
});

describe("what is on its way", () => {
  it("shows once: the message frame may come before the answer to the request", () => {
    const store = new ChatStore();
    store.outbox.value = [item(1), item(2)];
    store.apply({ t: "message", message: message(1, { mine: true, client_id: "k1", state: "sent" }) });
    expect(store.pending.value.map((one) => one.client_id)).toEqual(["k2"]);
    expect(entriesOf(store).map((entry) => entry.key)).toEqual(["k1", "k2"]);
  });

  it("says sending, waiting without a line, failed when refused", () => {
    const store = new ChatStore();
    store.line.value = "live";
    expect(store.stateOfPending(item(1))).toBe("sending");
    store.online.value = false;
    expect(store.stateOfPending(item(1))).toBe("waiting");
    expect(store.stateOfPending(item(1, { failed: "invalid" }))).toBe("failed");
  });

  it("shows a state under the newest own message only, and under each that was refused", () => {
    const store = new ChatStore();
    store.line.value = "live";
    store.replace(
      session([message(1, { mine: true, state: "read" }), message(2), message(3, { mine: true, state: "sent" })]),
    );
    store.outbox.value = [item(1, { failed: "invalid" }), item(2)];
    expect(entriesOf(store).map((entry) => entry.state)).toEqual([null, null, null, "failed", "sending"]);
  });
});

describe("typing", () => {
  it("ends with the message, and by itself when the line of the one who typed was lost", () => {
    vi.useFakeTimers();
    const store = new ChatStore();
    store.apply({ t: "typing", name: "Kari", on: true });
    store.apply({ t: "message", message: message(1) });
    expect(store.typing.value).toBeNull();
    store.apply({ t: "typing", name: "Kari", on: true });
    vi.advanceTimersByTime(7_999);
    expect(store.typing.value).toBe("Kari");
    vi.advanceTimersByTime(1);
    expect(store.typing.value).toBeNull();
    vi.useRealTimers();
  });
});

describe("entries", () => {
  it("begin a day with a separator and group a run by one author", () => {
    const store = new ChatStore();
    const at = (time: string) => ({ created_at: `2026-11-${time}Z` });
    store.replace(
      session([
        message(1, at("22T12:00:00")),
        message(2, at("22T12:01:00")),
        message(3, { ...at("22T12:02:00"), author: { kind: "agent", name: "Ola" } }),
        message(4, at("23T12:00:00")),
      ]),
    );
    const entries = entriesOf(store);
    expect(entries.map((entry) => entry.newDay)).toEqual([true, false, false, true]);
    expect(entries.map((entry) => entry.first)).toEqual([true, false, true, true]);
    expect(entries.map((entry) => entry.last)).toEqual([false, true, true, true]);
  });
});
