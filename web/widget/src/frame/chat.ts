import { computed, effect } from "@preact/signals-core";
import type { Attributes, Page, ToFrame, ToPage } from "../shared/protocol";
import { Api, type Refused } from "./api";
import { Attachments } from "./attachments";
import { fitting } from "./attributes";
import { entriesOf } from "./entries";
import { alone, Keep } from "./keep";
import { Link } from "./link";
import { Outbox } from "./outbox";
import { Sender } from "./sender";
import { ChatStore } from "./store";
import type { Boot, Frame, OutboxItem, OutFile, Session } from "./types";
import { uuid7 } from "./uuid7";

const TYPING_EVERY = 3_000;
const TYPING_ENDS = 5_000;

/** Ties store, outbox, sender and line together; the verbs that the screen calls are here. */
export class Chat {
  readonly store = new ChatStore();
  readonly entries = computed(() => entriesOf(this.store));
  readonly api = new Api();
  readonly attachments = new Attachments(this.api, () => this.store.limits.value);
  readonly keep: Keep;
  readonly outbox: Outbox;
  readonly sender: Sender;
  readonly link: Link;
  page: Page = { url: "", title: "" };
  #userToken: string | undefined;
  #attributes: Attributes | undefined;
  #tabs: BroadcastChannel | undefined;
  #typedAt = 0;
  #typingEnd: ReturnType<typeof setTimeout> | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #tries = 0;
  #resetting: Promise<void> | null = null;
  /** Counts the visitors of this page: what was asked for one of them is nothing to the next. */
  #era = 0;

  constructor(
    readonly boot: Boot,
    readonly tell: (message: ToPage) => void,
  ) {
    const name = `svardesk:${boot.widget}`;
    this.keep = new Keep(`${name}:`);
    this.outbox = new Outbox(name);
    this.sender = new Sender(this.api, this.outbox, `${name}:outbox`, {
      page: () => this.page,
      sent: (message) => this.store.upsert(message),
      changed: () => this.#changed(),
      renew: () => this.#renew(),
    });
    this.link = new Link(`${location.origin.replace(/^http/, "ws")}/widget/v1/socket`, {
      hello: () => {
        const token = this.api.token;
        return token === null ? null : { t: "hello", token, resume: this.store.resume, parent: boot.parent };
      },
      frame: (frame) => this.#frame(frame),
      line: (line) => {
        this.store.line.value = line;
      },
      poll: async () => {
        await this.#fetch();
        await this.sender.flush();
      },
    });
    try {
      this.#tabs = new BroadcastChannel(name);
      this.#tabs.onmessage = (event) => {
        if (event.data !== "reset") return void this.#reload();
        this.#forget();
        if (this.store.shown.value) void this.begin();
      };
    } catch {
      // refused together with storage: each tab then hears the others by its own socket
    }
    addEventListener("online", () => {
      this.store.online.value = true;
      this.link.hurry();
      void this.sender.flush();
    });
    addEventListener("offline", () => {
      this.store.online.value = false;
      this.link.cut();
    });
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.link.hurry();
      this.#report();
    });
    this.store.online.value = navigator.onLine;
    effect(() => this.tell({ t: "unread", count: this.store.unread.value }));
    effect(() => {
      // Not before it is known: the page remembers it for its next page.
      const on = this.store.talking.value;
      if (on || this.store.phase.value === "ready") this.tell({ t: "talking", on });
    });
    effect(() => {
      // read by the effect: each of them may change what is to be reported
      void [this.store.shown.value, this.store.lastTheirs.value, this.store.line.value];
      this.#report();
    });
  }

  /** Takes what the page says. `init` starts the session: nothing is fetched or stored before. */
  heard(message: ToFrame): void {
    const { store } = this;
    switch (message.t) {
      case "init":
        this.page = message.page;
        this.#userToken = message.token;
        this.#attributes = message.attributes;
        store.shown.value = message.shown;
        store.modal.value = message.modal;
        void this.#reload();
        void this.begin();
        break;
      case "shown":
        store.shown.value = true;
        store.modal.value = message.modal;
        // After a reset there is no session until the visitor wants one again.
        if (store.phase.value === "starting") void this.begin();
        else this.link.hurry();
        break;
      case "hidden":
        store.shown.value = false;
        break;
      case "user":
        this.#userToken = message.token;
        void this.begin();
        break;
      case "attributes":
        this.#attributes = message.attributes;
        if (store.phase.value === "ready") void this.#fetch().catch(() => {});
        break;
      case "page":
        this.page = message.page;
        this.link.send({ t: "page", ...message.page });
        break;
      case "reset":
        this.#resetting = this.reset();
    }
  }

  /** Opens the session and the line, and sends what still waits from an earlier page. */
  async begin(): Promise<void> {
    clearTimeout(this.#retry);
    await this.#resetting;
    try {
      await this.#fetch();
    } catch (error) {
      const refused = error as Refused;
      if (refused.status === 403 || refused.status === 404) {
        this.store.phase.value = "refused";
        return;
      }
      if (this.store.phase.value === "starting") this.store.phase.value = "failed";
      const pause = Math.max(Math.min(30_000, 1_000 * 2 ** this.#tries++), (refused.retryAfter ?? 0) * 1000);
      this.#retry = setTimeout(() => void this.begin(), pause);
      return;
    }
    this.#tries = 0;
    this.link.start();
    await this.sender.flush();
  }

  /** Puts a message into the outbox; it shows at once and goes out as soon as the line allows. */
  async send(body: string, files: OutFile[] = this.attachments.take()): Promise<void> {
    this.#typing(false);
    const item = { client_id: uuid7(), body, files, created_at: new Date().toISOString(), failed: null };
    // Files that are already at the desk need no bytes kept here.
    const kept = await this.outbox.add({ ...item, files: files.map((f) => (f.id ? { ...f, blob: undefined } : f)) });
    this.store.outbox.value = [...this.store.outbox.value, kept];
    this.tell({ t: "event", name: "sent", detail: {} });
    await this.#changed();
    await this.sender.flush();
  }

  /** Fetches what was said before the first message that is here; nothing when the desk does not answer. */
  async earlier(): Promise<Pick<Session, "messages" | "earlier"> | undefined> {
    const [first] = this.store.messages.value;
    const page = await this.api.earlier(first?.seq ?? 0).catch(() => undefined);
    // Another conversation may stand here by now.
    return this.store.messages.value[0]?.id === first?.id ? page : undefined;
  }

  async retry(item: OutboxItem): Promise<void> {
    await this.outbox.update({ ...item, failed: null });
    await this.#changed();
    await this.sender.flush();
  }

  async discard(item: OutboxItem): Promise<void> {
    await this.outbox.remove(item.n);
    await this.#changed();
  }

  /** The visitor wrote something: tell the agents, at most every few seconds; silence or an empty box ends it. */
  typed(text: string): void {
    this.keep.set("draft", text || null);
    this.#typing(text.trim() !== "");
  }

  /** A claimed address by which the desk may reach the visitor later. Throws `Refused`. */
  async leaveAddress(address: string): Promise<void> {
    await this.api.address(address.includes("@") ? { email: address } : { phone: address });
    this.store.addressKnown.value = true;
  }

  /** Forgets everything about this visitor in this browser, in all its tabs, and ends the session at the desk. */
  async reset(): Promise<void> {
    this.api.token = this.keep.get("token");
    const ended = this.api.token && this.api.reset().catch(() => {});
    this.#forget();
    for (const name of ["token", "draft"]) this.keep.set(name, null);
    await this.outbox.clear();
    this.#tabs?.postMessage("reset");
    await ended;
  }

  #forget(): void {
    this.link.stop();
    this.sender.stop();
    clearTimeout(this.#retry);
    this.#era++;
    this.api.token = null;
    this.#userToken = this.#attributes = undefined;
    this.attachments.take();
    this.store.clear();
  }

  #typing(on: boolean): void {
    clearTimeout(this.#typingEnd);
    const now = Date.now();
    if (on) {
      this.#typingEnd = setTimeout(() => this.#typing(false), TYPING_ENDS);
      if (now - this.#typedAt < TYPING_EVERY) return;
      this.#typedAt = now;
    } else {
      if (!this.#typedAt) return;
      this.#typedAt = 0;
    }
    this.link.send({ t: "typing", on });
  }

  #frame(frame: Frame): void {
    const theirs = this.store.lastTheirs.value;
    if (!this.store.apply(frame)) {
      if (frame.t === "gone") this.keep.set("token", null);
      void this.#fetch()
        .then(() => frame.t === "gone" && this.link.start())
        .catch(() => this.link.cut());
    }
    if (frame.t === "caught_up" || frame.t === "welcome") void this.sender.flush();
    if (frame.t === "message" && this.store.lastTheirs.value > theirs) {
      const { author, created_at } = frame.message;
      this.tell({ t: "event", name: "message", detail: { from: author.name ?? null, at: created_at } });
    }
  }

  /** A fresh snapshot. Tabs take turns, so that two that open at once share one visitor instead of making two. */
  async #fetch(): Promise<void> {
    const { boot, keep, store } = this;
    const era = this.#era;
    let sent: Attributes | undefined;
    await alone(`svardesk:${boot.widget}:session`, async () => {
      sent = this.#attributes;
      const known = keep.get("token");
      const body: Record<string, unknown> = {
        widget: boot.widget,
        locale: boot.locale,
        parent: boot.parent,
        page: this.page,
      };
      if (known) body.visitor_token = known;
      if (sent) body.attributes = fitting(sent);
      if (this.#userToken) body.user_token = this.#userToken;
      const session = await this.api.session(body).catch((error: Refused) => {
        if (error.status !== 401) throw error;
        // Either proof may have run out. The chat goes on with what is left, and the page may sign a new one.
        if (this.#userToken) this.tell({ t: "event", name: "user_refused", detail: { code: error.code } });
        else if (known) keep.set("token", null);
        delete body[this.#userToken ? "user_token" : "visitor_token"];
        this.#userToken = undefined;
        return this.api.session(body);
      });
      if (era !== this.#era) return;
      const token = session.visitor_token || known;
      this.api.token = token;
      keep.set("token", token);
      // The session is this person's now; the short-lived proof is not needed again.
      if (this.#userToken && session.identified) this.tell({ t: "event", name: "identified", detail: {} });
      this.#userToken = undefined;
      store.replace(session);
    });
    // The page said something else meanwhile.
    if (this.#attributes && this.#attributes !== sent) await this.#fetch();
  }

  async #renew(): Promise<boolean> {
    const before = this.api.token;
    try {
      await this.#fetch();
    } catch {
      return false;
    }
    if (this.api.token === before) return false;
    this.link.start();
    return true;
  }

  /** Tells the desk how far its messages came: delivered when they are here, read when they are looked at. */
  #report(): void {
    const { store } = this;
    const seq = store.lastTheirs.value;
    const looking = store.shown.value && !document.hidden;
    const { reported } = store;
    if (looking && seq > store.readSeq.value) store.readSeq.value = seq;
    const read = looking && seq > reported.read;
    if (!seq || (!read && seq <= reported.delivered) || store.phase.value !== "ready") return;
    const t = read ? "read" : "delivered";
    const said = this.link.send({ t, seq });
    if (!said && store.line.value === "polling") void this.api.receipts({ [`${t}_seq`]: seq }).catch(() => {});
    else if (!said) return; // told when the line is back
    reported.delivered = seq;
    if (read) reported.read = seq;
  }

  async #changed(): Promise<void> {
    await this.#reload();
    this.#tabs?.postMessage("outbox");
  }

  async #reload(): Promise<void> {
    this.store.outbox.value = await this.outbox.list();
  }
}
