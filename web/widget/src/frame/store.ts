import { batch, computed, signal } from "@preact/signals-core";
import type { Line } from "./link";
import type { Frame, Limits, Message, OutboxItem, ReceiptState, Session } from "./types";

export type OwnState = ReceiptState | "sending" | "waiting" | "failed";

const RANK: ReceiptState[] = ["sent", "delivered", "read"];
const TYPING = 8_000;

/**
 * Everything that the chat shows, as signals. It knows neither network nor screen: snapshots and frames go in, and a
 * stale state plus the frames after it equals a fresh snapshot.
 */
export class ChatStore {
  readonly phase = signal<"starting" | "ready" | "refused" | "failed">("starting");
  readonly line = signal<Line>("connecting");
  readonly online = signal(true);
  /** The panel is open in front of the visitor. */
  readonly shown = signal(false);
  readonly modal = signal(false);
  readonly messages = signal<readonly Message[]>([]);
  /** The desk has messages before these. */
  readonly earlier = signal(false);
  readonly outbox = signal<readonly OutboxItem[]>([]);
  /** The half-written message. */
  readonly text = signal("");
  readonly conversation = signal<string | null>(null);
  readonly status = signal<string | null>(null);
  readonly typing = signal<string | null>(null);
  readonly agentsOnline = signal(true);
  readonly awayText = signal<string | null>(null);
  readonly replyTime = signal<string | null>(null);
  readonly addressKnown = signal(false);
  readonly identified = signal(false);
  readonly limits = signal<Limits>({ max_text: 8000, max_file: 10_485_760, max_files: 10, file_types: [] });
  /** Up to which of the desk's messages the visitor has read. */
  readonly readSeq = signal(0);
  readonly receipts = signal({ delivered: 0, read: 0 });
  /** How far the desk has been told that its messages came, and were looked at. */
  reported = { delivered: 0, read: 0 };
  resume: string | null = null;
  #typingTimer: ReturnType<typeof setTimeout> | undefined;

  /** What waits to be sent, without what the desk already has (its frame may come before the answer). */
  readonly pending = computed(() => {
    const known = new Set(this.messages.value.map((message) => message.client_id));
    return this.outbox.value.filter((item) => !known.has(item.client_id));
  });
  readonly unread = computed(
    () => this.messages.value.filter((message) => isTheirs(message) && message.seq > this.readSeq.value).length,
  );
  readonly lastTheirs = computed(() => this.messages.value.findLast(isTheirs)?.seq ?? 0);
  readonly talking = computed(() => this.messages.value.length + this.pending.value.length > 0);

  /** Takes a snapshot. What arrived after it was made, and what lies before its window, stays. */
  replace(session: Session): void {
    batch(() => this.#replace(session));
  }

  #replace(session: Session): void {
    const id = session.conversation?.id ?? null;
    // A first message makes its conversation after the snapshot; only going from one to another is a change.
    const other = this.conversation.value !== null && id !== this.conversation.value;
    const kept = other ? [] : this.messages.value;
    const first = session.messages[0]?.seq ?? Number.POSITIVE_INFINITY;
    const last = session.messages.at(-1)?.seq ?? 0;
    if (other) {
      this.#unread();
    }
    this.conversation.value = id;
    this.status.value = session.conversation?.status ?? null;
    // What lies before a window that joins on stays; else nobody knows what was said in between.
    const joins = kept.some((message) => message.seq >= first);
    if (!joins) this.earlier.value = session.earlier;
    this.messages.value = kept.filter(
      (message) => (message.seq < first && (joins || !session.earlier)) || message.seq > last,
    );
    for (const message of session.messages) this.upsert(message, kept);
    this.agentsOnline.value = session.agents_online;
    this.awayText.value = session.away_text;
    this.replyTime.value = session.reply_time_text;
    this.addressKnown.value = session.address_known;
    this.identified.value = session.identified;
    this.limits.value = session.limits;
    this.readSeq.value = Math.max(this.readSeq.value, session.read_seq);
    this.#receipts(session.agents_delivered_seq, session.agents_read_seq);
    this.resume = session.resume;
    this.phase.value = "ready";
  }

  /** Takes messages from before the first one. */
  precede({ messages, earlier }: Pick<Session, "messages" | "earlier">): void {
    batch(() => {
      for (const message of messages) this.upsert(message);
      this.earlier.value = earlier;
    });
  }

  /** Inserts or replaces one message by its seq; a lower version than the known one is old news and is dropped. */
  upsert(message: Message, known: readonly Message[] = this.messages.value): void {
    const before = known.find((one) => one.id === message.id);
    const kept = before && before.version > message.version ? before : message;
    const others = this.messages.value.filter((one) => one.id !== message.id);
    const at = others.findIndex((one) => one.seq > kept.seq);
    this.messages.value = others.toSpliced(at < 0 ? others.length : at, 0, kept);
    if (isTheirs(kept)) this.setTyping(null);
  }

  /** Takes one frame; false when it asks for a fresh snapshot, which also an unknown kind does. */
  apply(frame: Frame): boolean {
    // A welcome says where the log is now; what was missed is still to come, so it counts only for a first hello.
    if ("resume" in frame && frame.resume && (frame.t !== "welcome" || !this.resume)) this.resume = frame.resume;
    switch (frame.t) {
      case "welcome":
      case "caught_up":
      case "ping":
      case "error":
        return true;
      case "message":
        this.upsert(frame.message);
        // The first message makes the conversation; its id is not in the frame and not needed before the next snapshot.
        this.status.value ??= "open";
        return true;
      case "typing":
        this.setTyping(frame.on ? (frame.name ?? "") : null);
        return true;
      case "availability":
        this.agentsOnline.value = frame.agents_online;
        this.awayText.value = frame.away_text;
        return true;
      case "conversation":
        this.status.value = frame.status ?? this.status.value;
        return !frame.changed; // it became another, or its status is to be asked for
      case "receipts":
        this.#receipts(frame.delivered_seq, frame.read_seq);
        return true;
      default:
        return false; // refetch, gone, or a kind from a newer server
    }
  }

  /** The highest of what the message itself says and what the watermarks say: receipts never go back. */
  stateOf(message: Message): ReceiptState {
    const { delivered, read } = this.receipts.value;
    const mark = message.seq <= read ? 2 : message.seq <= delivered ? 1 : 0;
    return RANK[Math.max(mark, RANK.indexOf(message.state ?? "sent"))] as ReceiptState;
  }

  stateOfPending(item: OutboxItem): OwnState {
    if (item.failed) return "failed";
    return this.online.value && this.line.value !== "lost" ? "sending" : "waiting";
  }

  /** Another conversation begins: its numbers have nothing to do with those of the one before. */
  #unread(): void {
    this.receipts.value = { delivered: 0, read: 0 };
    this.reported = { delivered: 0, read: 0 };
    this.readSeq.value = 0;
  }

  #receipts(delivered: number, read: number): void {
    const known = this.receipts.value;
    this.receipts.value = { delivered: Math.max(known.delivered, delivered), read: Math.max(known.read, read) };
  }

  setTyping(name: string | null): void {
    clearTimeout(this.#typingTimer);
    this.typing.value = name;
    // Whoever typed may have lost the line; nobody types for ever.
    if (name !== null) this.#typingTimer = setTimeout(() => this.setTyping(null), TYPING);
  }

  /** Forgets the visitor, as after signing out of the shop. */
  clear(): void {
    this.messages.value = [];
    this.outbox.value = [];
    this.conversation.value = this.status.value = this.resume = null;
    this.#unread();
    this.text.value = "";
    this.addressKnown.value = this.identified.value = false;
    this.phase.value = "starting";
    this.setTyping(null);
  }
}

/** From the desk, and worth a badge. */
export function isTheirs(message: Message): boolean {
  return !message.mine && message.author.kind !== "system";
}
