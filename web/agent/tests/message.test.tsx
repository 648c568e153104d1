// What a message carries beside its words: edits, reactions, what it answers, where it was written, files on their way.
import { signal } from "@preact/signals";
import type { Message } from "@svardesk/wire";
import { cleanup, fireEvent, render, screen } from "@testing-library/preact";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AppContext } from "../src/context";
import { setTexts } from "../src/i18n";
import { MessageItem } from "../src/parts/MessageItem";
import type { AppStore } from "../src/stores/app";
import { makeMessage, makeRow } from "./desk";

const TEXTS = {
  "message.edited_once": "redigert",
  "message.edited_other": "redigert {n} ganger",
  "message.reaction_by": "{emoji} fra {names}",
  "message.withdrawn": "Kunden har fjernet meldingen",
  "message.erased": "Innholdet er slettet",
  "message.awaited_other": "Henter {n} vedlegg",
  "message.before_this": "en tidligere melding",
  "elsewhere.from": "Sendt fra {name}",
  "elsewhere.other": "Sendt fra et annet program",
  "elsewhere.automatic": "Automatisk svar fra Meta",
  "system.window_closing": "Fritt svar bare til {time}",
  "system.owner_changed": "Svardesk har samtalen igjen",
  "system.owner_changed_other": "{program} har samtalen nå",
  "system.some_program": "Et annet program",
};
const row = makeRow("c", { channel: "messenger" });

function show(change: Partial<Message>, app: object = {}) {
  const messages = signal([makeMessage("c", 1, { body: "Når kommer pakken?" })]);
  const thread = signal({ messages, contact: signal({ erased_at: null }), reach: vi.fn(async () => true) });
  const whole = {
    session: { may: () => true, me: signal(null) },
    directory: { agent: (id: string) => ({ name: id === "agent-ola" ? "Ola" : "?" }), team: () => undefined },
    attempt: (work: () => unknown) => Promise.resolve(work()),
    thread,
    ...app,
  } as unknown as AppStore;
  render(
    <AppContext.Provider value={whole}>
      <MessageItem message={makeMessage("c", 2, change)} row={row} joined={false} lastOfBlock />
    </AppContext.Provider>,
  );
  return thread.value;
}

beforeEach(() => setTexts("nb", TEXTS));
afterEach(cleanup);

describe("a message", () => {
  it("that was edited tells how it read before, when asked", async () => {
    const edits = vi.fn(async () => [{ body: "Hvor er pakken", written_at: "2026-11-25T09:00:00Z" }]);
    show({ edits: 1 }, { api: { edits } });
    const mark = screen.getByRole("button", { name: "redigert" });
    expect(mark.getAttribute("aria-expanded")).toBe("false");
    expect(edits).not.toHaveBeenCalled();
    fireEvent.click(mark);
    await screen.findByText("Hvor er pakken");
    expect([mark.getAttribute("aria-expanded"), edits.mock.calls[0]]).toEqual(["true", ["c", "m-c-2"]]);
    fireEvent.click(mark);
    expect(screen.queryByText("Hvor er pakken")).toBeNull();
    cleanup();
    show({ edits: 3 });
    expect(screen.getByRole("button", { name: "redigert 3 ganger" })).toBeTruthy();
  });
  it("that its author took back leaves its place, and nothing of what hung on it", () => {
    show({ deleted: true, body: "", edits: 2, reactions: [{ emoji: "👍" }], reply_to: "m-c-1" });
    expect(screen.getByText("Kunden har fjernet meldingen")).toBeTruthy();
    expect(screen.queryAllByRole("button")).toEqual([]);
    expect(screen.queryByText("👍")).toBeNull();
    cleanup();
    const erased = signal({ messages: signal([]), contact: signal({ erased_at: "2026-11-25T09:00:00Z" }) });
    show({ deleted: true, body: "" }, { thread: erased });
    expect(screen.getByText("Innholdet er slettet")).toBeTruthy();
  });
  it("shows each emoji once, with whose it is", () => {
    show({ reactions: [{ emoji: "👍" }, { emoji: "👍", agent_id: "agent-ola" }, { emoji: "❤️" }] });
    const said = screen.getAllByRole("listitem").map((item) => item.querySelector(".hidden-visually")?.textContent);
    expect(said).toEqual(["👍 fra Kari, Ola", "❤️ fra Kari"]);
  });
  it("that answers another one quotes it, and goes there", async () => {
    const thread = show({ reply_to: "m-c-1" });
    const quoted = screen.getByRole("button", { name: /Når kommer pakken/ });
    fireEvent.click(quoted);
    await vi.waitFor(() => expect((thread.reach as ReturnType<typeof vi.fn>).mock.calls).toEqual([["m-c-1"]]));
    cleanup();
    show({ reply_to: "long-ago" });
    expect(screen.getByRole("button", { name: /en tidligere melding/ })).toBeTruthy();
  });
  it("that was written elsewhere says with what, and a machine's is muted", () => {
    const answer = { kind: "answer", state: "sent", author: { kind: "system", id: null, name: null } } as const;
    show({ ...answer, elsewhere: { app: "1", name: "Meta Business Suite", automatic: false } });
    expect(screen.getByText("Sendt fra Meta Business Suite")).toBeTruthy();
    expect(screen.getByRole("article").className).not.toContain("automatic");
    cleanup();
    show({ ...answer, elsewhere: { app: "1", name: "263902037430900", automatic: false } });
    expect(screen.getByText("Sendt fra et annet program")).toBeTruthy();
    cleanup();
    show({ ...answer, automated: true, elsewhere: { app: null, name: null, automatic: true } });
    expect(screen.getByText("Automatisk svar fra Meta")).toBeTruthy();
    expect(screen.getByRole("article").className).toContain("automatic");
  });
  it("says how many files are still fetched", () => {
    show({ body: "", awaited: 2 });
    expect(screen.getByText("Henter 2 vedlegg")).toBeTruthy();
  });
  it("of the house tells when the window closes and who has the conversation", () => {
    const details = (change: object) => ({ kind: "system", details: { type: "owner_changed", ...change } }) as never;
    show(details({ type: "window_closing", until: "2026-11-25T09:00:00Z" }));
    expect(screen.getByText(/Fritt svar bare til/).className).toContain("warns");
    cleanup();
    show(details({ name: "263902037430900" }));
    expect(screen.getByText(/Et annet program har samtalen nå/)).toBeTruthy();
    cleanup();
    show(details({ name: "Meta Business Suite" }));
    expect(screen.getByText(/Meta Business Suite har samtalen nå/)).toBeTruthy();
    cleanup();
    show(details({ name: null }));
    expect(screen.getByText(/Svardesk har samtalen igjen/)).toBeTruthy();
  });
});
