// The time in which a channel lets us write: what is told before anybody types, in the list, and in time.
import { signal } from "@preact/signals";
import type { Way } from "@svardesk/wire";
import { cleanup, fireEvent, render, screen } from "@testing-library/preact";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AppContext } from "../src/context";
import { setTexts } from "../src/i18n";
import { WayNotice } from "../src/parts/WayNotice";
import { WindowClock } from "../src/parts/window/WindowClock";
import { pieces } from "../src/pieces";
import { reasonText } from "../src/reasons";
import type { AppStore } from "../src/stores/app";
import { ClosingStore } from "../src/stores/closing";
import { RowStore } from "../src/stores/rows";
import { ahead, heardTime, left, now, serverNow } from "../src/time";
import { endsSoon, standing } from "../src/window";
import { makeMessage, makeRow } from "./desk";

const TEXTS = {
  "time.minutes": "{n} min",
  "time.hours": "{n} t",
  "time.days": "{n} d",
  "time.day_clock": "{day} kl. {clock}",
  "window.free": "Fritt svar i {left}",
  "window.people": "Bare svar skrevet av deg, i {left}",
  "window.closed": "Stengt for svar",
  "window.closed_why": "For lenge siden",
  "window.never_wrote": "Kunden har ikke skrevet",
  "window.no_way": "Kunden må skrive igjen",
  "window.template": "Mal: {name}",
  "window.other": "Nås på {channel}:",
  "window.ask": "Be om e-postadressen",
  "window.ask_text": "Får vi e-postadressen din?",
  "channel.email": "E-post",
  "standby.title": "{program} har samtalen.",
  "standby.take": "Overta samtalen",
  "delivery.meta_rate": "For mange på én gang",
  "delivery.meta_window": "Utenfor vinduet",
  "delivery.meta_refused": "Meta sa nei",
  "delivery.meta_permission": "Mangler tillatelse",
  "delivery.meta_temporary": "Midlertidig",
  "delivery.unreachable": "E-postserveren svarer ikke",
};
const OPENED = "2026-11-25T09:00:00Z";
const hoursOn = (hours: number) => Date.parse(OPENED) + hours * 3_600_000;
const WINDOWS = [
  { name: "human_agent", hours: 168, people_only: true },
  { name: "standard", hours: 24, people_only: false },
];
const way = (change: Partial<Way> = {}): Way => ({
  ...{ open: true, via: "messenger", address: null, addressed: false, failing: false, hold_seconds: 0 },
  windows: WINDOWS,
  ...change,
});

function around(children: preact.ComponentChildren, change: object = {}) {
  const app = {
    session: { may: () => true },
    attempt: (work: () => unknown) => Promise.resolve(work()),
    thread: signal(null),
    ...change,
  };
  return render(<AppContext.Provider value={app as unknown as AppStore}>{children}</AppContext.Provider>);
}

beforeEach(() => {
  setTexts("nb", TEXTS);
  ahead.value = 0;
  sessionStorage.clear();
});
afterEach(() => {
  cleanup();
  now.value = Date.now();
});

describe("the window", () => {
  it("is free, then for people, then closed, and never where writing has no end", () => {
    expect(standing(OPENED, WINDOWS, hoursOn(1))).toMatchObject({ kind: "free", left: 23 * 3_600_000 });
    expect(standing(OPENED, WINDOWS, hoursOn(24))).toMatchObject({ kind: "people", until: hoursOn(168) });
    expect(standing(OPENED, WINDOWS, hoursOn(168))).toEqual({ kind: "closed", until: hoursOn(168), left: 0 });
    expect(standing(OPENED, [WINDOWS[1]!], hoursOn(25))?.kind).toBe("closed");
    expect(standing(null, WINDOWS, hoursOn(1))).toEqual({ kind: "closed", until: null, left: 0 });
    expect([standing(OPENED, [], hoursOn(99)), standing(OPENED, undefined, hoursOn(99))]).toEqual([null, null]);
    expect(
      standing(OPENED, [...WINDOWS, { name: "always", hours: null, people_only: false }], hoursOn(999)),
    ).toBeNull();
  });
  it("is told in two units", () => {
    expect([left(192 * 60_000), left(122 * 3_600_000), left(1_000), left(3_600_000), left(86_400_000)]).toEqual([
      "3 t 12 min",
      "5 d 2 t",
      "1 min",
      "1 t",
      "1 d",
    ]);
  });
  it("follows the server's clock, and not an answer that took long", () => {
    now.value = 1_000_000;
    heardTime(new Date(61_000_000).toUTCString(), 1_000_000, 1_000_100);
    expect(Math.round(serverNow() / 1000)).toBe(61_000);
    heardTime(new Date(5_000_000).toUTCString(), 1_000_000, 1_020_000);
    heardTime(null, 1_000_000, 1_000_100);
    expect(Math.round(serverNow() / 1000)).toBe(61_000);
    heardTime(new Date(1_000_000).toUTCString(), 1_000_000, 1_000_100);
    expect(serverNow()).toBe(1_000_000);
  });
  it("stands in the head of the conversation", () => {
    const row = makeRow("c", { window_from: OPENED });
    for (const [hours, text] of [
      [20.8, "Fritt svar i 3 t 12 min"],
      [46, "Bare svar skrevet av deg, i 5 d 2 t"],
      [200, "Stengt for svar"],
    ] as const) {
      now.value = hoursOn(hours);
      around(<WindowClock row={row} way={way()} />);
      expect(screen.getByText(text)).toBeTruthy();
      cleanup();
    }
    expect(around(<WindowClock row={row} way={way({ windows: [] })} />).container.textContent).toBe("");
  });
  it("is told above the composer before anybody types, with what remains", () => {
    const row = makeRow("c", { window_from: OPENED });
    now.value = hoursOn(2);
    expect(around(<WayNotice row={row} way={way()} />).container.textContent).toBe("");
    cleanup();
    now.value = hoursOn(200);
    around(<WayNotice row={row} way={way()} />);
    expect(screen.getByRole("status").textContent).toContain("Kunden må skrive igjen");
    cleanup();
    const others = [{ kind: "email", address: "kari@x.no" }];
    around(<WayNotice row={row} way={way({ templates: ["levering"], others })} />);
    expect(screen.getByText("Mal: levering")).toBeTruthy();
    expect(screen.getByRole("link", { name: "kari@x.no" }).getAttribute("href")).toBe("mailto:kari@x.no");
  });
  it("offers to ask for another address while it still can be asked", async () => {
    const restore = vi.fn();
    now.value = hoursOn(30);
    const composer = signal({ restore });
    around(<WayNotice row={makeRow("c", { window_from: OPENED, locale: "nb" })} way={way()} />, { composer });
    fireEvent.click(screen.getByRole("button", { name: "Be om e-postadressen" }));
    await vi.waitFor(() => expect(restore).toHaveBeenCalledWith("answer", "Får vi e-postadressen din?", []));
    cleanup();
    const others = [{ kind: "email", address: "kari@x.no" }];
    around(<WayNotice row={makeRow("c", { window_from: OPENED })} way={way({ others })} />);
    expect(screen.queryByRole("button")).toBeNull();
  });
  it("another program's conversation is taken over first", async () => {
    const threadControl = vi.fn(async () => ({}));
    now.value = hoursOn(1);
    const row = makeRow("c", { window_from: OPENED });
    const standby = way({ standby: true, owner: "263902037430900" });
    const details = { type: "owner_changed", name: "Meta Business Suite" } as const;
    const thread = signal({ messages: signal([makeMessage("c", 1, { kind: "system", details })]) });
    around(<WayNotice row={row} way={standby} />, { api: { threadControl }, thread });
    expect(screen.getByText("Meta Business Suite har samtalen.")).toBeTruthy();
    fireEvent.click(screen.getByRole("button", { name: "Overta samtalen" }));
    expect(threadControl).toHaveBeenCalledWith("c", "take");
  });
});

describe("a customer who waits while it closes", () => {
  const row = (change = {}) => makeRow("c", { window_until: new Date(hoursOn(24)).toISOString(), ...change });
  it("is marked in the list for the last three hours", () => {
    expect(endsSoon(row(), hoursOn(20.9))).toBeNull();
    expect(endsSoon(row(), hoursOn(22))).toBe(2 * 3_600_000);
    expect(endsSoon(row(), hoursOn(24))).toBeNull();
    expect(endsSoon(row({ waiting_since: null }), hoursOn(22))).toBeNull();
    expect(endsSoon(row({ status: "closed" }), hoursOn(22))).toBeNull();
  });
  it("is called once for each end, also when the page is loaded again", () => {
    now.value = hoursOn(20);
    const rows = new RowStore();
    const call = vi.fn();
    const stop = new ClosingStore(rows, () => true, call).start();
    rows.upsert(row());
    expect(call).not.toHaveBeenCalled();
    now.value = hoursOn(22);
    now.value = hoursOn(22.1);
    expect(call).toHaveBeenCalledTimes(1);
    stop();
    now.value = hoursOn(22.2);
    new ClosingStore(rows, () => true, call).start()();
    expect(call).toHaveBeenCalledTimes(1);
    const other = new ClosingStore(rows, () => false, call);
    other.look(row({ window_until: new Date(hoursOn(23)).toISOString() }));
    expect(call).toHaveBeenCalledTimes(1);
  });
});

describe("a long answer", () => {
  it("is parted where the server parts it", () => {
    expect([pieces("", 10), pieces("  kort ", 10), pieces("en setning. og en til her", 20)]).toEqual([0, 1, 2]);
    expect(pieces(`${"a".repeat(1_900)}`, 1_900)).toBe(1);
    expect(pieces(`${"😀".repeat(1_900)}`, 1_900)).toBe(1);
    expect(pieces(`${"Dette er en setning. ".repeat(200)}`, 1_900)).toBe(3);
    expect(pieces("a".repeat(4_000), 1_900)).toBe(3);
  });
});

describe("a refusal", () => {
  it("is said in the words of the channel it went by", () => {
    expect(reasonText("messenger", "4.2018022")).toBe("For mange på én gang");
    expect(reasonText("messenger", "10.2018278")).toBe("Utenfor vinduet");
    expect(reasonText("messenger", "10.999")).toBe("Mangler tillatelse");
    expect(reasonText("facebook", "http.503")).toBe("Midlertidig");
    expect(reasonText("messenger", "100.77")).toBe("Meta sa nei");
    expect(reasonText("messenger", "unreachable")).toBe("Midlertidig");
    expect(reasonText("email", "unreachable")).toBe("E-postserveren svarer ikke");
    expect(reasonText("messenger", "outcome_unknown")).toBeNull();
  });
});
