import { describe, expect, it, vi } from "vitest";
import { RowStore } from "../src/stores/rows";
import { ThreadStore } from "../src/stores/thread";
import { Desk, dice, makeMessage, makeRow } from "./desk";

const open = (desk: Desk) => new ThreadStore("c", new RowStore(), desk.api);

describe("ThreadStore", () => {
  it("stale state + frames = fresh state", async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const roll = dice(seed);
      const desk = new Desk(50);
      for (let i = 0; i < 8; i++) desk.say("c");
      const thread = open(desk);
      await thread.load();
      const seen = desk.frames.length;
      for (let i = 0; i < 15; i++) {
        const said = desk.messages.get("c")!.length;
        if (roll(2)) desk.say("c", { kind: roll(2) ? "answer" : "note" });
        else desk.changeMessage("c", 1 + roll(said), { state: "delivered", body: `endret ${i}` });
      }
      for (const frame of desk.frames.slice(Math.max(0, seen - 3)))
        if (frame.t === "message") {
          thread.take(frame.message);
          if (roll(3) === 0) thread.take(frame.message);
        }
      expect(thread.messages.value.map(({ client_id, ...rest }) => rest)).toEqual(desk.messages.get("c"));
      thread.dispose();
    }
  });

  it("drops a lower version and keeps the own client id when a frame to all comes without it", async () => {
    const desk = new Desk();
    const thread = open(desk);
    await thread.load();
    const mine = makeMessage("c", 1, { kind: "answer", client_id: "k", version: 2, state: "sent" });
    thread.take(mine);
    expect(thread.take({ ...mine, version: 1, state: "queued" })).toBe(false);
    thread.take({ ...mine, version: 3, client_id: null, state: "read" });
    expect(thread.messages.value).toMatchObject([{ client_id: "k", version: 3, state: "read" }]);
  });

  it("fetches again rather than showing a hole", async () => {
    const desk = new Desk(50);
    desk.say("c");
    const thread = open(desk);
    await thread.load();
    for (let i = 0; i < 3; i++) desk.say("c");
    const newest = desk.messages.get("c")!.at(-1)!;
    thread.take(newest);
    await vi.waitFor(() => expect(thread.messages.value.map((message) => message.seq)).toEqual([1, 2, 3, 4]));
  });

  it("fetches a message that was told before the conversation was known to be open", async () => {
    vi.useFakeTimers();
    const desk = new Desk(50);
    desk.say("c");
    const thread = open(desk);
    thread.behind(2); // the row came while the page was being read
    await thread.load();
    desk.say("c");
    await vi.advanceTimersByTimeAsync(500);
    expect(thread.messages.value.map((message) => message.seq)).toEqual([1, 2]);
    const loads = vi.spyOn(desk.api, "conversation");
    thread.behind(3);
    thread.take(desk.say("c"));
    await vi.advanceTimersByTimeAsync(500);
    expect(loads, "its own frame was in time").not.toHaveBeenCalled();
    thread.dispose();
    vi.useRealTimers();
  });

  it("after a long absence keeps the part without a hole and offers the rest", async () => {
    const desk = new Desk(5);
    for (let i = 0; i < 4; i++) desk.say("c");
    const thread = open(desk);
    await thread.load();
    expect(thread.earlier.value).toBe(false);
    for (let i = 0; i < 20; i++) desk.say("c");
    await thread.load();
    expect(thread.messages.value.map((message) => message.seq)).toEqual([20, 21, 22, 23, 24]);
    expect(thread.earlier.value).toBe(true);
    while (thread.earlier.value) await thread.loadEarlier();
    expect(thread.messages.value.length).toBe(24);
  });

  it("keeps nothing of a conversation that is no longer for these eyes, and is whole again when it is back", async () => {
    const desk = new Desk();
    desk.say("c");
    const thread = open(desk);
    await thread.load();
    expect(thread.contact.value?.name).toBe("Kari");
    const late = thread.load();
    thread.gone();
    await late;
    expect([thread.state.value, thread.contact.value, thread.messages.value]).toEqual(["missing", null, []]);
    await thread.load();
    expect([thread.state.value, thread.contact.value?.name, thread.lastSeq.value]).toEqual(["ready", "Kari", 1]);
  });

  it("knows what has not been on the screen", async () => {
    const desk = new Desk();
    desk.say("c");
    const thread = open(desk);
    await thread.load();
    thread.saw(1);
    thread.take(desk.say("c", { kind: "note" }));
    expect(thread.unseen.value).toEqual([]);
    thread.take(desk.say("c", { kind: "answer", author: { kind: "agent", id: "kari", name: "Kari" } }));
    expect(thread.unseen.value.map((message) => message.seq)).toEqual([3]);
    expect(thread.lastPublicSeq.value).toBe(3);
    thread.saw(3);
    expect(thread.unseen.value).toEqual([]);
  });

  it("looks again how answers go when another program has the conversation", async () => {
    const desk = new Desk();
    desk.say("c");
    const way = vi.fn(async () => ({ open: true, standby: true }));
    Object.assign(desk.api, { way });
    const thread = open(desk);
    await thread.load();
    const line = desk.say("c", { kind: "system", details: { type: "owner_changed", name: "Meta Business Suite" } });
    thread.take(line);
    await vi.waitFor(() => expect(thread.way.value?.standby).toBe(true));
    thread.take({ ...line, version: 2 });
    expect(way).toHaveBeenCalledTimes(1);
  });

  it("goes back as far as a message that somebody wants to see", async () => {
    const desk = new Desk(5);
    for (let i = 0; i < 23; i++) desk.say("c");
    const thread = open(desk);
    await thread.load();
    expect([await thread.reach("m-c-4"), thread.messages.value[0]?.seq]).toEqual([true, 4]);
    expect(await thread.reach("nowhere")).toBe(false);
  });

  it("draws the line above the first unread message", async () => {
    const desk = new Desk();
    for (let i = 0; i < 3; i++) desk.say("c");
    desk.rows.set("c", makeRow("c", { last_seq: 3, last_customer_seq: 3, read_seq: 1 }));
    const thread = open(desk);
    await thread.load();
    expect(thread.newFrom.value).toBe(1);
  });

  it("lets a typing visitor stop, also when nobody says so", () => {
    vi.useFakeTimers();
    const thread = open(new Desk());
    thread.setVisitorTyping(true, null);
    expect(thread.visitorTyping.value).toEqual({ preview: null });
    vi.advanceTimersByTime(8_100);
    expect(thread.visitorTyping.value).toBeNull();
    vi.useRealTimers();
  });
});
