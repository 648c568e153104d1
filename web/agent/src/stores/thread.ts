// The conversation on the screen: its messages without holes, its contact, who else is there.
import { computed, signal } from "@preact/signals";
import {
  type Api,
  ApiError,
  type Contact,
  type Draft,
  type Message,
  type Relations,
  type Row,
  type VisitorNow,
  type Way,
} from "@svardesk/wire";
import type { RowStore } from "./rows";

/** So many pages are fetched to find a message that somebody wants to see. */
const REACH_PAGES = 20;
const isPublic = (message: Message) => message.kind === "inbound" || message.kind === "answer";

export class ThreadStore {
  readonly state = signal<"loading" | "ready" | "missing" | "failed">("loading");
  readonly messages = signal<readonly Message[]>([]);
  readonly earlier = signal(false);
  readonly loadingEarlier = signal(false);
  readonly contact = signal<Contact | null>(null);
  /** Which contacts are this person, and who else may be. */
  readonly relations = signal<Relations>({ merges: [], suggestions: [] });
  readonly previous = signal<readonly Row[]>([]);
  readonly visitor = signal<VisitorNow | null>(null);
  /** How an answer reaches the customer. */
  readonly way = signal<Way | null>(null);
  readonly visitorTyping = signal<{ preview: string | null } | null>(null);
  /** The line "new since you looked" stands before the first message above this seq. */
  readonly newFrom = signal<number | null>(null);
  /** Highest seq that has been on the agent's screen; answers say that they are based on it. */
  readonly seenSeq = signal(0);
  readonly lastPublicSeq = computed(() => this.messages.value.findLast(isPublic)?.seq ?? 0);
  readonly lastSeq = computed(() => this.messages.value.at(-1)?.seq ?? 0);
  /** Public messages of others that came and have not been on the screen. */
  readonly unseen = computed(() =>
    this.messages.value.filter((message) => isPublic(message) && message.seq > this.seenSeq.value),
  );
  #turn = 0;
  #told = 0;
  #typingTimer: ReturnType<typeof setTimeout> | undefined;
  #behindTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly id: string,
    readonly rows: RowStore,
    readonly api: Api,
    readonly onDraft: (draft: Draft | null) => void = () => undefined,
    readonly onPresence: (
      agents: { agent_id: string; name: string; kind: "looking" | "typing" | "answering" }[],
    ) => void = () => undefined,
  ) {}

  /** Fetches the newest messages and everything beside them; again after every pause of the line. */
  async load(): Promise<void> {
    const turn = ++this.#turn;
    try {
      const detail = await this.api.conversation(this.id);
      if (turn !== this.#turn) return;
      this.rows.upsert(detail.conversation);
      const first = this.state.value !== "ready";
      this.#merge(detail.messages, first ? detail.earlier : null);
      this.contact.value = detail.contact;
      this.relations.value = detail.relations;
      this.previous.value = detail.previous_conversations;
      this.visitor.value = detail.visitor;
      this.way.value = detail.way ?? null;
      for (const row of detail.previous_conversations) this.rows.upsert(row);
      if (first) {
        const read = this.rows.read(this.id).value;
        this.newFrom.value = detail.conversation.last_customer_seq > read ? read : null;
        this.onDraft(detail.draft);
      }
      this.onPresence(detail.presence);
      this.state.value = "ready";
      this.behind(this.#told);
    } catch (error) {
      if (turn !== this.#turn) return;
      const missing = error instanceof ApiError && (error.status === 404 || error.status === 403);
      if (missing) this.gone();
      else if (this.state.value === "loading") this.state.value = "failed";
    }
  }

  /** Deleted, or no longer for these eyes: nothing of it stays on the screen, the person beside it neither. */
  gone(): void {
    this.#turn += 1;
    this.messages.value = [];
    this.contact.value = this.visitor.value = this.visitorTyping.value = null;
    this.way.value = null;
    this.relations.value = { merges: [], suggestions: [] };
    this.previous.value = [];
    this.state.value = "missing";
  }

  dispose(): void {
    this.#turn += 1;
    clearTimeout(this.#typingTimer);
    clearTimeout(this.#behindTimer);
  }

  async loadEarlier(): Promise<void> {
    const first = this.messages.value[0];
    if (!first || !this.earlier.value || this.loadingEarlier.value) return;
    this.loadingEarlier.value = true;
    try {
      const page = await this.api.earlierMessages(this.id, first.seq);
      this.#merge(page.messages, page.earlier);
    } finally {
      this.loadingEarlier.value = false;
    }
  }

  /** Fetches earlier messages until that one is here. Returns whether it is. */
  async reach(id: string): Promise<boolean> {
    const here = () => this.messages.value.some((message) => message.id === id);
    for (let page = 0; page < REACH_PAGES && !here() && this.earlier.value; page++) {
      const first = this.messages.value[0]?.seq;
      await this.loadEarlier();
      if (this.messages.value[0]?.seq === first) break;
    }
    return here();
  }

  /** A frame or the answer to a request. Returns false when older than what is known. */
  take(message: Message): boolean {
    if (message.conversation_id !== this.id) return false;
    const known = this.messages.value.find((each) => each.id === message.id);
    if (known && known.version > message.version) return false;
    const last = this.lastSeq.value;
    if (!known && this.state.value === "ready" && message.seq > last + 1) {
      // Something between was missed (a frame lost with a broken line): fetch rather than show a hole.
      void this.load();
    }
    this.#merge([message], null);
    if (message.kind === "inbound") this.visitorTyping.value = null;
    // Another program has the conversation now, or we do: answers go another way.
    if (!known && message.details?.type === "owner_changed" && this.state.value === "ready") void this.#lookForWay();
    return true;
  }

  /**
   * The row tells of messages up to `seq`. Their own frames come in the same moment; one that was told before this tab was
   * known to have the conversation open never comes, so what is still missing then is fetched.
   */
  behind(seq: number): void {
    if (seq <= this.lastSeq.value) return;
    this.#told = Math.max(this.#told, seq);
    if (this.state.value !== "ready") return;
    clearTimeout(this.#behindTimer);
    this.#behindTimer = setTimeout(() => {
      const missing = this.#told > this.lastSeq.value;
      this.#told = 0;
      if (missing) void this.load();
    }, 400);
  }

  saw(seq: number): void {
    if (seq > this.seenSeq.value) this.seenSeq.value = seq;
  }

  setVisitorTyping(typing: boolean, preview: string | null): void {
    clearTimeout(this.#typingTimer);
    this.visitorTyping.value = typing ? { preview } : null;
    // "Stopped" may be lost with the visitor's line.
    if (typing) this.#typingTimer = setTimeout(() => this.setVisitorTyping(false, null), 8_000);
  }

  async #lookForWay(): Promise<void> {
    const turn = this.#turn;
    try {
      const way = await this.api.way(this.id);
      if (turn === this.#turn) this.way.value = way ?? null;
    } catch (error) {
      console.warn("way", error);
    }
  }

  #merge(added: readonly Message[], earlier: boolean | null): void {
    const byId = new Map(this.messages.value.map((message) => [message.id, message]));
    const lowest = this.messages.value[0]?.seq;
    for (const message of added) {
      const known = byId.get(message.id);
      if (known && known.version > message.version) continue;
      // Only the author's own answers carry the client id; a frame to all must not take it away.
      byId.set(message.id, { ...message, client_id: message.client_id ?? known?.client_id ?? null });
    }
    let merged = [...byId.values()].sort((a, b) => a.seq - b.seq);
    const from = added[0]?.seq;
    if (earlier === null && lowest !== undefined && from !== undefined && added.length > 1) {
      // After a long absence the newest page may not touch what we had: keep the part without a hole.
      const held = this.messages.value.at(-1)?.seq ?? 0;
      if (from > held + 1) {
        merged = merged.filter((message) => message.seq >= from);
        this.earlier.value = true;
      }
    }
    this.messages.value = merged;
    if (earlier !== null) this.earlier.value = earlier;
  }
}
