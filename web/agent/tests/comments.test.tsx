// Comments below a post: how they hang together, what is done about each, and what must not be said in public.
import { signal } from "@preact/signals";
import type { Api, Message, PublicComment } from "@svardesk/wire";
import { cleanup, fireEvent, render, screen, within } from "@testing-library/preact";
import type { ComponentChildren } from "preact";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { isOpen, nested, nextOpen, privateReply } from "../src/comments";
import { AppContext } from "../src/context";
import { setTexts } from "../src/i18n";
import { CommentItem } from "../src/parts/comments/CommentItem";
import { Found } from "../src/parts/comments/Found";
import { TargetLine } from "../src/parts/comments/TargetLine";
import type { AppStore } from "../src/stores/app";
import { ComposerStore } from "../src/stores/composer";
import { DeliveryStore, type Pending } from "../src/stores/delivery";
import { PublicityStore } from "../src/stores/publicity";
import type { ThreadStore } from "../src/stores/thread";
import { makeMessage, makeRow } from "./desk";

const TEXTS = {
  "comment.answer": "Svar",
  "comment.like": "Lik",
  "comment.private": "Svar privat",
  "comment.private_used": "Privat svar er sendt",
  "comment.private_late": "For sent for privat svar",
  "comment.not_needed": "Trenger ikke svar",
  "comment.only_tags": "Her er bare venner tagget.",
  "comment.hide": "Skjul",
  "comment.unhide": "Vis igjen",
  "comment.delete": "Slett",
  "comment.delete_title": "Slette kommentaren?",
  "comment.link_private_thread": "Samtalen fortsetter på Messenger",
  "comment.state_open": "venter på svar",
  "action.more": "Flere valg",
  "action.cancel": "Avbryt",
  "done.not_needed": "Trenger ikke svar",
  "public.badge": "Offentlig",
  "public.private": "Privat",
  "public.answers": "Svarer",
  "public.only_to": "Bare til",
  "public.target": "{name}: {text}",
  "public.the_post": "Innlegget selv",
  "public.make_private": "Svar privat i stedet",
  "personal.stop": "Ta ut dette",
  "personal.card": "Kortnummer",
  "personal.remove_what": "Ta ut: {what}",
};
const SOON = "2999-01-01T00:00:00Z";
const comment = (seq: number, change: Partial<Message> = {}, own: PublicComment = {}) =>
  makeMessage("c", seq, {
    author: { kind: "contact", id: `person-${seq}`, name: `Person ${seq}` },
    comment: { state: "open", private_until: SOON, ...own },
    ...change,
  });
const row = makeRow("c", { channel: "facebook" });

function around(children: ComponentChildren, messages: Message[] = [], change: object = {}) {
  const publicity = new PublicityStore("c", {} as Api);
  const choose = vi.fn();
  const app = {
    session: { may: () => true },
    prefs: { shortcuts: signal(true) },
    directory: { agent: () => undefined },
    attempt: (work: () => unknown) => Promise.resolve(work()).then(() => true),
    toasts: { say: vi.fn() },
    composer: signal({ publicity, choose, kind: signal("answer"), empty: signal(true) }),
    thread: signal({ id: "c", messages: signal(messages), take: vi.fn(), way: signal({ public: true }) }),
    ...change,
  } as unknown as AppStore;
  render(<AppContext.Provider value={app}>{children}</AppContext.Provider>);
  return { app, publicity, choose };
}

beforeEach(() => setTexts("nb", TEXTS));
afterEach(cleanup);

describe("comments", () => {
  it("stand below what they answer, each once", () => {
    const list = [
      comment(1),
      comment(2),
      comment(3, { reply_to: "m-c-1" }),
      makeMessage("c", 4, { kind: "answer", reply_to: "m-c-3" }),
      comment(5, { reply_to: "gone" }),
      comment(6, { reply_to: "m-c-7" }),
      comment(7, { reply_to: "m-c-6" }),
    ];
    expect(nested(list).map(({ message, depth }) => [message.seq, depth])).toEqual([
      [1, 0],
      [3, 1],
      [4, 1],
      [2, 0],
      [5, 0],
      [6, 0],
      [7, 1],
    ]);
    const visitors = [comment(1, {}, { post: true }), comment(2, { reply_to: "m-c-1" })];
    expect(nested(visitors).map(({ depth }) => depth)).toEqual([0, 0]);
  });
  it("wait until somebody answers or sets them aside; the oldest is next", () => {
    const list = [
      comment(1, {}, { state: "answered" }),
      comment(2, {}, { state: "not_needed" }),
      comment(3),
      comment(4),
    ];
    expect(list.map(isOpen)).toEqual([false, false, true, true]);
    expect([nextOpen(list)?.seq, nextOpen(list, "m-c-3")?.seq, nextOpen([list[0]!])]).toEqual([3, 4, null]);
    expect(isOpen(comment(5, { deleted: true }))).toBe(false);
    expect(isOpen(comment(6, {}, { ours: true }))).toBe(false);
  });
  it("take one private reply, for some days", () => {
    const now = Date.parse("2026-11-25T09:00:00Z");
    expect(privateReply(comment(1), now)).toBe("may");
    expect(privateReply(comment(1, {}, { private_until: "2026-11-25T08:00:00Z" }), now)).toBe("late");
    expect(privateReply(comment(1, {}, { private_until: null, private_reply: "m" }), now)).toBe("used");
    expect(privateReply(comment(1, {}, { ours: true }), now)).toBe("none");
  });
});

describe("one comment", () => {
  it("is answered, liked and answered privately by its own buttons", async () => {
    const patchComment = vi.fn(async () => comment(1));
    const { publicity, choose } = around(<CommentItem message={comment(1)} row={row} depth={0} />, [], {
      api: { patchComment },
    });
    expect(screen.getByRole("article", { name: /Person 1, .*, venter på svar/ })).toBeTruthy();
    fireEvent.click(screen.getByRole("button", { name: "Svar" }));
    expect([choose.mock.calls[0], publicity.target.value, publicity.privately.value]).toEqual([
      ["answer"],
      "m-c-1",
      false,
    ]);
    fireEvent.click(screen.getByRole("button", { name: "Svar privat" }));
    expect([publicity.privately.value, publicity.route()]).toEqual([true, { private_to: "m-c-1" }]);
    fireEvent.click(screen.getByRole("button", { name: "Lik" }));
    await vi.waitFor(() => expect(patchComment).toHaveBeenCalledWith("m-c-1", { liked: true }));
  });
  it("is set aside by one key, and the composer turns to the next", async () => {
    const patchComment = vi.fn(async () => comment(1, {}, { state: "not_needed" }));
    const messages = [comment(1), comment(2)];
    const { publicity, app } = around(<CommentItem message={messages[0]!} row={row} depth={0} />, messages, {
      api: { patchComment },
    });
    publicity.answer("m-c-1");
    fireEvent.keyDown(screen.getByRole("article"), { key: "n" });
    await vi.waitFor(() => expect(publicity.target.value).toBe("m-c-2"));
    expect(patchComment).toHaveBeenCalledWith("m-c-1", { state: "not_needed" });
    expect(app.toasts.say).toHaveBeenCalled();
    fireEvent.keyDown(screen.getByRole("article"), { key: "n", ctrlKey: true });
    expect(patchComment).toHaveBeenCalledTimes(1);
  });
  it("that only tags friends is proposed as such", () => {
    around(<CommentItem message={comment(1, {}, { proposed: "tag" })} row={row} depth={0} />);
    const proposal = screen.getByText("Her er bare venner tagget.").closest(".banner") as HTMLElement;
    expect(within(proposal).getByRole("button", { name: "Trenger ikke svar" })).toBeTruthy();
    cleanup();
    around(<CommentItem message={comment(1, {}, { proposed: "tag", state: "answered" })} row={row} depth={0} />);
    expect(screen.queryByText("Her er bare venner tagget.")).toBeNull();
  });
  it("says why no private reply is possible, and where the one went", () => {
    around(<CommentItem message={comment(1, {}, { private_until: null, private_reply: "x" })} row={row} depth={0} />);
    expect(screen.getByText("Privat svar er sendt")).toBeTruthy();
    expect(screen.queryByRole("button", { name: "Svar privat" })).toBeNull();
    cleanup();
    around(<CommentItem message={comment(1, {}, { private_until: null })} row={row} depth={0} />);
    expect(screen.getByText("For sent for privat svar")).toBeTruthy();
    cleanup();
    const link = { what: "private_thread", conversation_id: "d", message_id: "x" } as const;
    around(<CommentItem message={makeMessage("c", 2, { kind: "answer", private: true, link })} row={row} depth={1} />);
    const goes = screen.getByRole("link", { name: "Samtalen fortsetter på Messenger" });
    expect(goes.getAttribute("href")).toBe("/app/c/d");
  });
  it("is deleted only after a second word, and hidden from the menu", async () => {
    const patchComment = vi.fn(async () => comment(1));
    const deleteComment = vi.fn(async () => comment(1, { deleted: true }));
    HTMLDialogElement.prototype.showModal ??= function open(this: HTMLDialogElement) {
      this.open = true;
    };
    HTMLDialogElement.prototype.close ??= () => undefined;
    around(<CommentItem message={comment(1)} row={row} depth={0} />, [], { api: { patchComment, deleteComment } });
    fireEvent.click(screen.getByRole("button", { name: "Flere valg" }));
    fireEvent.click(screen.getByRole("menuitem", { name: "Skjul" }));
    await vi.waitFor(() => expect(patchComment).toHaveBeenCalledWith("m-c-1", { hidden: true }));
    fireEvent.click(screen.getByRole("button", { name: "Flere valg" }));
    fireEvent.click(screen.getByRole("menuitem", { name: "Slett" }));
    expect(deleteComment).not.toHaveBeenCalled();
    fireEvent.click(screen.getAllByText("Slett").at(-1)!);
    await vi.waitFor(() => expect(deleteComment).toHaveBeenCalledWith("m-c-1"));
  });
});

describe("writing in public", () => {
  it("says that it is public and whom it answers", () => {
    const messages = [comment(1, { body: "Når kommer\npakken?" }), comment(2), comment(3, {}, { ours: true })];
    const store = new PublicityStore("c", {} as Api);
    store.answer("m-c-1");
    const thread = { messages: signal(messages) } as unknown as ThreadStore;
    around(<TargetLine store={store} thread={thread} />);
    expect(screen.getByText("Offentlig")).toBeTruthy();
    const select = screen.getByLabelText("Svarer") as HTMLSelectElement;
    expect([...select.options].map((option) => option.text)).toEqual([
      "Person 1: Når kommer pakken?",
      "Person 2: melding 2",
      "Innlegget selv",
    ]);
    fireEvent.change(select, { target: { value: "m-c-2" } });
    expect(store.target.value).toBe("m-c-2");
    fireEvent.click(screen.getByRole("button", { name: "Svar privat i stedet" }));
    expect([store.privately.value, screen.getByText("Privat") !== null]).toEqual([true, true]);
  });
  it("cannot be sent while it holds what is about a person, and can when that is out", async () => {
    vi.useFakeTimers();
    const publicCheck = vi.fn(async (_: string, text: string) =>
      text.includes("4111") ? [{ start: 5, end: 9, kind: "card", level: "stop" as const }] : [],
    );
    const composer = new ComposerStore("c", { publicCheck, saveDraft: vi.fn() } as unknown as Api);
    composer.type("Kort 4111 ja");
    composer.publicity.check(composer.text.value);
    expect(composer.canSend.value).toBe(true);
    await vi.advanceTimersByTimeAsync(400);
    expect(composer.canSend.value).toBe(false);
    composer.choose("note");
    expect(composer.canSend.value).toBe(true);
    composer.choose("answer");
    composer.publicity.answer("m-c-1", true);
    expect(composer.canSend.value, "its author alone reads it").toBe(true);
    composer.publicity.answer("m-c-1");
    const area = { current: null };
    render(
      <Found
        text={composer.text.value}
        spans={composer.publicity.spans.value}
        area={area}
        onText={(text) => composer.type(text)}
      />,
    );
    expect(screen.getByRole("alert").textContent).toContain("Ta ut dette");
    fireEvent.click(screen.getByRole("button", { name: "Ta ut: Kortnummer" }));
    expect(composer.text.value).toBe("Kort ja");
    composer.publicity.check(composer.text.value);
    await vi.advanceTimersByTimeAsync(400);
    expect(composer.canSend.value).toBe(true);
    vi.useRealTimers();
  });
  it("goes to its comment, or to the comment's author alone, through the outbox", async () => {
    const posted = { message: makeMessage("c", 9, { kind: "answer" }), conversation: row };
    const post = vi.fn(async () => posted);
    const privateReplyTo = vi.fn(async () => posted);
    const storage = { all: async () => [], put: async () => undefined, remove: async () => undefined };
    const delivery = new DeliveryStore(
      { post, privateReply: privateReplyTo } as unknown as Api,
      () => undefined,
      undefined,
      storage as never,
    );
    await delivery.start("me");
    const message: Pending = {
      ...{ kind: "answer", body: "Hei", files: [], mention_ids: [], based_on_seq: 1, confirm: false, after: "waiting" },
    };
    delivery.send("c", { ...message, reply_to: "m-c-1" });
    await vi.waitFor(() => expect(post).toHaveBeenCalledWith("c", expect.objectContaining({ reply_to: "m-c-1" })));
    delivery.send("c", { ...message, private_to: "m-c-1" });
    await vi.waitFor(() =>
      expect(privateReplyTo).toHaveBeenCalledWith("m-c-1", {
        client_id: expect.any(String),
        body: "Hei",
        // biome-ignore lint/suspicious/noThenProperty: the wire's name for it
        then: "waiting",
      }),
    );
    expect(post).toHaveBeenCalledTimes(1);
    delivery.stop();
  });
});
