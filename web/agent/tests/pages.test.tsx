import { cleanup, fireEvent, render, screen, within } from "@testing-library/preact";
import { afterEach, describe, expect, it, vi } from "vitest";
import { AppContext } from "../src/context";
import { setTexts } from "../src/i18n";
import { App } from "../src/parts/App";
import { SnoozeMenu } from "../src/parts/SnoozeMenu";
import { ApiTokens } from "../src/parts/settings/ApiTokens";
import { Audit } from "../src/parts/settings/Audit";
import { Privacy } from "../src/parts/settings/Privacy";
import { Teams } from "../src/parts/settings/Teams";
import { Widgets } from "../src/parts/settings/Widgets";
import { makeRow } from "./desk";
import { House, me, refused } from "./house";

let house: House;
afterEach(() => {
  cleanup();
  house?.leave();
});

const show = (of: House, part = <App />) => render(<AppContext.Provider value={of.app}>{part}</AppContext.Provider>);

describe("links that are followed while one is signed in", () => {
  it("an invitation says whose work it would interrupt, and is there after signing out", async () => {
    house = new House("/app/invitation/secret", {
      "GET /invitations/by-token/secret": () => ({ account_name: "Nyhuset", email: "ny@x.example" }),
    });
    await house.app.start();
    show(house);
    expect(screen.getByRole("heading").textContent).toBe("invitation.signed_in_title");
    expect(house.asked).not.toContain("GET /invitations/by-token/secret");
    fireEvent.submit(document.querySelector("form")!);
    await vi.waitFor(() => expect(screen.getByRole("heading").textContent).toBe("invitation.title"));
  });

  it("an invitation is accepted in the language in which it was read", async () => {
    let joined: object | null = null;
    house = new House("/app/invitation/secret", {
      "GET /session": () => refused(401, "not_signed_in"),
      "GET /invitations/by-token/secret": () => ({ account_name: "Nyhuset", email: "ny@x.example" }),
      "POST /invitations/by-token/secret": ({ body }) => {
        joined = body;
        return { state: "signed_in", ...me({ locale: "fi" }) };
      },
    });
    await house.app.start();
    setTexts("fi", {});
    show(house);
    fireEvent.input(await screen.findByLabelText("me.name"), { target: { value: "Aino" } });
    fireEvent.input(screen.getByLabelText("invitation.password"), { target: { value: "neljä hassua sanaa" } });
    fireEvent.submit(document.querySelector("form")!);
    await vi.waitFor(() => expect(joined).toMatchObject({ name: "Aino", locale: "fi" }));
    await vi.waitFor(() => expect(house.app.session.state.value).toBe("in"));
  });

  it("a forgotten password can be asked for", async () => {
    house = new House("/app/password-reset");
    await house.app.start();
    show(house);
    expect(screen.getByRole("heading").textContent).toBe("reset.ask_title");
  });
});

describe("snoozing with the keyboard alone", () => {
  it("reaches a time of one's own, goes on in its field, and Escape closes only the box", async () => {
    house = await House.open("/app/inbox/all/c");
    const shortcut = vi.fn();
    document.addEventListener("keydown", shortcut);
    show(house, <SnoozeMenu row={makeRow("c")} />);
    fireEvent.click(screen.getByRole("button", { name: "snooze.label" }));
    fireEvent.keyDown(document.activeElement!, { key: "End" });
    expect(document.activeElement?.textContent).toContain("snooze.own");
    fireEvent.click(document.activeElement!);
    const field = await screen.findByLabelText("snooze.until");
    expect(document.activeElement).toBe(field);
    shortcut.mockClear();
    (document.activeElement as HTMLElement).blur();
    fireEvent.keyDown(document.body, { key: "Escape" });
    expect(screen.queryByLabelText("snooze.until")).toBeNull();
    expect(document.activeElement).toBe(screen.getByRole("button", { name: "snooze.label" }));
    expect(shortcut).not.toHaveBeenCalled();
    document.removeEventListener("keydown", shortcut);
  });
});

describe("a widget's secret", () => {
  it("is shown when it is made, and what was being changed stays in the form", async () => {
    const widget = {
      id: "w",
      key: "key",
      name: "Nettbutikken",
      title: null,
      origins: ["https://a.example"],
      team_id: null,
      secrets: [] as object[],
      version: 1,
    };
    house = new House("/app/settings/widgets", {
      "GET /session": () => ({ ...me(), permissions: ["channels.manage"] }),
      "GET /widgets": () => ({ items: [{ widget, embed: { snippet: "<script>" } }] }),
      "POST /widgets/w/secrets": () => {
        widget.version += 1;
        widget.secrets = [{ id: "s", created_at: "2026-11-25T08:00:00Z" }];
        return { secret: "hemmelig-1" };
      },
    });
    await house.app.start();
    show(house, <Widgets />);
    fireEvent.input((await screen.findAllByLabelText("widgets.title"))[0]!, { target: { value: "Halvferdig" } });
    fireEvent.click(screen.getByRole("button", { name: "widgets.rotate" }));
    expect(await screen.findByText("hemmelig-1")).toBeDefined();
    await screen.findByText("widgets.secret_from");
    expect(screen.getByText("hemmelig-1")).toBeDefined();
    expect((screen.getByLabelText("widgets.title") as HTMLInputElement).value).toBe("Halvferdig");
  });
});

describe("taking a team out of use", () => {
  it("asks first, and says in the dialogue why it was refused", async () => {
    const team = { id: "team", name: "Salg", closed: false, member_ids: [] };
    house = new House("/app/settings/teams", {
      "GET /teams": () => [team],
      "DELETE /teams/team": () => refused(403, "not_your_team"),
    });
    await house.app.start();
    show(house, <Teams />);
    fireEvent.click(await screen.findByRole("button", { name: "action.change" }));
    const dialog = within(document.querySelector("dialog")!);
    fireEvent.click(dialog.getByText("teams.delete"));
    expect(dialog.getByText("teams.delete_explain")).toBeDefined();
    expect(house.asked).not.toContain("DELETE /teams/team");
    fireEvent.click(dialog.getByText("teams.delete"));
    expect(await dialog.findByText("not_your_team")).toBeDefined();
    expect(house.app.toasts.list.value).toEqual([]);
  });
});

describe("the audit log", () => {
  it("names whom it happened to, and shows no ids and no words of machines", async () => {
    const line = (action: string, change: object) => ({
      id: action,
      at: "2026-11-25T08:00:00Z",
      actor_kind: "agent",
      actor_id: "kari",
      actor_name: "Kari",
      action,
      object_kind: null,
      object_id: null,
      ip: null,
      details: {},
      ...change,
    });
    house = new House("/app/settings/audit", {
      "GET /agents": () => [
        { id: "kari", name: "Kari Nes" },
        { id: "ola", name: "Ola Bø" },
      ],
      "GET /teams": () => [{ id: "team", name: "Salg" }],
      "GET /audit": () => ({
        items: [
          line("team_member_added", { object_kind: "team", object_id: "team", details: { agent_id: "ola" } }),
          line("agent_changed", {
            object_kind: "agent",
            object_id: "ola",
            details: { fields: ["role"], role_before: "agent", role: "lead" },
          }),
          line("agent_joined", { object_kind: "agent", object_id: "kari", details: { invitation_id: "01a2" } }),
        ],
        next_cursor: null,
      }),
    });
    await house.app.start();
    await vi.waitFor(() => expect(house.app.directory.team("team")).toBeDefined());
    setTexts("nb", {
      "audit.team_member_added": "La en kundebehandler til i et team",
      "audit.agent_changed": "Endret en kundebehandler",
      "audit.agent_joined": "Tok imot en invitasjon",
      "audit.detail_agent_id": "Kundebehandler",
      "audit.detail_fields": "Felt",
      "audit.detail_role": "Rolle",
      "audit.detail_role_before": "Rolle før",
      "audit.word_role": "rolle",
      "role.agent": "Kundebehandler",
      "role.lead": "Teamleder",
    });
    show(house, <Audit />);
    await screen.findByRole("table");
    expect(screen.getAllByRole("row").map((row) => row.querySelector("td:nth-child(3)")?.textContent)).toEqual([
      undefined,
      "La en kundebehandler til i et team: SalgKundebehandler: Ola Bø",
      "Endret en kundebehandler: Ola BøFelt: rolle · Rolle før: Kundebehandler · Rolle: Teamleder",
      "Tok imot en invitasjon",
    ]);
  });
});

describe("what is shown once", () => {
  it("is brought into sight, wherever the button was", async () => {
    const scrolled = vi.spyOn(Element.prototype, "scrollIntoView").mockImplementation(() => undefined);
    house = new House("/app/settings/tokens", {
      "GET /session": () => ({ ...me(), permissions: ["conversations.read"] }),
      "GET /api-tokens": () => [],
      "POST /api-tokens": () => ({ token: "svd_hemmelig" }),
    });
    await house.app.start();
    show(house, <ApiTokens />);
    fireEvent.input(screen.getByLabelText("tokens.name"), { target: { value: "Eksport" } });
    fireEvent.submit(document.querySelector("form")!);
    expect(await screen.findByText("svd_hemmelig")).toBeDefined();
    await vi.waitFor(() => expect(scrolled.mock.contexts.map((box) => (box as Element).className)).toEqual(["once"]));
  });
});

describe("a customer who is erased", () => {
  it("is not offered any longer", async () => {
    const contact = { id: "c", name: "Geir Tangen", identities: [] };
    house = new House("/app/settings/privacy", {
      "GET /search": () => ({ messages: [], contacts: [contact], next_cursor: null }),
      "GET /privacy/exports": () => [],
      "GET /privacy/erasures": () => [],
      "POST /privacy/erasures": () => ({}),
    });
    await house.app.start();
    show(house, <Privacy />);
    fireEvent.input(screen.getByLabelText("privacy.find"), { target: { value: "Geir" } });
    fireEvent.click(await screen.findByText("privacy.erase"));
    fireEvent.click(await screen.findByText("privacy.erase_confirm"));
    await vi.waitFor(() => expect(screen.queryByText("Geir Tangen")).toBeNull());
    expect((screen.getByLabelText("privacy.find") as HTMLInputElement).value).toBe("");
  });
});

describe("a key that is held down", () => {
  it("walks on, but decides nothing twice", async () => {
    const rows = [makeRow("a", { last_activity_at: "2026-11-25T09:00:00Z" }), makeRow("b")];
    house = await House.open("/app/inbox/all/a", {
      "GET /conversations": () => ({ items: rows, next_cursor: null, resume: "e:1" }),
    });
    show(house);
    await screen.findAllByRole("listitem");
    fireEvent.keyDown(document.body, { key: "i", repeat: true });
    fireEvent.keyDown(document.body, { key: "j", repeat: true });
    expect(house.app.openId.value).toBe("b");
    expect(house.asked).not.toContain("PATCH /conversations/a");
    fireEvent.keyDown(document.body, { key: "i" });
    await vi.waitFor(() => expect(house.asked).toContain("PATCH /conversations/b"));
  });
});
