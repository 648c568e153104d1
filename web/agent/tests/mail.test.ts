// Mail without a screen: recipients, times, what codes mean, taking back, mailboxes and their form.
import { type Api, ApiError, type Draft, type Mailbox, type MailboxAlarm, type Message } from "@svardesk/wire";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { setTexts } from "../src/i18n";
import { automaticKind, bareSubject, bounceText, deliveryText, mailboxText, recipientsText } from "../src/mail/words";
import { draftOf, guessServers, newDraft, valuesOf, withProvider } from "../src/parts/settings/mailboxes/draft";
import { answersTo } from "../src/stores/actions";
import { AddressingStore, isAddress, parseAddresses } from "../src/stores/addressing";
import type { AppStore } from "../src/stores/app";
import { ComposerStore } from "../src/stores/composer";
import { isBroken, MailboxStore } from "../src/stores/mailboxes";
import { RowStore } from "../src/stores/rows";
import { addressingOf, canTakeBack, isHeld, sendNow, takeBack } from "../src/stores/taking_back";
import { ThreadStore } from "../src/stores/thread";
import { localInput, sendChoices } from "../src/time";
import { Desk, makeMessage, makeRow } from "./desk";

const KARI = { name: "Kari Nordmann", address: "kari@trygg.example" };
const PER = { name: "", address: "per@trygg.example" };

beforeEach(() => {
  localStorage.clear();
  setTexts("nb", {
    "mail.to_line": "til {names}",
    "mail.cc_line": "kopi {names}",
    "mail.and_more": "{name} og {n} til",
    "mailbox_error.mail_login_refused": "feil passord",
    "mailbox_error.mail_insecure": "uten kryptering",
    "mailbox_error.other": "noe annet",
  });
});

describe("addresses", () => {
  it("are told from what is none", () => {
    const good = ["kari@eksempel.no", "a.b+c@x-y.co.uk", "ære@blåbær.no", "k@1.no"];
    const bad = [
      "kari",
      "kari@",
      "@eksempel.no",
      "a b@c.no",
      "a@b",
      "a@b..no",
      "a@b.no,",
      "<a@b.no>",
      `${"a".repeat(250)}@b.no`,
    ];
    expect(good.map(isAddress)).toEqual(good.map(() => true));
    expect(bad.map(isAddress)).toEqual(bad.map(() => false));
  });
  it("are read as people and mail programs write them", () => {
    expect(parseAddresses('"Nordmann, Kari" <kari@x.no>; Per <per@x.no>, ola@x.no\nmailto:eva@x.no,,')).toEqual([
      { name: "Nordmann, Kari", address: "kari@x.no" },
      { name: "Per", address: "per@x.no" },
      { name: "", address: "ola@x.no" },
      { name: "", address: "eva@x.no" },
    ]);
    expect(parseAddresses("  ")).toEqual([]);
  });
});

describe("AddressingStore", () => {
  it("says nothing as long as nothing was chosen: the server knows whom to answer", () => {
    const store = new AddressingStore();
    expect(store.value([KARI])).toBeNull();
    expect(store.valid.value).toBe(true);
  });
  it("keeps the default when somebody is added, and nobody twice", () => {
    const store = new AddressingStore();
    store.add("to", "per@trygg.example, KARI@trygg.example", [KARI]);
    expect(store.to.value).toEqual([
      { name: "", address: "per@trygg.example" },
      { name: "", address: "KARI@trygg.example" },
    ]);
  });
  it("takes what still stands in a field, and refuses what is no address or nobody", () => {
    const store = new AddressingStore();
    store.type("cc", "per@trygg.example");
    expect(store.value([KARI])).toEqual({ to: null, cc: [PER], bcc: [], subject: null });
    store.type("bcc", "feil");
    expect(store.valid.value).toBe(false);
    store.type("bcc", "");
    store.remove("to", KARI, [KARI]);
    expect(store.valid.value).toBe(false);
  });
  it("is kept with the draft, letters that are no address yet included, and is there again on another device", async () => {
    vi.useFakeTimers();
    const stored: Draft[] = [];
    const api = {
      saveDraft: async (_: string, draft: Draft) => {
        stored.push({ ...draft, version: draft.version + 1 });
        return stored.at(-1);
      },
      deleteDraft: vi.fn(async () => undefined),
    };
    const here = new ComposerStore("c", api as unknown as Api);
    here.addressing.add("bcc", "per@trygg.example", []);
    here.addressing.setSubject("Ny faktura");
    here.addressing.type("cc", "kari@try");
    await vi.advanceTimersByTimeAsync(1_000);
    expect(stored.at(-1)).toMatchObject({ body: "", addressing: { to: null, bcc: [PER], typed: { cc: "kari@try" } } });
    const there = new ComposerStore("c", api as unknown as Api);
    there.take(stored.at(-1) as Draft);
    const { addressing } = there;
    expect([addressing.bcc.value, addressing.subject.value, addressing.showCopy.value]).toEqual([
      [PER],
      "Ny faktura",
      true,
    ]);
    expect([addressing.loose.value.cc, addressing.to.value]).toEqual(["kari@try", null]);
    // Sent or thrown away elsewhere: it must not stick to the next answer.
    there.take(null);
    expect([addressing.blank.value, there.saved.value]).toEqual([true, "clean"]);
    here.addressing.remove("bcc", PER, [PER]);
    here.addressing.setSubject("");
    here.addressing.type("cc", "");
    await vi.advanceTimersByTimeAsync(1_000);
    expect(api.deleteDraft).toHaveBeenCalledOnce();
    vi.useRealTimers();
  });
  it("holds an answer back, but no note, while an address is wrong", () => {
    const composer = new ComposerStore("c", {} as Api);
    composer.type("Hei");
    composer.addressing.add("cc", "feil", []);
    expect(composer.canSend.value).toBe(false);
    composer.choose("note");
    expect(composer.canSend.value).toBe(true);
  });
});

describe("whom an answer goes to", () => {
  it("is the newest person who wrote, neither a machine nor a stranger, else the known address", () => {
    const desk = new Desk(20);
    const thread = new ThreadStore("c", new RowStore(), desk.api);
    thread.way.value = {
      open: true,
      via: "email",
      address: "kjent@x.no",
      addressed: true,
      failing: false,
      hold_seconds: 10,
    };
    expect(answersTo(thread)).toEqual([{ name: "", address: "kjent@x.no" }]);
    thread.take(makeMessage("c", 1, { letter: { sender: KARI } }));
    thread.take(makeMessage("c", 2, { letter: { sender: PER, stranger: true } }));
    thread.take(makeMessage("c", 3, { automated: true, letter: { sender: PER, automatic: "out_of_office" } }));
    expect(answersTo(thread)).toEqual([KARI]);
    // What is shown is where the server sends it.
    thread.take(makeMessage("c", 4, { letter: { sender: KARI, reply_to: [PER] } }));
    expect(answersTo(thread)).toEqual([PER]);
  });
});

describe("words", () => {
  it("strips what mail programs put before a subject", () => {
    expect(
      ["SV: Re: Faktura", "VS: Fwd: Faktura [#12]", "Re[2]: Faktura", "[#7] Faktura", "Reparasjon"].map(bareSubject),
    ).toEqual(["Faktura", "Faktura", "Faktura", "Faktura", "Reparasjon"]);
  });
  it("puts recipients into one line", () => {
    expect(recipientsText({ to: [KARI], cc: [PER, KARI, PER] })).toBe(
      "til Kari Nordmann · kopi per@trygg.example og 2 til",
    );
    expect(recipientsText({})).toBeNull();
  });
  it.each([
    ["5.1.1", "delivery.address"],
    ["no_recipient", "delivery.address"],
    ["5.2.2", "delivery.mailbox_full"],
    ["5.7.26", "delivery.refused"],
    ["5.3.4", "delivery.too_large"],
    ["auth_refused", "delivery.sign_in"],
    ["oauth_revoked", "delivery.sign_in"],
    ["unreachable", "delivery.unreachable"],
    ["no_smtp", "delivery.no_smtp"],
    ["550", "delivery.failed"],
  ])("%s of a mail server is %s", (code, key) => expect(deliveryText(code)).toBe(key));
  it("says no more than the state where the reason is told there", () => {
    expect([deliveryText(null), deliveryText("outcome_unknown"), deliveryText("customer_wrote")]).toEqual([
      null,
      null,
      null,
    ]);
  });
  it("finds the reason in a bounce", () => {
    expect(bounceText("5.1.1 smtp; 550 5.1.1 No such user here")).toBe("delivery.address");
    expect(bounceText("gone")).toBe("delivery.failed");
  });
  it("names machines, and what is wrong with a mailbox", () => {
    expect(automaticKind(makeMessage("c", 1, { letter: { automatic: "list" } }))).toBe("list");
    expect(automaticKind(makeMessage("c", 1, { letter: { automatic: "none" } }))).toBeNull();
    expect(automaticKind(makeMessage("c", 1, { automated: true }))).toBe("receipt");
    expect([
      mailboxText("mail_login_refused"),
      mailboxText("mail_unverified"),
      mailboxText("xyz"),
      mailboxText(null),
    ]).toEqual(["feil passord", "uten kryptering", "noe annet", "noe annet"]);
  });
});

describe("sending later", () => {
  const shown = (from: Date) => sendChoices(from).map(({ key, at }) => `${key} ${localInput(at)}`);
  it("offers tomorrow and Monday at eight, never the same twice", () => {
    expect(shown(new Date(2026, 10, 25, 15, 0))).toEqual(["tomorrow 2026-11-26T08:00", "monday 2026-11-30T08:00"]);
    expect(shown(new Date(2026, 10, 29, 20, 0))).toEqual(["monday 2026-11-30T08:00"]);
    expect(shown(new Date(2026, 10, 27, 5, 0))).toEqual([
      "today 2026-11-27T08:00",
      "tomorrow 2026-11-28T08:00",
      "monday 2026-11-30T08:00",
    ]);
  });
});

/** As much of the app as taking back needs. */
function bench(message: Message) {
  const sent: unknown[] = [];
  const calls: string[] = [];
  const cancelled = { ...message, state: "cancelled" as const, version: message.version + 1 };
  const composer = new ComposerStore("c", {
    upload: async (_: Blob, name: string) => ({ id: `new-${name}`, name, size: 1, media_type: "text/plain" }),
  } as unknown as Api);
  const taken: Message[] = [];
  const rows = new RowStore();
  rows.upsert(makeRow("c", { status: "waiting", last_seq: message.seq, last_public_seq: message.seq }));
  const api = {
    cancel: vi.fn(async () => cancelled),
    upload: async (_: Blob, name: string) => ({ id: `new-${name}`, name, size: 1, media_type: "text/plain" }),
    conversation: async () => ({ conversation: rows.get("c") }),
    patchConversation: async (_: string, change: object) => {
      calls.push(JSON.stringify(change));
      return { ...rows.get("c"), status: "open", version: 2 };
    },
  };
  const app = {
    api,
    rows,
    composer: { value: composer },
    thread: { value: { id: "c", take: (m: Message) => taken.push(m), lastPublicSeq: { value: message.seq } } },
    delivery: { send: (_: string, what: unknown) => sent.push(what) },
    attempt: async (work: () => Promise<unknown>) => {
      try {
        await work();
        return true;
      } catch (error) {
        calls.push((error as ApiError).code);
        return false;
      }
    },
  } as unknown as AppStore;
  return { app, api, composer, taken, sent, calls };
}

const answer = (change: Partial<Message> = {}) =>
  makeMessage("c", 3, {
    kind: "answer",
    author: { kind: "agent", id: "me", name: "Meg" },
    body: "Beklager",
    state: "scheduled",
    send_at: new Date(Date.parse(makeMessage("c", 3).created_at) + 10_000).toISOString(),
    letter: { cc: [PER], subject: "Ny" },
    attachments: [{ id: "f1", name: "a.txt", size: 1, media_type: "text/plain", url: "/files/f1", image: false }],
    ...change,
  });

describe("taking back", () => {
  beforeEach(() => {
    vi.stubGlobal(
      "fetch",
      vi.fn(async () => new Response("x")),
    );
  });
  it("knows what is held for a moment from what waits for a time", () => {
    expect(isHeld(answer())).toBe(true);
    expect(isHeld(answer({ send_at: "2026-11-27T07:00:00Z" }))).toBe(false);
    expect([answer(), answer({ state: "sent" }), makeMessage("c", 1)].map(canTakeBack)).toEqual([true, false, false]);
  });
  it("puts text, recipients and files back, and opens the conversation again", async () => {
    const { app, composer, taken, calls } = bench(answer());
    expect(await takeBack(app, answer())).toBe(true);
    expect(composer.files().map((file) => file.id)).toEqual(["f1"]);
    expect(fetch).not.toHaveBeenCalled();
    expect(composer.text.value).toBe("Beklager");
    expect(composer.addressing.value([KARI])).toEqual({ to: null, cc: [PER], bcc: [], subject: "Ny" });
    expect(taken.map((message) => message.state)).toEqual(["cancelled"]);
    expect(calls).toEqual(['{"status":"open","version":1}']);
  });
  it("leaves the composer alone when it is only withdrawn, and when it is too late", async () => {
    const only = bench(answer());
    await takeBack(only.app, answer(), false);
    expect(only.composer.empty.value).toBe(true);
    const late = bench(answer());
    late.api.cancel.mockRejectedValue(new ApiError(409, "too_late", ""));
    expect(await takeBack(late.app, answer())).toBe(false);
    expect([late.composer.empty.value, late.calls]).toEqual([true, ["too_late"]]);
  });
  it("sends now by a new answer with the same recipients and the files that the old one gave back", async () => {
    const { app, sent } = bench(answer());
    await sendNow(app, answer());
    expect(sent).toMatchObject([
      { body: "Beklager", addressing: addressingOf(answer()), files: [{ id: "f1" }], confirm: true },
    ]);
  });
});

const box = (state: object = {}, config: object = {}, has: string[] = ["hook", "password"]): Mailbox =>
  ({
    hook_url: "https://desk/hooks/mail/mb_1",
    mailbox: {
      id: "b",
      name: "Kundeservice",
      key: "mb_1",
      sender_name: "Fjordnett",
      brand_id: null,
      team_id: "t",
      calendar_id: null,
      has,
      version: 4,
      state: { status: "ok", waiting: 0, taken: 0, ...state },
      config: {
        ...{
          address: "kundeservice@fjordnett.example",
          name: "Fjordnett",
          provider: "password",
          tenant: "organizations",
        },
        ...{
          client_id: "",
          username: "",
          folder: "INBOX",
          start: "now",
          after: "seen",
          move_to: "Svardesk",
          sent_folder: "",
        },
        ...{ reply_tokens: true, copy: true, hold_seconds: 10, receipt: false, timezone: "Europe/Oslo" },
        imap: { host: "imap.one.example", port: 993, encryption: "ssl", verify: true, insecure: false },
        smtp: null,
        signatures: { nb: "Hilsen" },
        ...config,
      },
    },
  }) as Mailbox;

describe("MailboxStore", () => {
  it("alarms when a mailbox is not read or does not send, not at the first hiccup", () => {
    expect(
      [{}, { failing_since: "2026-11-25T08:00:00Z" }].map((state) =>
        isBroken({ status: "ok", waiting: 0, taken: 0, ...state }),
      ),
    ).toEqual([false, false]);
    expect(isBroken({ status: "disconnected", waiting: 0, taken: 0 })).toBe(true);
    expect(isBroken({ status: "ok", waiting: 0, taken: 0, send_failing_since: "2026-11-25T08:00:00Z" })).toBe(true);
  });
  it("looks when it is told to, every three seconds while mails are taken in, and not after it was stopped", async () => {
    vi.useFakeTimers();
    const answers = [[box({ waiting: 900 })], [box({ waiting: 1 })]];
    const mailboxes = vi.fn(async () => answers.shift() ?? [box()]);
    const alarm: MailboxAlarm = { id: "b", name: "Kundeservice", receives: false, since: null, code: null };
    const told = [[], [alarm]];
    const mailboxAlarms = vi.fn(async () => told.shift() ?? []);
    const store = new MailboxStore({ mailboxes, mailboxAlarms } as unknown as Api);
    store.start();
    await vi.advanceTimersByTimeAsync(600_000);
    expect([mailboxAlarms.mock.calls.length, mailboxes.mock.calls.length, store.alarms.value]).toEqual([1, 0, []]);
    store.changed();
    await vi.advanceTimersByTimeAsync(0);
    expect([store.alarms.value, mailboxes.mock.calls.length]).toEqual([[alarm], 0]);
    await store.load();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(mailboxes).toHaveBeenCalledTimes(3);
    store.changed();
    await vi.advanceTimersByTimeAsync(0);
    expect([store.alarms.value, mailboxes.mock.calls.length]).toEqual([[], 4]);
    store.stop();
    store.changed();
    expect(mailboxAlarms).toHaveBeenCalledTimes(3);
    vi.useRealTimers();
  });
});

describe("the mailbox form", () => {
  it("fills in what is known of a provider and guesses the rest from the address", () => {
    const fresh = newDraft("Europe/Oslo");
    expect([fresh.imap.host, fresh.copy, fresh.authserv]).toEqual(["outlook.office365.com", false, "microsoft"]);
    const google = withProvider(fresh, "google");
    expect([google.imap.host, google.smtp.host, google.authserv]).toEqual([
      "imap.gmail.com",
      "smtp.gmail.com",
      "mx.google.com",
    ]);
    const own = withProvider({ ...fresh, address: "post@butikk.no" }, "password");
    expect([own.imap.host, own.smtp.host, own.smtp.encryption, own.copy]).toEqual([
      "imap.butikk.no",
      "smtp.butikk.no",
      "starttls",
      true,
    ]);
    const byHand = { ...own, imap: { ...own.imap, host: "mail.vert.no" } };
    expect(guessServers({ ...byHand, address: "post@annen.no" }).imap.host).toBe("mail.vert.no");
    expect(guessServers({ ...byHand, address: "post@annen.no" }).smtp.host).toBe("smtp.annen.no");
  });
  it("says what it was told, and secrets only when they were written", () => {
    const values = valuesOf(draftOf(box()), 4);
    expect(values).toMatchObject({
      name: "Kundeservice",
      after: "seen",
      smtp: null,
      team_id: "t",
      signatures: { nb: "Hilsen" },
      version: 4,
    });
    expect(values.imap).toMatchObject({ host: "imap.one.example", port: 993 });
    expect(Object.keys(values).filter((name) => /password|secret/.test(name))).toEqual([]);
    const changed = valuesOf({
      ...draftOf(box()),
      password: "nytt",
      hold_seconds: "900",
      aliases: "a@x.no, b@x.no\nc@x.no",
      sends: true,
    });
    expect(changed).toMatchObject({ password: "nytt", hold_seconds: 120, aliases: ["a@x.no", "b@x.no", "c@x.no"] });
    expect(changed.smtp).toMatchObject({ port: 587, encryption: "starttls" });
  });
});
