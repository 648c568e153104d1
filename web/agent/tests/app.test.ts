import { afterEach, describe, expect, it, vi } from "vitest";
import { send } from "../src/stores/actions";
import { Notifier } from "../src/stores/notify";
import { Desk, makeMessage, makeRow } from "./desk";
import { House, me, refused } from "./house";

let house: House;
afterEach(() => house?.leave());

describe("notifications", () => {
  it("do not ring for what is only being loaded, but for what comes in", async () => {
    const calls = vi.spyOn(Notifier.prototype, "call");
    const old = [makeRow("a"), makeRow("b")];
    house = await House.open("/app/inbox/all", {
      "GET /conversations": () => ({ items: old, next_cursor: null, resume: "e:1" }),
    });
    house.app.router.go({ page: "inbox", view: "unassigned", viewId: null, filters: {}, conversation: null });
    await vi.waitFor(() => expect(house.app.list.value?.view).toBe("unassigned"));
    await house.app.list.value?.load();
    expect(calls).not.toHaveBeenCalled();

    house.frame({ t: "conversation", row: makeRow("new") });
    expect(calls.mock.calls.map(([id]) => id)).toEqual(["new"]);
    house.frame({ t: "conversation", row: makeRow("a", { version: 2, last_seq: 2, last_customer_seq: 2 }) });
    expect(calls.mock.calls.map(([id]) => id)).toEqual(["new", "a"]);
    // An old conversation that this tab never saw, and that a colleague has just assigned.
    house.frame({ t: "conversation", row: makeRow("old", { version: 7, last_seq: 3, last_customer_seq: 2 }) });
    expect(calls.mock.calls.map(([id]) => id)).toEqual(["new", "a"]);
  });
});

describe("a draft whose words are sent", () => {
  const desk = new Desk();
  const conversation = makeRow("c", { last_seq: 1 });
  const detail = async (body: string | null) => ({
    ...(await desk.api.conversation("c")),
    conversation,
    messages: [makeMessage("c", 1)],
    draft: body && { kind: "answer", body, file_ids: [], version: 3 },
  });
  const posted = (body: { client_id: string; body: string }) => ({
    message: makeMessage("c", 2, { kind: "answer", client_id: body.client_id, body: body.body }),
    conversation: { ...conversation, version: 2, last_seq: 2, last_public_seq: 2 },
  });

  it("is thrown away after the message has arrived, however long that takes", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    let held: string | null = "Svaret";
    let online = false;
    const details = await detail("Svaret");
    house = await House.open("/app/inbox/all/c", {
      "GET /conversations/c": () => ({ ...details, draft: held && details.draft }),
      "POST /conversations/c/messages": ({ body }) => {
        if (!online) throw new TypeError("no network");
        return posted(body);
      },
      "DELETE /conversations/c/draft": () => {
        held = null;
      },
    });
    const { app } = house;
    await vi.waitFor(() => expect(app.composer.value?.text.value).toBe("Svaret"));
    send(app);
    await vi.waitFor(() => expect(app.delivery.entries.value[0]?.attempts).toBe(1));
    expect([app.composer.value?.text.value, held]).toEqual(["", "Svaret"]);
    // Left and opened again, it must not stand there to be sent a second time.
    app.openConversation(null);
    app.openConversation("c");
    await vi.waitFor(() => expect(app.thread.value?.state.value).toBe("ready"));
    expect(app.composer.value?.text.value).toBe("");
    app.openConversation(null);
    online = true;
    app.delivery.flush();
    await vi.waitFor(() => expect(held).toBeNull());
    vi.useRealTimers();
  });
});

describe("signing out", () => {
  it("is not done before the desk has heard of it", async () => {
    let reachable = false;
    house = await House.open("/app/inbox/all", {
      "DELETE /session": () => {
        if (!reachable) throw new TypeError("no network");
      },
    });
    const { session } = house.app;
    await expect(session.signOut()).rejects.toThrow();
    expect(session.state.value).toBe("in");
    reachable = true;
    await session.signOut();
    expect(session.state.value).toBe("out");
  });

  it("leaves nothing behind for the next person at this browser", async () => {
    const hit = { conversation: makeRow("c"), message: makeMessage("c", 1), snippet_html: "hemmelig" };
    house = new House("/app/search?q=hemmelig", {
      "GET /search": () => ({ messages: [hit], contacts: [], next_cursor: null }),
      "GET /views": () => [{ id: "v", name: "Min egen", filters: {}, shared: false, mine: true }],
    });
    const { app } = house;
    await app.start();
    app.search.set("hemmelig");
    await vi.waitFor(() => expect([app.search.hits.value.length, app.directory.views.value.length]).toEqual([1, 1]));
    app.toasts.say("Kari: en kollega har nevnt deg", { bad: true });
    app.overlay.value = "help";
    await app.session.signOut();
    expect(app.search.hits.value).toEqual([]);
    expect(app.search.query.value).toBe("");
    expect(app.directory.views.value).toEqual([]);
    expect(app.toasts.list.value).toEqual([]);
    expect(app.overlay.value).toBeNull();
  });
});

describe("another sign-in in the same browser", () => {
  it("by the same person goes on with the new session", async () => {
    house = await House.open("/app/inbox/all", {
      "GET /session": () => ({ ...me(), csrf: "new" }),
      "PATCH /me": () => (house.app.api.http.csrf === "new" ? {} : refused(403, "csrf")),
    });
    house.app.api.http.csrf = "old";
    await house.app.session.change({ name: "Kari" });
    expect(house.app.session.me.value?.csrf).toBe("new");
  });

  it("by somebody else shows their desk, with nothing of the first one's", async () => {
    const first = makeRow("first");
    let who = me();
    house = await House.open("/app/inbox/all", {
      "GET /session": () => who,
      "GET /conversations": () => ({
        items: who.agent.name === "Amira" ? [makeRow("hers")] : [first],
        next_cursor: null,
        resume: "e:1",
      }),
    });
    const { app } = house;
    expect(app.list.value?.ids.value).toEqual(["first"]);
    who = { ...me({ id: "amira", name: "Amira" }), csrf: "hers" };
    house.frame({ t: "welcome", build: "1", resume: "e:2", agent_id: "amira" });
    await vi.waitFor(() => expect(app.list.value?.ids.value).toEqual(["hers"]));
    expect(app.session.me.value?.agent.name).toBe("Amira");
    expect(app.rows.get("first")).toBeUndefined();
    expect(app.api.http.csrf).toBe("hers");
  });

  it("is not mistaken for the end of the session when nobody answers", async () => {
    let reachable = true;
    house = await House.open("/app/inbox/all", {
      "GET /session": () => {
        if (!reachable) throw new TypeError("no network");
        return me();
      },
    });
    reachable = false;
    house.frame({ t: "refetch", reason: "rights" });
    await vi.waitFor(() => expect(house.asked.filter((each) => each === "GET /session").length).toBe(2));
    await house.app.list.value?.load();
    expect(house.app.session.state.value).toBe("in");
  });
});

describe("a snapshot that the server asks for", () => {
  it("is asked for again until it comes", async () => {
    let answers = true;
    let rows = [makeRow("a"), makeRow("b")];
    house = await House.open("/app/inbox/all", {
      "GET /conversations": () =>
        answers ? { items: rows, next_cursor: null, resume: "e:1" } : refused(503, "unavailable"),
    });
    const { app } = house;
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    answers = false;
    rows = [makeRow("b", { version: 2 })];
    await app.refetch();
    expect(app.list.value?.ids.value).toHaveLength(2);
    answers = true;
    await vi.advanceTimersByTimeAsync(5_000);
    await vi.waitFor(() => expect(app.list.value?.ids.value).toEqual(["b"]));
    vi.useRealTimers();
  });
});
