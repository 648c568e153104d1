// Conversations as rows: every row that this browser knows, newest version only, and how far the agent has read.
import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Row } from "@svardesk/wire";

export const ROWS_KEPT = 5_000;

export interface RowChange {
  row: Row;
  before: Row | undefined;
}

export class RowStore {
  readonly #rows = new Map<string, Signal<Row | undefined>>();
  readonly #reads = new Map<string, Signal<number>>();
  readonly #stale = new Set<string>();
  readonly #followers = new Set<{ changed(change: RowChange): void; gone(id: string): void }>();

  follow(follower: { changed(change: RowChange): void; gone(id: string): void }): () => void {
    this.#followers.add(follower);
    return () => this.#followers.delete(follower);
  }

  /** The row as a signal; undefined while unknown or gone. */
  signal(id: string): ReadonlySignal<Row | undefined> {
    return this.#row(id);
  }

  get(id: string): Row | undefined {
    return this.#rows.get(id)?.peek();
  }

  *all(): Iterable<Row> {
    for (const each of this.#rows.values()) {
      const row = each.peek();
      if (row) yield row;
    }
  }

  /** Takes a row unless a newer version is known. Returns whether it was taken. */
  upsert(row: Row): boolean {
    const current = this.#row(row.id);
    const before = current.peek();
    this.#guessRead(row, before);
    const stale = this.#stale.delete(row.id);
    if (before && before.version > row.version && !stale) return false;
    if (before && before.version === row.version && !stale) return true;
    current.value = row;
    for (const follower of this.#followers) follower.changed({ row, before });
    return true;
  }

  /** Deleted, or no longer for these eyes. */
  gone(id: string): void {
    const current = this.#rows.get(id);
    if (!current?.peek()) return;
    current.value = undefined;
    this.#stale.delete(id);
    for (const follower of this.#followers) follower.gone(id);
  }

  /** What we have may be out of date in any way (even versions may have gone back, after a restore). */
  markStale(): void {
    for (const row of this.all()) this.#stale.add(row.id);
  }

  /** Forgets what neither a snapshot nor a frame has named since `markStale`, except `keep`. */
  sweepStale(keep: ReadonlySet<string> = new Set()): void {
    for (const id of [...this.#stale]) if (!keep.has(id)) this.gone(id);
  }

  /** Keeps memory bounded: forgets rows that nothing shows. */
  get size(): number {
    return this.#rows.size;
  }

  prune(shown: ReadonlySet<string>, limit = ROWS_KEPT): void {
    for (const id of [...this.#rows.keys()]) {
      if (shown.has(id)) continue;
      this.#rows.delete(id);
      this.#reads.delete(id);
      if (this.#rows.size <= limit * 0.8) return;
    }
  }

  /** Seq up to which this agent has read. */
  read(id: string): ReadonlySignal<number> {
    return this.#read(id);
  }

  markRead(id: string, seq: number): void {
    const read = this.#read(id);
    if (seq > read.value) read.value = seq;
  }

  unread(row: Row): boolean {
    return row.last_customer_seq > this.#read(row.id).value;
  }

  #guessRead(row: Row, before: Row | undefined): void {
    if (row.read_seq != null) this.markRead(row.id, row.read_seq);
    else if (!before && !this.#reads.has(row.id)) {
      // A frame goes to many agents and does not say what this one has read. A row never seen before that ends with
      // the customer's words is news; any other is taken as read.
      const news = row.preview_kind === "inbound" && row.last_seq === row.last_customer_seq;
      this.#read(row.id).value = news ? row.last_customer_seq - 1 : row.last_customer_seq;
    }
  }

  #row(id: string): Signal<Row | undefined> {
    let found = this.#rows.get(id);
    if (!found) {
      found = signal<Row | undefined>(undefined);
      this.#rows.set(id, found);
    }
    return found;
  }

  #read(id: string): Signal<number> {
    let found = this.#reads.get(id);
    if (!found) {
      found = signal(0);
      this.#reads.set(id, found);
    }
    return found;
  }
}
