// Answers and notes on their way: written down in the browser first, sent in order, shown at once.
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import {
  type Addressing,
  type Api,
  ApiError,
  IndexedDbStorage,
  NetworkError,
  type NewMessage,
  Outbox,
  type OutboxEntry,
  type OutboxStorage,
  type Posted,
  type UploadedFile,
  type Verdict,
} from "@svardesk/wire";

export interface Pending {
  kind: "answer" | "note";
  body: string;
  files: UploadedFile[];
  mention_ids: string[];
  based_on_seq: number;
  confirm: boolean;
  /** What the conversation is after an answer. */
  after?: "waiting" | "closed";
  /** To whom, where the channel has addresses and the agent chose. */
  addressing?: Addressing | null;
  /** Not before then. */
  send_at?: string | null;
  /** Which comment it answers, where everybody reads it; null: the post itself. */
  reply_to?: string | null;
  /** To the author of this comment alone. */
  private_to?: string;
}

export type PendingEntry = OutboxEntry<Pending>;

export class DeliveryStore {
  readonly entries = signal<readonly PendingEntry[]>([]);
  readonly #outbox: Outbox<Pending>;
  /** Seq of our own last answer in a conversation and what that one was based on. */
  readonly #own = new Map<string, { basedOn: number; seq: number }>();
  readonly #byConversation = new Map<string, ReadonlySignal<readonly PendingEntry[]>>();

  constructor(
    readonly api: Api,
    readonly onPosted: (posted: Posted) => void,
    /** Something newer exists: the open conversation should show it. */
    readonly onNewer: (conversationId: string) => void = () => undefined,
    storage: OutboxStorage<Pending> = new IndexedDbStorage("svardesk-agent"),
    /** A message has left the outbox: it is at the desk, or was thrown away. */
    readonly onGone: (entry: PendingEntry) => void = () => undefined,
  ) {
    this.#outbox = new Outbox<Pending>({
      storage,
      send: (entry) => this.#send(entry),
      onChange: (entries) => {
        this.entries.value = entries;
      },
    });
  }

  start(owner: string): Promise<void> {
    return this.#outbox.start(owner);
  }
  stop(): void {
    this.#outbox.stop();
  }
  flush(): void {
    this.#outbox.flush();
  }

  /** What is under way in one conversation, oldest first. */
  of(conversationId: string): ReadonlySignal<readonly PendingEntry[]> {
    let found = this.#byConversation.get(conversationId);
    if (!found) {
      found = computed(() => this.entries.value.filter((entry) => entry.lane === conversationId));
      this.#byConversation.set(conversationId, found);
    }
    return found;
  }

  send(conversationId: string, message: Pending): string {
    const clientId = crypto.randomUUID();
    void this.#outbox.add(conversationId, clientId, message);
    return clientId;
  }

  /** Try again as it is, or, after the warning was read, send it although something newer exists. */
  again(clientId: string, confirm: boolean): Promise<void> {
    return this.#outbox.again(clientId, (body) => ({ ...body, confirm: body.confirm || confirm }));
  }

  async discard(clientId: string): Promise<PendingEntry | null> {
    const entry = await this.#outbox.discard(clientId);
    if (entry) this.onGone(entry);
    return entry;
  }

  /** A message frame of our own may come before the answer to the request: then the entry has done its work. */
  confirmed(clientId: string | null | undefined): void {
    if (clientId && this.entries.peek().some((entry) => entry.client_id === clientId)) void this.discard(clientId);
  }

  async #send(entry: PendingEntry): Promise<Verdict> {
    const { files, based_on_seq: basedOn, after, private_to: privateTo, ...body } = entry.body;
    // Written in one go, the second answer is newer than the first only through ourselves.
    const own = this.#own.get(entry.lane);
    const based_on_seq = own && basedOn >= own.basedOn ? Math.max(own.seq, basedOn) : basedOn;
    try {
      const file_ids = files.map((file) => file.id);
      const message: NewMessage = { ...body, client_id: entry.client_id, file_ids, based_on_seq };
      // biome-ignore lint/suspicious/noThenProperty: the wire's name for it; a string is never called
      if (after) message.then = after;
      const reply = { client_id: entry.client_id, body: body.body };
      const posted = privateTo
        ? // biome-ignore lint/suspicious/noThenProperty: see above
          await this.api.privateReply(privateTo, after ? { ...reply, then: after } : reply)
        : await this.api.post(entry.lane, message);
      if (body.kind === "answer") this.#own.set(entry.lane, { basedOn, seq: posted.message.seq });
      this.onPosted(posted);
      this.onGone(entry);
      return { kind: "sent" };
    } catch (error) {
      return this.#verdict(error, entry.lane);
    }
  }

  #verdict(error: unknown, conversationId: string): Verdict {
    if (error instanceof ApiError) {
      const reason = { code: error.code, message: error.message, fields: error.fields };
      if (error.code === "newer_exists" || error.code === "answer_locked") {
        this.onNewer(conversationId);
        return { kind: "held", reason };
      }
      // Signed out on the way: it waits for the next sign-in. A new CSRF token comes with it.
      if (error.status === 401 || error.code === "csrf") return { kind: "later", afterMs: 5_000 };
      if (error.passing)
        return error.retryAfter ? { kind: "later", afterMs: error.retryAfter * 1000 } : { kind: "later" };
      return { kind: "failed", reason };
    }
    if (!(error instanceof NetworkError)) console.error(error);
    return { kind: "later" };
  }
}
