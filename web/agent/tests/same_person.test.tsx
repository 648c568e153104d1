// Who is one person with whom: what the panel shows, what its buttons ask of the server, what frames make the app read again.
import { ToastStore } from "@svardesk/ui";
import { ApiError, type Contact, type Identity, type Merge, type Relations, type Suggestion } from "@svardesk/wire";
import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/preact";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AppContext } from "../src/context";
import { setTexts } from "../src/i18n";
import { SamePerson } from "../src/parts/SamePerson";
import { onceEach } from "../src/parts/words";
import { AppStore } from "../src/stores/app";
import { RowStore } from "../src/stores/rows";
import { ThreadStore } from "../src/stores/thread";
import texts from "../src/texts/nb.json";
import { at, Desk } from "./desk";

const contact = { id: "contact", name: "Ukjent", identities: [], version: 1 } as unknown as Contact;

const suggestion = (change: Partial<Suggestion> = {}): Suggestion => ({
  contact: { id: "kari", name: "Kari Vik" },
  kind: "email",
  address: "kari@vik.example",
  own_trust: "claimed",
  trust: "domain_verified",
  ...change,
});

const merged = (change: Partial<Merge> = {}): Merge => ({
  id: "m1",
  contact: { id: "kari", name: "Kari Vik" },
  into_id: "contact",
  why: "agent",
  agent_id: "eva",
  agent_name: "Eva Eier",
  made_at: at(0),
  undoable: true,
  ...change,
});

/** The app with a conversation open, without a server: what is asked is written down. */
function stage(allowed = true) {
  const desk = new Desk();
  const thread = new ThreadStore("c", new RowStore(), desk.api);
  thread.contact.value = contact;
  const load = vi.spyOn(thread, "load").mockResolvedValue();
  const asked: string[] = [];
  const note = (what: string) => vi.fn(async (...ids: string[]) => void asked.push([what, ...ids].join(" ")));
  const api = {
    mergeContacts: note("merge"),
    undoMerge: note("undo"),
    tellApart: note("apart"),
    takeBackApart: note("take back"),
  };
  const app = Object.create(AppStore.prototype) as AppStore;
  Object.assign(app, {
    api,
    toasts: new ToastStore(),
    session: { may: () => allowed },
    thread: { peek: () => thread },
    openId: { value: "c" },
  });
  const show = (relations: Relations) =>
    render(
      <AppContext.Provider value={app}>
        <SamePerson contact={contact} relations={relations} />
      </AppContext.Provider>,
    );
  return { app, api, thread, load, asked, show };
}

beforeEach(() => setTexts("nb", texts));
afterEach(cleanup);

describe("the panel", () => {
  it("says who it may be and why, and asks nothing when there is nobody", () => {
    const { show } = stage();
    const { container, unmount } = show({ merges: [], suggestions: [] });
    expect(container.textContent).toBe("");
    unmount();
    show({
      merges: [],
      suggestions: [
        suggestion(),
        suggestion({ contact: { id: "b", name: null }, own_trust: "signed_token" }),
        suggestion({ contact: { id: "p", name: "Per" }, kind: "phone", address: "+4791234567", trust: "claimed" }),
      ],
    });
    const said = screen.getAllByRole("listitem").map((item) => item.textContent);
    expect(said[0]).toContain("Kan være samme person som Kari Vik");
    expect(said[0]).toContain("Samme e-postadresse, men ikke bekreftet for begge: kari@vik.example");
    expect(said[1]).toContain("en ukjent besøkende");
    expect(said[1]).toContain("Samme bekreftede e-postadresse: kari@vik.example");
    expect(said[2]).toContain("Samme telefonnummer, men ikke bekreftet for begge: +4791234567");
    const link = screen.getByRole("link", { name: "Kari Vik" });
    expect(link.getAttribute("href")).toContain("contact_id=kari");
  });

  it("merges once, however often the button is pressed, and looks again", async () => {
    const { asked, load, app, show } = stage();
    show({ merges: [], suggestions: [suggestion()] });
    const button = screen.getByRole("button", { name: "Slå sammen" });
    fireEvent.click(button);
    fireEvent.click(button);
    await waitFor(() => expect(load).toHaveBeenCalledTimes(1));
    expect(asked).toEqual(["merge contact kari"]);
    expect(app.toasts.list.value.map((toast) => toast.text)).toEqual(["Slått sammen med Kari Vik"]);
  });

  it("remembers that they are two, and takes that back", async () => {
    const { asked, load, app, show } = stage();
    show({ merges: [], suggestions: [suggestion()] });
    fireEvent.click(screen.getByRole("button", { name: "Ikke samme person" }));
    await waitFor(() => expect(app.toasts.list.value.length).toBe(1));
    const [toast] = app.toasts.list.value;
    expect([toast?.text, toast?.action?.label]).toEqual(["Husket: ikke samme person som Kari Vik", "Angre"]);
    toast?.action?.run();
    await waitFor(() => expect(load).toHaveBeenCalledTimes(2));
    expect(asked).toEqual(["apart contact kari", "take back contact kari"]);
  });

  it("says by whom and why they were merged, and undoes what can be undone", async () => {
    const { asked, load, show } = stage();
    show({
      merges: [
        merged(),
        merged({ id: "m2", why: "address", agent_id: null, agent_name: null }),
        merged({ id: "m3", why: "sign_in", contact: { id: "x", name: null } }),
        merged({ id: "m4", why: "moved", undoable: false }),
      ],
      suggestions: [],
    });
    const said = screen.getAllByRole("listitem", { hidden: true }).map((item) => item.querySelector("p")?.textContent);
    expect(said).toEqual([
      "Slått sammen med Kari Vik av Eva Eier",
      "Slått sammen med Kari Vik automatisk: samme bekreftede e-postadresse",
      "Slått sammen med en ukjent besøkende da kunden logget inn",
      "Slått sammen med Kari Vik før sammenslåinger kunne angres",
    ]);
    const buttons = screen.getAllByRole("button", { hidden: true, name: /^Angre sammenslåingen/ });
    expect(buttons.length).toBe(3);
    fireEvent.click(buttons[0]!);
    await waitFor(() => expect(load).toHaveBeenCalledTimes(1));
    expect(asked).toEqual(["undo contact m1"]);
  });

  it("shows observers everything and offers nothing", () => {
    const { show } = stage(false);
    show({ merges: [merged()], suggestions: [suggestion()] });
    expect(screen.queryAllByRole("button")).toEqual([]);
    expect(screen.getAllByRole("listitem").length).toBe(2);
  });

  it("says what was refused", async () => {
    const { app, api, show } = stage();
    api.undoMerge.mockRejectedValue(new ApiError(404, "merge_not_found", "no", {}));
    show({ merges: [merged()], suggestions: [] });
    fireEvent.click(screen.getByRole("button", { name: /^Angre/ }));
    await waitFor(() => expect(app.toasts.list.value.length).toBe(1));
    expect(app.toasts.list.value[0]).toMatchObject({ text: "Denne sammenslåingen er allerede angret.", bad: true });
  });
});

describe("the open conversation", () => {
  it("keeps what the server says of the person, newest answer first", async () => {
    const desk = new Desk();
    desk.say("c");
    const thread = new ThreadStore("c", new RowStore(), desk.api);
    await thread.load();
    expect(thread.relations.value).toEqual({ merges: [], suggestions: [] });
    const relations = { merges: [merged()], suggestions: [suggestion()] };
    const before = await desk.api.conversation("c");
    vi.spyOn(desk.api, "conversation").mockResolvedValue({ ...before, relations });
    await thread.load();
    expect(thread.relations.value).toEqual(relations);
  });
});

it("shows an address once, as sure as we are of any of them", () => {
  const identity = (id: string, address: string, trust: Identity["trust"], kind = "email") =>
    ({ id, kind, address, display: null, trust }) as Identity;
  const all = [
    identity("1", "a@b.example", "claimed"),
    identity("2", "a@b.example", "signed_token"),
    identity("3", "c@d.example", "none"),
    identity("4", "a@b.example", "claimed"),
    identity("5", "sub:1", "signed_token", "webchat"),
    identity("6", "visitor", "none", "webchat"),
  ];
  expect(onceEach(all, (each) => each.trust === "signed_token").map((each) => each.id)).toEqual(["2", "3", "5", "6"]);
});
