// What an agent sees of mail: heads, machines, strangers, what is folded, states of answers, closed ways, the alarm.
import { signal } from "@preact/signals";
import type { Message, Way } from "@svardesk/wire";
import { cleanup, fireEvent, render, screen } from "@testing-library/preact";
import type { ComponentChildren } from "preact";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AppContext } from "../src/context";
import { setTexts } from "../src/i18n";
import { AddressField } from "../src/parts/AddressField";
import { Delivery } from "../src/parts/Delivery";
import { MailAlarm } from "../src/parts/MailAlarm";
import { MailItem } from "../src/parts/mail/MailItem";
import { NotAllReached } from "../src/parts/mail/NotReached";
import { SendGroup } from "../src/parts/SendGroup";
import { Aside } from "../src/parts/settings/mailboxes/Aside";
import { Mailboxes } from "../src/parts/settings/mailboxes/Mailboxes";
import { WayNotice } from "../src/parts/WayNotice";
import { AddressingStore } from "../src/stores/addressing";
import type { AppStore } from "../src/stores/app";
import { makeMessage, makeRow } from "./desk";

const TEXTS = {
  "mail.unverified": "Ubekreftet avsender",
  "mail.unverified_hint": "Vi kan ikke vite det",
  "mail.stranger_title": "Ny avsender",
  "mail.answers_elsewhere": "Svaret går til en annen adresse: {names}",
  "mail.automatic_out_of_office": "Fraværsmelding",
  "mail.automatic_bounce": "Leveringsfeil",
  "mail.report": "Rapport",
  "mail.signature": "Signatur",
  "mail.quoted": "Sitert tekst",
  "mail.show_formatted": "Vis formatert",
  "mail.show_whole": "Vis hele e-posten",
  "mail.download": "Last ned original",
  "mail.subject_line": "Emne: {subject}",
  "mail.to_line": "til {names}",
  "mail.forwarded_from": "Videresendt fra {name}",
  "mail.reached_not_all": "Svaret nådde ikke alle.",
  "mail.reached_nobody": "Svaret nådde ikke kunden.",
  "delivery.address": "Adressen finnes ikke.",
  "held.in_other": "Sendes om {n} s",
  "held.now": "Sendes straks",
  "held.undo": "Angre",
  "later.at": "Sendes {time}",
  "later.cancel": "Avbryt",
  "later.now": "Send nå",
  "later.overtaken": "Kunden har skrevet siden.",
  "pending.send_anyway": "Send likevel",
  "state.failed_permanent": "Kom ikke fram",
  "state.blocked_by_policy": "Stoppet",
  "delivery.suppressed": "Adressen har avvist e-post for godt.",
  "state.failed_temporary": "Kom ikke fram ennå",
  "state.tried_until": "Neste forsøk {time}. Vi prøver til {until}.",
  "delivery.unreachable": "E-posttjeneren svarer ikke.",
  "way.call": "Ring kunden",
  "way.call_button": "Ring {number}",
  "way.no_mailbox": "Ingen postkasse",
  "way.failing": "Virker ikke nå",
  "settings.forms": "Skjemaer",
  "settings.mailboxes": "Postkasser",
  "mailboxes.alarm_since": "{name} kan ikke leses siden {time}.",
  "mailboxes.aside_many": "Avsenderen skrev svært mange e-poster på kort tid.",
  "mailboxes.aside_take": "Ta inn",
  "mailboxes.look": "Se på postkassen",
  "mailbox_error.mail_login_refused": "Passordet ble ikke godtatt.",
  "composer.send_more": "Andre måter",
  "composer.send_close": "Send og avslutt",
  "send_later.tomorrow": "Send i morgen kl. {clock}",
  "send_later.monday": "{day} kl. {clock}",
  "send_later.own": "Velg tid",
  "addressing.wrong": "{address} er ingen adresse.",
  "addressing.remove": "Fjern {name}",
};

function around(children: ComponentChildren, change: object = {}) {
  const app = {
    session: { may: () => true, me: { value: null } },
    thread: signal({ way: signal({ addressed: true }) }),
    attempt: (work: () => unknown) => Promise.resolve(work()),
    ...change,
  } as unknown as AppStore;
  return render(<AppContext.Provider value={app}>{children}</AppContext.Provider>);
}

beforeEach(() => setTexts("nb", TEXTS));
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

const row = makeRow("c", { channel: "email", subject: "Faktura" });
const mail = (letter: object, change: Partial<Message> = {}) => {
  const message = makeMessage("c", 1, {
    letter: { sender: { name: "Kari", address: "kari@x.no" }, ...letter },
    ...change,
  });
  return <MailItem message={message} letter={message.letter!} row={row} />;
};

describe("a mail that came in", () => {
  it("says who wrote it, to whom, and the subject only when it is another", () => {
    const { container } = around(
      mail({ subject: "SV: Faktura", to: [{ name: "", address: "post@x.no" }], trust: "unverified" }),
    );
    expect(container.querySelector(".mail-address")?.textContent).toBe("kari@x.no");
    expect(screen.getByText("til post@x.no")).toBeTruthy();
    expect(container.textContent).not.toContain("Emne:");
    cleanup();
    around(mail({ subject: "SV: Purring" }));
    expect(screen.getByText("Emne: SV: Purring")).toBeTruthy();
  });
  it("explains how sure the sender is on focus, until Escape", () => {
    around(mail({ trust: "unverified" }));
    const mark = screen.getByRole("button", { name: "Ubekreftet avsender" });
    const words = screen.getByText("Vi kan ikke vite det");
    expect(words.hidden).toBe(true);
    fireEvent.focus(mark);
    expect([words.hidden, mark.getAttribute("aria-describedby")]).toEqual([false, words.id]);
    fireEvent.keyDown(document, { key: "Escape" });
    expect(words.hidden).toBe(true);
  });
  it("shows what was filled in beside it", () => {
    const fields = [{ name: "order", label: "Ordrenummer", value: "FN-4711", kind: "order" as const }];
    const { container } = around(mail({}, { fields }));
    expect(container.querySelector(".bubble dl.filled")?.textContent).toBe("OrdrenummerFN-4711");
  });
  it("says where the answer goes when that is another address, louder when nothing is proven", () => {
    const reply_to = [{ name: "", address: "annen@y.no" }];
    const text = "Svaret går til en annen adresse: annen@y.no";
    const { container } = around(mail({ reply_to, trust: "unverified" }));
    expect(container.querySelector(".banner.warn")?.textContent).toBe(text);
    cleanup();
    const proven = around(mail({ reply_to, trust: "domain_verified" })).container;
    expect([proven.querySelector(".banner"), proven.textContent?.includes(text)]).toEqual([null, true]);
  });
  it("warns of a stranger", () => {
    around(mail({ stranger: true }));
    expect(screen.getByText("Ny avsender")).toBeTruthy();
    cleanup();
    around(mail({}));
    expect(screen.queryByText("Ny avsender")).toBeNull();
  });
  it("folds quotes and signature until asked", () => {
    around(mail({ quoted: "> gammelt", signature: "Mvh Kari" }));
    expect(screen.queryByText("Mvh Kari")).toBeNull();
    const button = screen.getByRole("button", { name: "Signatur" });
    fireEvent.click(button);
    expect([screen.getByText("Mvh Kari").textContent, button.getAttribute("aria-expanded")]).toEqual([
      "Mvh Kari",
      "true",
    ]);
    expect(screen.queryByText("> gammelt")).toBeNull();
  });
  it("labels what a machine wrote and says in words what a bounce means", () => {
    const { container } = around(mail({ automatic: "out_of_office" }));
    expect(container.querySelector(".automatic .mail-kind")?.textContent).toBe("Fraværsmelding");
    cleanup();
    around(
      mail(
        { automatic: "bounce", failed: [["ola@x.no", "5.1.1 no such user"]] },
        { body: "I'm sorry to have to inform you" },
      ),
    );
    expect(screen.getByText("ola@x.no")).toBeTruthy();
    expect(screen.getByText("Adressen finnes ikke.")).toBeTruthy();
    expect(screen.queryByText(/I'm sorry/)).toBeNull();
    fireEvent.click(screen.getByRole("button", { name: "Rapport" }));
    expect(screen.getByText(/I'm sorry/)).toBeTruthy();
  });
  it("offers the formatted form only where there is one, and the whole of what was cut", () => {
    around(mail({}));
    expect(screen.queryByRole("button", { name: "Vis formatert" })).toBeNull();
    cleanup();
    around(mail({ html: true, cut: true }));
    expect(screen.getByRole("button", { name: "Vis hele e-posten" }).getAttribute("aria-pressed")).toBe("false");
  });
});

describe("an answer that did not reach everybody", () => {
  const answer = (change: Partial<Message>) => {
    const letter = { to: [], failed: [["liv@firma.example", "550 5.1.1 No such user"]] as [string, string][] };
    around(<NotAllReached message={makeMessage("c", 2, { kind: "answer", letter, ...change })} />);
  };
  it("says which copy bounced, while the customer has it", () => {
    answer({ state: "sent" });
    expect(document.body.textContent).toContain("Svaret nådde ikke alle.liv@firma.exampleAdressen finnes ikke.");
  });
  it("says that the customer has not got it", () => {
    answer({ state: "failed_permanent" });
    expect(document.body.textContent).toContain("Svaret nådde ikke kunden.");
  });
});

describe("an answer on its way", () => {
  const answer = (change: Partial<Message>) => (
    <Delivery
      quiet={false}
      message={makeMessage("c", 2, { kind: "answer", created_at: "2026-11-25T09:00:00Z", ...change })}
    />
  );
  it("is held back from an address that does not exist, and can be sent all the same", () => {
    const retry = vi.fn(async () => undefined);
    const message = { state: "blocked_by_policy", state_reason: "address_suppressed" } as const;
    around(answer(message), { api: { retry }, thread: signal({ way: signal({ addressed: true }), load: vi.fn() }) });
    expect(screen.getByRole("alert").textContent).toContain("Adressen har avvist e-post for godt.");
    fireEvent.click(screen.getByText("Send likevel"));
    expect(retry).toHaveBeenCalledOnce();
    expect(screen.getByText("action.change")).toBeTruthy();
  });
  it("is tried again: the agent sees when, and until when", () => {
    const retry = { at: "2026-11-25T10:00:00Z", until: "2026-11-27T09:00:00Z" };
    around(answer({ state: "failed_temporary", state_reason: "unreachable", retry }));
    const said = screen.getByRole("alert").textContent ?? "";
    expect(said).toContain("Kom ikke fram ennå. E-posttjeneren svarer ikke. Neste forsøk");
    expect(said).toContain("Vi prøver til");
  });
  it("counts down and can be undone, also when others stand below it", () => {
    vi.useFakeTimers({ now: Date.parse("2026-11-25T09:00:02.000Z") });
    const cancel = vi.fn(async () => makeMessage("c", 2));
    around(answer({ state: "scheduled", send_at: "2026-11-25T09:00:10Z" }), {
      api: { cancel },
      rows: { get: () => undefined },
      composer: signal(null),
    });
    expect(screen.getByText("Sendes om 8 s").getAttribute("aria-hidden")).toBe("true");
    fireEvent.click(screen.getByRole("button", { name: "Angre" }));
    vi.useRealTimers();
    return vi.waitFor(() => expect(cancel).toHaveBeenCalledWith("c", "m-c-2"));
  });
  it("says when it goes out, and what can be done about it", () => {
    around(answer({ state: "scheduled", send_at: "2026-11-27T07:00:00Z" }));
    expect(screen.getAllByRole("button").map((button) => button.textContent)).toEqual([
      "action.change",
      "Avbryt",
      "Send nå",
    ]);
  });
  it("waits for a person when the customer wrote meanwhile", () => {
    around(answer({ state: "blocked_by_policy", state_reason: "customer_wrote" }));
    expect(screen.getByRole("alert").textContent).toContain("Kunden har skrevet siden.");
    expect(screen.getByRole("button", { name: "Send likevel" })).toBeTruthy();
  });
  it("says in plain words why it did not arrive", () => {
    around(answer({ state: "failed_permanent", state_reason: "5.1.1" }));
    expect(screen.getByRole("alert").textContent).toContain("Kom ikke fram. Adressen finnes ikke.");
  });
  it("offers nothing to those who may not write", () => {
    around(answer({ state: "scheduled", send_at: "2026-11-27T07:00:00Z" }), { session: { may: () => false } });
    expect(screen.queryAllByRole("button")).toEqual([]);
  });
});

describe("the way out", () => {
  const way = (change: Partial<Way>): Way => ({
    open: false,
    via: "form",
    address: null,
    addressed: false,
    failing: false,
    hold_seconds: 0,
    ...change,
  });
  it("says why nothing can be sent, with what helps", () => {
    around(<WayNotice row={row} way={way({ closed_by: "call", address: "+47 900 00 000" })} />);
    expect(screen.getByRole("link", { name: "Ring +47 900 00 000" }).getAttribute("href")).toBe("tel:+4790000000");
    cleanup();
    around(<WayNotice row={row} way={way({ closed_by: "no_mailbox" })} />);
    expect(screen.getByRole("link", { name: "Skjemaer" }).getAttribute("href")).toBe("/app/settings/forms");
    cleanup();
    around(<WayNotice row={row} way={way({ closed_by: "no_mailbox", via: "email" })} />);
    expect(screen.getByRole("link", { name: "Postkasser" }).getAttribute("href")).toBe("/app/settings/mailboxes");
    cleanup();
    around(<WayNotice row={row} way={way({ closed_by: "no_mailbox" })} />, { session: { may: () => false } });
    expect(screen.queryByRole("link")).toBeNull();
  });
  it("is quiet while it works, and warns while it does not", () => {
    expect(around(<WayNotice row={row} way={way({ open: true })} />).container.textContent).toBe("");
    cleanup();
    around(<WayNotice row={row} way={way({ open: true, via: "email", failing: true })} />);
    expect(screen.getByText("Virker ikke nå")).toBeTruthy();
  });
  it("is told loudly everywhere, with a way to the settings for those who may mend it", () => {
    const alarm = { id: "b", name: "Kundeservice", receives: false, since: "2026-11-25T09:00:00Z" };
    const alarms = signal([{ ...alarm, code: "mail_login_refused" }]);
    around(<MailAlarm />, { mailboxes: { alarms } });
    expect(screen.getByRole("alert").textContent).toContain("Kundeservice kan ikke leses siden");
    expect(screen.getByRole("alert").textContent).toContain("Passordet ble ikke godtatt.");
    expect(screen.getByRole("link", { name: "Se på postkassen" }).getAttribute("href")).toBe("/app/settings/mailboxes");
    cleanup();
    const lead = { may: (one: string) => one !== "channels.manage" };
    around(<MailAlarm />, { mailboxes: { alarms }, session: lead });
    expect([screen.getAllByRole("alert").length, screen.queryByRole("link")]).toEqual([1, null]);
  });
});

describe("mails that were set aside", () => {
  it("are shown for what they are, and taken in or put away", async () => {
    const mail = {
      id: "e",
      sender: "Kari <kari@x.no>",
      subject: "Sak",
      received_at: "2026-11-25T09:00:00Z",
      why: "too_many",
    };
    const left = [[mail], []];
    const decideAside = vi.fn(async () => undefined);
    around(<Aside />, { api: { mailsAside: async () => left.shift() ?? [], decideAside } });
    await screen.findByText("Sak");
    expect(document.body.textContent).toContain("Avsenderen skrev svært mange e-poster");
    fireEvent.click(screen.getByText("Ta inn"));
    await vi.waitFor(() => expect(screen.queryByText("Sak")).toBeNull());
    expect(decideAside).toHaveBeenCalledWith("e", "take");
  });
});

describe("writing", () => {
  it("makes chips of what is written, by keyboard alone", () => {
    const store = new AddressingStore();
    const Field = () => <AddressField store={store} line="cc" people={store.cc.value} label="Kopi" />;
    around(<Field />);
    const input = screen.getByLabelText("Kopi");
    fireEvent.input(input, { target: { value: "per@x.no" } });
    fireEvent.keyDown(input, { key: "," });
    fireEvent.input(input, { target: { value: "feil" } });
    fireEvent.keyDown(input, { key: "Enter" });
    expect(store.cc.value.map((one) => one.address)).toEqual(["per@x.no", "feil"]);
    expect(store.valid.value).toBe(false);
    fireEvent.keyDown(input, { key: "Backspace" });
    expect(store.cc.value.map((one) => one.address)).toEqual(["per@x.no"]);
  });
  it("offers times only where an answer can wait", () => {
    const sent = vi.fn();
    render(<SendGroup note={false} disabled={false} later onSend={sent} />);
    fireEvent.click(screen.getByRole("button", { name: "Andre måter" }));
    expect(screen.getAllByRole("menuitem").at(-1)?.textContent).toBe("Velg tid");
    const monday = screen.getAllByRole("menuitem").at(-2)!;
    fireEvent.click(monday);
    expect(sent.mock.calls[0]![0].at.getHours()).toBe(8);
    cleanup();
    render(<SendGroup note={false} disabled={false} later={false} onSend={sent} />);
    fireEvent.click(screen.getByRole("button", { name: "Andre måter" }));
    expect(screen.getAllByRole("menuitem").map((item) => item.textContent)).toEqual(["Send og avslutt"]);
  });
});

describe("coming back from a provider", () => {
  it("says once how signing in went", () => {
    setTexts("nb", {
      ...TEXTS,
      "mailboxes.not_signed_in": "Det gikk ikke.",
      "mailbox_error.oauth_consent": "Prøv igjen.",
    });
    history.replaceState(null, "", "/app/settings/mailboxes?signed_in=oauth_consent");
    const mailboxes = { list: signal([]), error: signal(null), load: vi.fn(async () => undefined) };
    around(<Mailboxes />, { mailboxes, api: { mailsAside: async () => [] } });
    expect(screen.getByRole("alert").textContent).toContain("Det gikk ikke. Prøv igjen.");
    expect(location.search).toBe("");
    expect(mailboxes.load).toHaveBeenCalledTimes(1);
    cleanup();
    around(<Mailboxes />, { mailboxes, api: { mailsAside: async () => [] } });
    expect(screen.queryByRole("alert")).toBeNull();
  });
});
