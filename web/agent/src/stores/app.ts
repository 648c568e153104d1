// Puts the stores together: which list and which conversation are open, where each frame goes.
import { batch, computed, effect, signal, untracked } from "@preact/signals";
import { ToastStore } from "@svardesk/ui";
import { Api, type ClientFrame, Http, type Row, type ServerFrame } from "@svardesk/wire";
import { errorText } from "../errors";
import { known, loadLocale, locale, t } from "../i18n";
import { unnamed } from "../names";
import { ALL, Router } from "../router";
import { heardTime, left } from "../time";
import { ClosingStore } from "./closing";
import { ComposerStore } from "./composer";
import { CountsStore } from "./counts";
import { DeliveryStore, type PendingEntry } from "./delivery";
import { DirectoryStore } from "./directory";
import { ListStore, type Viewer } from "./list";
import { LiveStore } from "./live";
import { MailboxStore } from "./mailboxes";
import { MetaStore } from "./meta";
import { Notifier } from "./notify";
import { PrefsStore } from "./prefs";
import { PresenceStore } from "./presence";
import { ROWS_KEPT, RowStore } from "./rows";
import { SearchStore } from "./search";
import { SessionStore } from "./session";
import { ThreadStore } from "./thread";

const AGAIN_MS = 5_000;

export class AppStore {
  readonly api: Api;
  readonly session: SessionStore;
  readonly rows = new RowStore();
  readonly directory: DirectoryStore;
  readonly counts: CountsStore;
  readonly mailboxes: MailboxStore;
  readonly meta: MetaStore;
  readonly delivery: DeliveryStore;
  readonly presence: PresenceStore;
  readonly live: LiveStore;
  readonly search: SearchStore;
  readonly prefs = new PrefsStore();
  readonly router = new Router();
  readonly toasts = new ToastStore();
  readonly notifier: Notifier;
  /** Customers who wait while the time for an answer runs out. */
  readonly closing: ClosingStore;
  readonly list = signal<ListStore | null>(null);
  readonly thread = signal<ThreadStore | null>(null);
  readonly composer = signal<ComposerStore | null>(null);
  /** Which overlay is open. */
  readonly overlay = signal<"help" | "save-view" | "change-view" | "snooze" | null>(null);
  readonly pickers = { assign: signal(false), tags: signal(false), snooze: signal(false) };
  readonly openId = computed(() => {
    const route = this.router.route.value;
    return route.page === "inbox" || route.page === "search" ? route.conversation : null;
  });
  readonly #composers = new Map<string, ComposerStore>();
  #stops: (() => void)[] = [];
  #again: ReturnType<typeof setTimeout> | undefined;
  #owner: string | null = null;
  /** What waited to be sent has been read from the browser. */
  #started: Promise<void> = Promise.resolve();

  constructor(base = "/api/v1") {
    this.api = new Api(
      new Http({ base, fetch: timed, onSignedOut: () => this.session.lost(), onStale: () => this.session.renew() }),
    );
    this.session = new SessionStore(this.api);
    this.directory = new DirectoryStore(this.api);
    this.counts = new CountsStore(this.api);
    this.mailboxes = new MailboxStore(this.api);
    this.meta = new MetaStore(this.api);
    this.search = new SearchStore(this.api, (hits) => {
      for (const hit of hits) this.rows.upsert(hit.conversation);
    });
    this.delivery = new DeliveryStore(
      this.api,
      (posted) => {
        this.rows.upsert(posted.conversation);
        const thread = this.thread.value;
        if (thread?.id === posted.message.conversation_id) {
          thread.take(posted.message);
          thread.saw(posted.message.seq);
        }
      },
      (id) => {
        if (this.thread.value?.id === id) void this.thread.value.load();
      },
      undefined,
      (entry) => void this.#draftSent(entry).catch((error) => console.warn("draft", error)),
    );
    this.live = new LiveStore({
      url: () => `${location.origin.replace(/^http/, "ws")}${base}/socket`,
      onFrame: (frame) => batch(() => this.#frame(frame)),
      onWelcome: () => this.#welcome(),
      onSignedOut: () => this.session.lost(),
    });
    this.presence = new PresenceStore(
      () => this.session.me.value?.agent.id ?? null,
      (what, id) => this.live.say({ t: what, conversation_id: id } as ClientFrame),
    );
    this.notifier = new Notifier({
      prefs: this.prefs,
      concerns: ({ row }) => this.#concerns(row),
      looking: (id) => document.visibilityState === "visible" && document.hasFocus() && this.openId.value === id,
      words: ({ row }) => ({ title: row.contact.name ?? t("contact.unnamed"), body: row.preview ?? "" }),
      open: (id) => this.openConversation(id),
    });
    this.closing = new ClosingStore(
      this.rows,
      (row) => this.#concerns(row),
      (row, leftMs) =>
        this.notifier.warn(
          row,
          t("notify.closing_title", { name: row.contact.name ?? unnamed(row.channel) }),
          t("notify.closing", { left: left(leftMs) }),
        ),
    );
  }

  async start(): Promise<void> {
    await this.session.check();
    // Everything that follows from being signed in, now and after every later sign-in.
    effect(() => {
      const id = this.session.me.value?.agent.id ?? null;
      const now = this.session.state.value === "in" ? id : null;
      untracked(() => {
        if (this.#stops.length && now !== this.#owner) this.#leave();
        if (now) this.#enter(now);
      });
    });
  }

  // -- the open list and conversation follow the address

  #enter(agentId: string): void {
    if (this.#stops.length) return;
    if (this.#owner !== agentId) this.#composers.clear();
    this.#owner = agentId;
    for (const composer of this.#composers.values()) void composer.flush();
    const mine = known(this.session.me.peek()?.agent.locale);
    if (mine && mine !== locale.peek()) void loadLocale(mine);
    this.live.start();
    void this.directory.load();
    void this.counts.load();
    this.#started = this.delivery.start(agentId);
    const hidden = () => {
      if (document.visibilityState === "hidden") void this.composer.value?.flush();
      else this.delivery.flush();
    };
    document.addEventListener("visibilitychange", hidden);
    this.#stops = [
      effect(() => this.#followList()),
      effect(() => this.#followThread()),
      // Owners are told when a mailbox or a page does not work; others may not ask.
      effect(() => (this.session.may("channels.watch") ? this.mailboxes.start() : this.mailboxes.stop())),
      effect(() => (this.session.may("channels.manage") ? this.meta.start() : this.meta.stop())),
      // What is only being loaded for the first time is no news; of such rows only frames are (see #frame).
      this.rows.follow({
        changed: (change) => change.before && this.notifier.changed(change),
        gone: () => undefined,
      }),
      this.closing.start(),
      () => document.removeEventListener("visibilitychange", hidden),
    ];
  }

  #leave(): void {
    clearTimeout(this.#again);
    for (const stop of this.#stops) stop();
    this.#stops = [];
    this.live.stop();
    this.mailboxes.stop();
    this.meta.stop();
    this.live.link.resume = null;
    this.delivery.stop();
    this.presence.leave();
    this.#closeThread();
    this.list.value?.dispose();
    this.list.value = null;
    // A session may end while somebody writes: their words wait here until they are back.
    for (const [id, composer] of this.#composers) if (!composer.unsaved) this.#composers.delete(id);
    for (const row of [...this.rows.all()]) this.rows.gone(row.id);
    // Whoever signs in here next may be somebody else: nothing that this one could see waits for them.
    this.search.set("");
    this.directory.clear();
    this.counts.counts.value = {};
    this.toasts.list.value = [];
    this.overlay.value = null;
  }

  viewer(): Viewer {
    const me = this.session.me.peek();
    return { agentId: me?.agent.id ?? "", teamIds: (me?.teams ?? []).map((team) => team.id) };
  }

  #followList(): void {
    const route = this.router.route.value;
    if (route.page !== "inbox") return;
    const saved = this.directory.view(route.viewId);
    if (route.viewId && !saved) {
      // Deleted meanwhile, or not shared any more.
      if (this.directory.viewsLoaded.value)
        this.router.go({ ...ALL, conversation: route.conversation }, { replace: true });
      return;
    }
    const filters = saved && !route.edited ? saved.filters : { ...route.filters, view: route.view };
    const viewId = route.edited ? null : route.viewId;
    const current = this.list.peek();
    if (current && current.viewId === viewId && same(current.filters, filters)) return;
    current?.dispose();
    const list = new ListStore(filters, viewId, this.viewer(), this.rows, this.api, (resume) =>
      this.live.link.adopt(resume),
    );
    this.list.value = list;
    void list.load();
  }

  #followThread(): void {
    const id = this.openId.value;
    const current = this.thread.peek();
    if (current?.id === id) return;
    this.#closeThread();
    if (!id) return;
    const waits = (body: string) =>
      this.delivery.entries.peek().some((each) => each.lane === id && each.body.body === body);
    const composer = this.#composers.get(id) ?? new ComposerStore(id, this.api, waits);
    this.#composers.set(id, composer);
    const thread = new ThreadStore(
      id,
      this.rows,
      this.api,
      (draft) => void this.#started.then(() => composer.take(draft)),
      (agents) => this.presence.set(id, agents),
    );
    batch(() => {
      this.composer.value = composer;
      this.thread.value = thread;
    });
    this.live.say({ t: "open", conversation_id: id });
    this.presence.enter(id);
    void thread.load();
  }

  #closeThread(): void {
    const thread = this.thread.peek();
    if (!thread) return;
    thread.dispose();
    this.presence.leave();
    this.live.say({ t: "close_conversation", conversation_id: thread.id });
    const composer = this.composer.peek();
    void composer?.flush().then(() => {
      // A draft that could not be saved yet stays in memory until it can.
      if (composer.saved.value !== "dirty" && this.thread.value?.id !== composer.conversationId)
        this.#composers.delete(composer.conversationId);
    });
    batch(() => {
      this.thread.value = null;
      this.composer.value = null;
    });
  }

  /** The desk keeps a draft until it is thrown away; this one is a message now, or is not wanted any more. */
  async #draftSent({ lane, body }: PendingEntry): Promise<void> {
    const composer = this.#composers.get(lane);
    if (composer) return composer.done();
    // The conversation is not open any more, or the page was loaded again meanwhile.
    const { draft } = await this.api.conversation(lane);
    if (draft?.body.trim() === body.body) await this.api.deleteDraft(lane);
  }

  // -- frames

  #welcome(): void {
    const thread = this.thread.peek();
    if (thread) {
      this.live.say({ t: "open", conversation_id: thread.id });
      this.presence.enter(thread.id);
      if (thread.state.peek() !== "loading") void thread.load();
    }
    this.counts.changed();
    this.mailboxes.changed();
    this.delivery.flush();
    const list = this.list.peek();
    if (list?.state.peek() === "failed") void list.load();
  }

  #frame(frame: ServerFrame): void {
    const thread = this.thread.peek();
    switch (frame.t) {
      case "conversation":
        if (!this.rows.get(frame.row.id)) this.notifier.changed({ row: frame.row, before: undefined });
        this.rows.upsert(frame.row);
        if (thread?.id === frame.row.id) {
          // It was out of sight and is back, as from a closed team.
          if (thread.state.peek() === "missing") void thread.load();
          thread.behind(frame.row.last_seq);
        }
        if (this.rows.size > ROWS_KEPT)
          this.rows.prune(new Set([...(this.list.peek()?.ids.peek() ?? []), thread?.id ?? ""]));
        break;
      case "conversation_gone":
        this.rows.gone(frame.id);
        if (thread?.id === frame.id) thread.gone();
        break;
      case "message":
        this.delivery.confirmed(frame.message.client_id);
        thread?.take(frame.message);
        break;
      case "read":
        this.rows.markRead(frame.conversation_id, frame.seq);
        break;
      case "draft_changed":
        void this.#composers.get(frame.conversation_id)?.changedElsewhere(frame.version);
        break;
      case "presence":
        this.presence.set(frame.conversation_id, frame.agents);
        break;
      case "visitor_typing":
        if (thread?.id === frame.conversation_id) thread.setVisitorTyping(frame.typing, frame.preview);
        break;
      case "visitor":
        if (thread?.id === frame.conversation_id)
          thread.visitor.value = {
            locale: null,
            attributes: {},
            signed_attributes: {},
            ...thread.visitor.value,
            ...frame,
          };
        break;
      case "contact":
        if (thread?.id === frame.conversation_id && thread.state.peek() !== "loading") void thread.load();
        break;
      case "agent":
        this.directory.agentChanged(frame.id, frame.availability, frame.name);
        break;
      case "connections_changed":
        this.mailboxes.changed();
        // Whether an answer goes out from here may be another matter now.
        if (thread?.way.peek() && thread.state.peek() === "ready") void thread.load();
        break;
      case "counts_changed":
        this.counts.changed();
        break;
      case "mention":
        this.#mentioned(frame.conversation_id);
        break;
      case "welcome":
        // Somebody else has signed in with this browser while this page slept.
        if (frame.agent_id !== this.session.me.peek()?.agent.id) void this.session.check();
        break;
      case "caught_up":
      case "signed_out":
      case "ping":
        break;
      case "error":
        console.warn("socket", frame.code, frame.message);
        break;
      case "refetch":
        void (frame.reason === "rights" ? this.#newRights() : this.refetch());
        break;
      default:
        // A frame of a newer server that this tab does not know: read everything again.
        void this.refetch();
    }
  }

  /** What is on the screen stays until the new snapshot is there, then goes wherever the snapshot lacks it. */
  async refetch(): Promise<void> {
    clearTimeout(this.#again);
    this.rows.markStale();
    this.presence.clear();
    const list = this.list.peek();
    const thread = this.thread.peek();
    const [loaded] = await Promise.all([list?.load(), thread?.load(), this.counts.load(), this.directory.load()]);
    if (list && this.list.peek() !== list) return;
    if (loaded) this.rows.sweepStale(new Set(thread ? [thread.id] : []));
    // What stands there is known to be old: nobody should have to notice and ask.
    else if (list) this.#again = setTimeout(() => void this.refetch(), AGAIN_MS);
  }

  /** Role or teams have changed: what belongs into a list is another question now. */
  async #newRights(): Promise<void> {
    await this.session.check();
    this.list.peek()?.dispose();
    this.list.value = null;
    for (const row of [...this.rows.all()]) this.rows.gone(row.id);
    this.#followList();
    await this.refetch();
  }

  #mentioned(id: string): void {
    if (this.openId.value === id && document.hasFocus()) return;
    const name = this.rows.get(id)?.contact.name ?? t("contact.unnamed");
    const text = t("notify.mention", { name });
    this.toasts.say(text, { action: { label: t("action.open"), run: () => this.openConversation(id) }, forMs: 9_000 });
    this.notifier.call(id, t("notify.mention_title"), text);
  }

  #concerns(row: Row): boolean {
    const viewer = this.viewer();
    if (row.assignee_id) return row.assignee_id === viewer.agentId;
    return row.team_id === null || viewer.teamIds.includes(row.team_id);
  }

  // -- small verbs of the interface

  openConversation(id: string | null): void {
    const route = this.router.route.value;
    if (route.page === "inbox" || route.page === "search") this.router.go({ ...route, conversation: id });
    else if (id) this.router.go({ ...ALL, conversation: id });
  }

  /** Carries something out and says so when it was refused. Returns whether it went well. */
  async attempt(work: () => Promise<unknown>, done?: string): Promise<boolean> {
    try {
      await work();
      if (done) this.toasts.say(done);
      return true;
    } catch (error) {
      this.toasts.say(errorText(error), { bad: true });
      return false;
    }
  }
}

/** Every answer tells what time it is at the server. */
const timed: typeof fetch = async (input, init) => {
  const asked = Date.now();
  const response = await globalThis.fetch(input, init);
  heardTime(response.headers.get("Date"), asked, Date.now());
  return response;
};

function same(a: object, b: object): boolean {
  const text = (object: object) =>
    JSON.stringify(
      Object.entries(object)
        .filter(([, v]) => v !== undefined)
        .sort(),
    );
  return text(a) === text(b);
}
