// Messenger and Facebook in the settings: how a page is told, what is written at Meta, the alarm, the badge, own posts.
import { signal } from "@preact/signals";
import type { Badge, MetaApp, MetaPage, PagePost } from "@svardesk/wire";
import { cleanup, fireEvent, render, screen } from "@testing-library/preact";
import type { ComponentChildren } from "preact";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AppContext } from "../src/context";
import { setTexts } from "../src/i18n";
import { MetaAlarm } from "../src/parts/MetaAlarm";
import { Badges } from "../src/parts/settings/Badges";
import { draftOf, lacksDefault, menusOf, NAME, previewOf } from "../src/parts/settings/meta/draft";
import { Meta } from "../src/parts/settings/meta/Meta";
import { PageCard } from "../src/parts/settings/meta/PageCard";
import { Posts } from "../src/parts/settings/Posts";
import type { AppStore } from "../src/stores/app";
import { byPage, MetaStore } from "../src/stores/meta";

const TEXTS = {
  "meta.status_ok": "Virker",
  "meta.status_paused": "Stanset av Meta",
  "meta.resume": "Send igjen",
  "meta.resumed_other": "{n} svar er sendt",
  "meta.test": "Test",
  "meta.check_token_ok": "Vi har tilgang",
  "meta.check_subscription_bad": "Dette mangler:",
  "meta.problem_token": "Logg inn igjen",
  "meta.problem_restricted": "Meta har begrenset siden",
  "meta.problem_other": "Noe er galt",
  "meta.alarm_disconnected_since": "{name} er koblet fra siden {time}",
  "meta.look": "Se på oppsettet",
  "meta.human_agent": "Human Agent",
  "meta.settings": "Tillatelser",
  "meta.app_id": "App-ID",
  "meta.app_secret": "Apphemmelighet",
  "meta.app_save": "Lagre og gå videre",
  "meta.webhook": "Callback",
  "meta.signed_in": "Du er logget inn hos Meta",
  "badge.win_other": "{n} til innen {minutes} minutter gir merket",
  "badge.spare_one": "Råd til ett sent svar",
  "badge.open_other": "{n} venter, den første til {clock}",
  "badge.nobody": "Ingen har skrevet",
  "badge.has": "Har merket",
  "badge.has_not": "Har ikke merket",
  "time.minutes": "{n} min",
  "post.new": "Nytt innlegg",
  "post.text": "Tekst",
  "post.publish": "Publiser nå",
  "post.schedule": "Planlegg",
  "post.later": "Senere",
  "post.state_scheduled_at": "Planlagt {time}",
  "action.change": "Endre",
  "action.save": "Lagre",
};
const page = (kind: string, change: Partial<MetaPage> = {}): MetaPage => ({
  ...{ id: `p-${kind}`, kind, name: "Fjordnett", page_id: "100", app_id: "app", human_agent: false, utility: false },
  ...{ keep_media: true, locale: "nb", templates: [], brand_id: null, team_id: null, calendar_id: null, status: "ok" },
  ...{
    problems: {},
    heard_at: null,
    looked_at: null,
    backfilled_at: null,
    backfilled: 0,
    unknown_items: 0,
    version: 3,
  },
  ...change,
});
const metaApp: MetaApp = {
  ...{ id: "app", name: "Meta", key: "ma_x", secrets: 1, status: "ok", problems: {}, heard_at: null },
  ...{ bad_signatures: 0, version: 1 },
  config: {
    ...{ app_id: "4711", dialog_url: "https://www.facebook.com", graph_url: "https://graph.facebook.com" },
    ...{ page_inbox_app_id: "263902037430900", version: "v26.0" },
  },
  addresses: {
    ...{ webhook: "https://desk.example/hooks/meta/ma_x", verify_token: "hemmelig", fields: ["messages"] },
    ...{ redirect: "https://desk.example/r", data_deletion: "https://desk.example/d", deauthorise: "https://x/e" },
  },
};

function around(children: ComponentChildren, change: object = {}) {
  const app = {
    session: { may: () => true },
    directory: { teams: signal([]), agent: () => undefined },
    attempt: (work: () => unknown) => Promise.resolve(work()).then(() => true),
    toasts: { say: vi.fn() },
    ...change,
  };
  render(<AppContext.Provider value={app as unknown as AppStore}>{children}</AppContext.Provider>);
  return app;
}

beforeEach(() => setTexts("nb", TEXTS));
afterEach(() => {
  cleanup();
  history.replaceState(null, "", "/");
});

describe("the store of pages", () => {
  it("tells a page's two connections as one, by the worse of them", async () => {
    const problem = { status: "disconnected", code: "token", since: "2026-11-25T09:00:00Z", detail: "" } as const;
    const pages = [page("messenger", { status: "disconnected", problems: { token: problem } }), page("facebook")];
    const store = new MetaStore({ meta: async () => ({ apps: [metaApp], pages }) } as never);
    store.start();
    await vi.waitFor(() => expect(store.broken.value).toHaveLength(1));
    expect(store.broken.value[0]).toEqual({
      ...{ name: "Fjordnett", status: "disconnected", codes: ["token"], since: problem.since },
    });
    expect(byPage([...pages, page("messenger", { page_id: "200" })]).map((parts) => parts.length)).toEqual([2, 1]);
    around(<MetaAlarm />, { meta: store });
    expect(screen.getByRole("alert").textContent).toMatch(/Fjordnett er koblet fra siden .* Logg inn igjen/);
    expect(screen.getByRole("link", { name: "Se på oppsettet" }).getAttribute("href")).toBe("/app/settings/meta");
    store.stop();
    expect(store.broken.value).toEqual([]);
  });
});

describe("a page", () => {
  it("is tested, and tells in plain sentences how it is", async () => {
    const checks = [
      { name: "token", ok: true, detail: "Fjordnett" },
      { name: "subscription", ok: false, detail: "feed" },
    ];
    const testPage = vi.fn(async () => ({ status: "degraded", checks }));
    around(<PageCard parts={[page("messenger"), page("facebook")]} again={async () => undefined} />, {
      api: { testPage },
    });
    expect(screen.getByText("Virker")).toBeTruthy();
    fireEvent.click(screen.getByRole("button", { name: "Test" }));
    await screen.findByText("Dette mangler:");
    expect(screen.getByText("Vi har tilgang")).toBeTruthy();
    expect(testPage).toHaveBeenCalledWith("p-messenger");
  });
  it("that Meta has stopped sends again only when somebody has looked", async () => {
    const resumePage = vi.fn(async () => ({ sent: 3 }));
    const problems = {
      restricted: { status: "paused", code: "restricted", since: "2026-11-25T09:00:00Z", detail: "" },
    } as const;
    const app = around(
      <PageCard
        parts={[page("messenger", { status: "paused", problems }), page("facebook")]}
        again={async () => undefined}
      />,
      { api: { resumePage } },
    );
    expect(screen.getByRole("alert").textContent).toContain("Meta har begrenset siden");
    fireEvent.click(screen.getByRole("button", { name: "Send igjen" }));
    await vi.waitFor(() => expect(app.toasts.say).toHaveBeenCalledWith("3 svar er sendt"));
    expect(resumePage.mock.calls).toEqual([["p-messenger"]]);
  });
  it("has its permissions switched with the version that was read", async () => {
    const patchPage = vi.fn(async () => page("messenger"));
    around(<PageCard parts={[page("messenger"), page("facebook")]} again={async () => undefined} />, {
      api: { patchPage },
    });
    fireEvent.click(screen.getByLabelText(/Human Agent/));
    await vi.waitFor(() => expect(patchPage).toHaveBeenCalledWith("p-messenger", { human_agent: true, version: 3 }));
    expect(patchPage).toHaveBeenCalledTimes(1);
  });
});

describe("setting up", () => {
  const store = (apps: MetaApp[], pages: MetaPage[]) => ({
    settings: signal({ apps, pages }),
    error: signal(null),
    load: vi.fn(async () => undefined),
  });
  it("begins with the app", async () => {
    const createMetaApp = vi.fn(async () => metaApp);
    const meta = store([], []);
    around(<Meta />, { meta, api: { createMetaApp } });
    fireEvent.input(screen.getByLabelText("App-ID"), { target: { value: "4711" } });
    fireEvent.input(screen.getByLabelText("Apphemmelighet"), { target: { value: "hemmelighet" } });
    fireEvent.click(screen.getByRole("button", { name: "Lagre og gå videre" }));
    await vi.waitFor(() =>
      expect(createMetaApp).toHaveBeenCalledWith({
        ...{ app_id: "4711", app_secret: "hemmelighet", graph_version: "v26.0", forget_older_secret: false },
      }),
    );
  });
  it("then shows what is pasted at Meta, and says once how signing in went", () => {
    history.replaceState(null, "", "/app/settings/meta?signed_in=ok");
    around(<Meta />, { meta: store([metaApp], []), api: { offeredPages: async () => [] } });
    expect(screen.getByText("https://desk.example/hooks/meta/ma_x")).toBeTruthy();
    expect(screen.getByText("Du er logget inn hos Meta")).toBeTruthy();
    expect(location.search).toBe("");
  });
});

describe("what people see before they write", () => {
  it("goes to Meta in Meta's form, and comes back the same", () => {
    const menus = {
      get_started: "GET_STARTED",
      greeting: [{ locale: "default", text: `Hi ${NAME}` }],
      ice_breakers: [{ locale: "default", call_to_actions: [{ question: "Where?", payload: "WHERE" }] }],
      persistent_menu: [
        {
          locale: "default",
          composer_input_disabled: false,
          call_to_actions: [{ type: "web_url", title: "Shop", url: "https://x.no" } as const],
        },
      ],
    };
    expect(menusOf(draftOf(menus))).toEqual(menus);
    expect(menusOf(draftOf({}))).toEqual({ get_started: null, greeting: [], ice_breakers: [], persistent_menu: [] });
  });
  it("names what a new question or line says to us, and needs something for everybody else", () => {
    const draft = draftOf({});
    draft.nb_NO!.questions.push({ question: "Hvor er pakken?", payload: "" }, { question: " ", payload: "" });
    draft.nb_NO!.menu.push({ title: "Ordrestatus", url: "", payload: "" });
    expect(lacksDefault(draft)).toBe(true);
    const made = menusOf(draft);
    expect(made.get_started).toBe("GET_STARTED");
    expect(made.ice_breakers?.[0]?.call_to_actions).toEqual([
      { question: "Hvor er pakken?", payload: "HVOR_ER_PAKKEN_" },
    ]);
    expect(made.persistent_menu?.[0]?.call_to_actions).toEqual([
      { type: "postback", title: "Ordrestatus", payload: "ORDRESTATUS" },
    ]);
    expect(previewOf(`Hei, ${NAME}!`, "Kari")).toBe("Hei, Kari!");
  });
});

describe("the badge", () => {
  const badge = (change: Partial<Badge>): Badge => ({
    ...{ connection_id: "p", name: "Fjordnett", channel: "messenger", talks: 20, in_time: 19, later: 1, missed: 0 },
    ...{ open: 0, answer_by: null, share: 0.95, wanted: 0.9, minutes: 15, days: 7, held: true, needed: 0, spare: 1 },
    ...{ median_seconds: 240 },
    ...change,
  });
  it("says what would win or keep it, what waits, and never rounds up to the goal", async () => {
    const list = [
      badge({}),
      badge({ connection_id: "q", share: 0.899, held: false, needed: 4, open: 2, answer_by: "2026-11-25T09:00:00Z" }),
      badge({ connection_id: "r", talks: 0, share: null, held: false, median_seconds: null }),
    ];
    around(<Badges />, { api: { badges: async () => list } });
    await screen.findByText("Råd til ett sent svar");
    expect(screen.getByText("4 til innen 15 minutter gir merket")).toBeTruthy();
    expect(screen.getByText(/^89.%$/)).toBeTruthy();
    expect(screen.getByText(/2 venter/)).toBeTruthy();
    expect(screen.getByText("Ingen har skrevet")).toBeTruthy();
  });
});

describe("posts of our own", () => {
  const post = (change: Partial<PagePost>): PagePost => ({
    ...{ id: "post", connection_id: "p-facebook", page: "Fjordnett", own: true, ad: false, text: "Høstsalg" },
    ...{ link: null, picture: null, url: null, state: "scheduled", scheduled_at: "2026-12-01T09:00:00Z" },
    ...{ published_at: null, agent_id: null, conversation_id: null, error: null, version: 2, created_at: "" },
    ...change,
  });
  const api = (change: object) => ({
    pagePosts: async () => ({ items: [post({})], next_cursor: null }),
    meta: async () => ({ apps: [], pages: [page("facebook"), page("messenger")] }),
    ...change,
  });
  it("are written and published, or put off", async () => {
    const createPost = vi.fn(async (_: object) => post({}));
    around(<Posts />, { api: api({ createPost }) });
    fireEvent.click(await screen.findByRole("button", { name: "Nytt innlegg" }));
    fireEvent.input(screen.getByLabelText("Tekst"), { target: { value: " Hei " } });
    fireEvent.click(screen.getByLabelText("Senere"));
    fireEvent.click(screen.getByRole("button", { name: "Planlegg" }));
    await vi.waitFor(() => expect(createPost).toHaveBeenCalledTimes(1));
    expect(createPost.mock.calls[0]![0]).toMatchObject({
      ...{ connection_id: "p-facebook", text: "Hei", link: null, publish_at: expect.stringMatching(/Z$/) },
    });
  });
  it("are changed with the version that was read, at the same time unless another is chosen", async () => {
    const patchPost = vi.fn(async (_: string, __: object) => post({}));
    around(<Posts />, { api: api({ patchPost }) });
    fireEvent.click(await screen.findByRole("button", { name: "Endre" }));
    fireEvent.input(screen.getByLabelText("Tekst"), { target: { value: "Vintersalg" } });
    fireEvent.click(screen.getByRole("button", { name: "Lagre" }));
    await vi.waitFor(() =>
      expect(patchPost).toHaveBeenCalledWith("post", {
        ...{ version: 2, text: "Vintersalg", publish_at: "2026-12-01T09:00:00.000Z" },
      }),
    );
  });
});
