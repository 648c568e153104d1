import type { Row, ServerFrame, Status, ViewName } from "@svardesk/wire";
import { describe, expect, it } from "vitest";
import { belongs, instantKey, ListStore } from "../src/stores/list";
import { RowStore } from "../src/stores/rows";
import { at, Desk, dice, ME, makeRow, TEAM, viewer } from "./desk";

const VIEWS: ViewName[] = ["mine", "unassigned", "teams", "all", "waiting", "snoozed", "closed"];
const STATUSES: Status[] = ["open", "waiting", "snoozed", "closed"];

function apply(rows: RowStore, frame: ServerFrame): void {
  if (frame.t === "conversation") rows.upsert(frame.row);
  else if (frame.t === "conversation_gone") rows.gone(frame.id);
}

/** One random change of the kind that happens all day. */
function stir(desk: Desk, roll: (below: number) => number): void {
  const id = `c${String(roll(30)).padStart(2, "0")}`;
  if (roll(15) === 0 && desk.rows.has(id)) {
    desk.drop(id);
    return;
  }
  const status = STATUSES[roll(4)]!;
  const change: Partial<Row> = {
    status,
    snoozed_until: status === "snoozed" ? at(1_000 + roll(500)) : null,
    assignee_id: [null, ME, "agent-other"][roll(3)]!,
    team_id: [null, TEAM, "team-b"][roll(3)]!,
    tags: roll(3) ? [] : ["tag-1"],
    waiting_since: roll(2) ? desk.now() : null,
  };
  if (roll(2)) change.last_activity_at = desk.now();
  desk.put(id, change);
}

describe("lists", () => {
  it.each(VIEWS)("%s: stale state + frames = fresh state", async (view) => {
    for (let seed = 1; seed <= 12; seed++) {
      const roll = dice(seed * 7 + view.length);
      const desk = new Desk(8);
      for (let i = 0; i < 60; i++) stir(desk, roll);
      const rows = new RowStore();
      const list = new ListStore({ view }, null, viewer, rows, desk.api);
      await list.load();
      if (roll(2)) await list.loadMore();
      const seen = desk.frames.length;
      for (let i = 0; i < 80; i++) stir(desk, roll);
      // Everything since, some of it twice, as after a reconnect whose position lay a little back.
      const from = Math.max(0, seen - roll(20));
      for (const frame of desk.frames.slice(from)) {
        apply(rows, frame);
        if (roll(4) === 0) apply(rows, frame);
      }
      while (list.more.value) await list.loadMore();
      expect(list.ids.value, `${view} seed ${seed}`).toEqual(desk.list({ view }));
      for (const id of list.ids.value) expect(rows.get(id)).toEqual(desk.rows.get(id));
    }
  });

  it("takes a page that is older than the frames without going back", async () => {
    const desk = new Desk();
    desk.put("c1", { assignee_id: ME });
    const stale = await desk.api.conversations({ view: "mine" });
    desk.put("c1", { assignee_id: "agent-other" });
    const rows = new RowStore();
    for (const frame of desk.frames) apply(rows, frame);
    const list = new ListStore({ view: "mine" }, null, viewer, rows, {
      ...desk.api,
      conversations: async () => stale,
    } as never);
    await list.load();
    expect(list.ids.value).toEqual([]);
  });

  it("shows nothing beyond what is loaded, so that no hole is hidden", async () => {
    const desk = new Desk(2);
    for (let i = 0; i < 6; i++) desk.put(`c${i}`, { last_activity_at: at(i) });
    const rows = new RowStore();
    const list = new ListStore({ view: "all" }, null, viewer, rows, desk.api);
    await list.load();
    expect(list.ids.value).toEqual(["c5", "c4"]);
    rows.upsert({ ...desk.rows.get("c0")!, version: 9, preview: "changed far below" });
    expect(list.ids.value).toEqual(["c5", "c4"]);
    await list.loadMore();
    await list.loadMore();
    expect(list.ids.value).toEqual(["c5", "c4", "c3", "c2", "c1", "c0"]);
    expect(list.more.value).toBe(false);
  });

  it("after a refetch drops what the snapshot no longer names and accepts lower versions", async () => {
    const desk = new Desk(10);
    desk.put("gone", {});
    for (let i = 0; i < 5; i++) desk.put("kept", { preview: `v${i}` });
    const rows = new RowStore();
    const list = new ListStore({ view: "all" }, null, viewer, rows, desk.api);
    await list.load();
    desk.rows.delete("gone");
    desk.rows.set("kept", makeRow("kept", { version: 2, preview: "restored" }));
    rows.markStale();
    await list.load();
    rows.sweepStale();
    expect(list.ids.value).toEqual(["kept"]);
    expect(rows.get("kept")?.preview).toBe("restored");
  });

  it("narrows by team, assignee, tag and channel", () => {
    const row = makeRow("c", { team_id: TEAM, assignee_id: ME, tags: ["t1"] });
    expect(belongs(row, { team_id: TEAM, assignee_id: ME, tag_id: "t1", channel: "webchat" }, viewer)).toBe(true);
    expect(belongs(row, { tag_id: "t2" }, viewer)).toBe(false);
    expect(belongs(row, { channel: "email" }, viewer)).toBe(false);
  });

  it("orders instants with different numbers of decimals", () => {
    const texts = ["2026-11-23T08:00:00Z", "2026-11-23T08:00:00.000001Z", "2026-11-23T08:00:00.12Z"];
    expect([...texts].reverse().sort((a, b) => (instantKey(a) < instantKey(b) ? -1 : 1))).toEqual(texts);
  });

  it("gives the neighbours for the keyboard", async () => {
    const desk = new Desk();
    for (let i = 0; i < 3; i++) desk.put(`c${i}`, { last_activity_at: at(i) });
    const list = new ListStore({ view: "all" }, null, viewer, new RowStore(), desk.api);
    await list.load();
    expect([list.neighbour(null, 1), list.neighbour("c2", 1), list.neighbour("c2", -1)]).toEqual(["c2", "c1", null]);
  });
});

describe("unread", () => {
  it("counts only what came after the agent's own reading, and frames do not unread", () => {
    const rows = new RowStore();
    rows.upsert(makeRow("c", { last_seq: 4, last_customer_seq: 4, read_seq: 4 }));
    expect(rows.unread(rows.get("c")!)).toBe(false);
    rows.upsert(makeRow("c", { version: 2, last_seq: 5, last_customer_seq: 4, preview_kind: "note" }));
    expect(rows.unread(rows.get("c")!)).toBe(false);
    rows.upsert(makeRow("c", { version: 3, last_seq: 6, last_customer_seq: 6 }));
    expect(rows.unread(rows.get("c")!)).toBe(true);
    rows.markRead("c", 6);
    expect(rows.unread(rows.get("c")!)).toBe(false);
    rows.markRead("c", 2);
    expect(rows.unread(rows.get("c")!)).toBe(false);
  });

  it("takes a row that was never seen for news only when it ends with the customer's words", () => {
    const rows = new RowStore();
    rows.upsert(makeRow("new", { last_seq: 1, last_customer_seq: 1 }));
    rows.upsert(makeRow("old", { last_seq: 9, last_customer_seq: 7, preview_kind: "answer" }));
    expect(rows.unread(rows.get("new")!)).toBe(true);
    expect(rows.unread(rows.get("old")!)).toBe(false);
  });
});

it("keeps memory bounded without forgetting what is shown", () => {
  const rows = new RowStore();
  for (let i = 0; i < 120; i++) rows.upsert(makeRow(`c${i}`));
  rows.prune(new Set(["c3"]), 100);
  expect([...rows.all()].length).toBeLessThanOrEqual(80);
  expect(rows.get("c3")).toBeDefined();
});
