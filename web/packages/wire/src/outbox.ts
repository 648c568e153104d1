// Messages that the server has not confirmed yet. Each keeps its client id for ever, so a retry can never double it.
// They lie in IndexedDB and survive a reload; where the browser has none (private mode) they live in memory.

export interface OutboxEntry<B = unknown> {
  client_id: string;
  /** Whose it is: entries of another person on the same machine are never sent. */
  owner: string;
  /** Order is kept within a lane (a conversation); lanes do not wait for each other. */
  lane: string;
  body: B;
  created_at: number;
  attempts: number;
  /** waiting: goes out by itself; held: a person must decide (something newer exists); failed: refused. */
  state: "waiting" | "held" | "failed";
  reason: { code: string; message: string; fields: Record<string, unknown> } | null;
}

export interface OutboxStorage<B> {
  all(owner: string): Promise<OutboxEntry<B>[]>;
  put(entry: OutboxEntry<B>): Promise<void>;
  remove(clientId: string): Promise<void>;
}

const STORE = "outbox";

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Entries in IndexedDB, database `name`. */
export class IndexedDbStorage<B> implements OutboxStorage<B> {
  #opened: Promise<IDBDatabase> | null = null;
  constructor(readonly name: string) {}

  async all(owner: string): Promise<OutboxEntry<B>[]> {
    const store = (await this.#db()).transaction(STORE, "readonly").objectStore(STORE);
    const entries = await done(store.getAll() as IDBRequest<OutboxEntry<B>[]>);
    return entries.filter((entry) => entry.owner === owner).sort((a, b) => a.created_at - b.created_at);
  }

  async put(entry: OutboxEntry<B>): Promise<void> {
    await done((await this.#db()).transaction(STORE, "readwrite").objectStore(STORE).put(entry));
  }

  async remove(clientId: string): Promise<void> {
    await done((await this.#db()).transaction(STORE, "readwrite").objectStore(STORE).delete(clientId));
  }

  #db(): Promise<IDBDatabase> {
    this.#opened ??= new Promise((resolve, reject) => {
      const request = indexedDB.open(this.name, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "client_id" });
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    return this.#opened;
  }
}

export class MemoryStorage<B> implements OutboxStorage<B> {
  readonly #entries = new Map<string, OutboxEntry<B>>();
  async all(owner: string): Promise<OutboxEntry<B>[]> {
    return [...this.#entries.values()].filter((entry) => entry.owner === owner);
  }
  async put(entry: OutboxEntry<B>): Promise<void> {
    this.#entries.set(entry.client_id, structuredClone(entry));
  }
  async remove(clientId: string): Promise<void> {
    this.#entries.delete(clientId);
  }
}

export type Verdict =
  | { kind: "sent" }
  | { kind: "later"; afterMs?: number }
  | { kind: "held" | "failed"; reason: NonNullable<OutboxEntry["reason"]> };

export interface OutboxOptions<B> {
  storage: OutboxStorage<B>;
  /** Sends one entry; it must not throw. `later` = nobody knows or not now, the same entry is tried again. */
  send: (entry: OutboxEntry<B>) => Promise<Verdict>;
  onChange: (entries: readonly OutboxEntry<B>[]) => void;
  /** Runs `work` in one tab at a time; by default the browser's lock of that name. */
  exclusive?: (lane: string, work: () => Promise<void>) => Promise<void>;
}

const PAUSES_MS = [500, 1_000, 2_000, 5_000, 10_000, 20_000];

/** One tab at a time works on a lane; where the browser has no locks the idempotency key alone protects. */
async function browserLock(lane: string, work: () => Promise<void>): Promise<void> {
  const locks = globalThis.navigator?.locks;
  await (locks ? locks.request(`svardesk-outbox-${lane}`, work) : work());
}

export class Outbox<B> {
  readonly #options: OutboxOptions<B>;
  readonly #busy = new Set<string>();
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();
  #storage: OutboxStorage<B>;
  #owner: string | null = null;
  #entries: OutboxEntry<B>[] = [];

  constructor(options: OutboxOptions<B>) {
    this.#options = options;
    this.#storage = options.storage;
  }

  get entries(): readonly OutboxEntry<B>[] {
    return this.#entries;
  }

  /** Reads what an earlier page left and sends it. */
  async start(owner: string): Promise<void> {
    this.#owner = owner;
    try {
      const left = await this.#storage.all(owner);
      const known = new Set(this.#entries.map((entry) => entry.client_id));
      this.#entries = [...left.filter((entry) => !known.has(entry.client_id)), ...this.#entries];
    } catch {
      this.#storage = new MemoryStorage<B>();
    }
    this.#changed();
    this.flush();
  }

  stop(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    this.#owner = null;
    this.#entries = [];
    this.#changed();
  }

  async add(lane: string, clientId: string, body: B): Promise<void> {
    const entry: OutboxEntry<B> = {
      client_id: clientId,
      owner: this.#owner ?? "",
      lane,
      body,
      created_at: Date.now(),
      attempts: 0,
      state: "waiting",
      reason: null,
    };
    this.#entries = [...this.#entries, entry];
    this.#changed();
    await this.#store(entry);
    this.#run(lane);
  }

  /** A person says: send it after all, perhaps changed (`confirm`). The client id stays. */
  async again(clientId: string, change: (body: B) => B = (body) => body): Promise<void> {
    const entry = this.#entries.find((each) => each.client_id === clientId);
    if (!entry) return;
    await this.#replace({ ...entry, body: change(entry.body), state: "waiting", reason: null, attempts: 0 });
    clearTimeout(this.#timers.get(entry.lane));
    this.#timers.delete(entry.lane);
    this.#run(entry.lane);
  }

  /** Forgets an entry: the server has it, or a person threw it away. */
  async discard(clientId: string): Promise<OutboxEntry<B> | null> {
    const entry = this.#entries.find((each) => each.client_id === clientId) ?? null;
    if (!entry) return null;
    this.#entries = this.#entries.filter((each) => each !== entry);
    this.#changed();
    try {
      await this.#storage.remove(clientId);
    } catch {
      // Left behind in the browser it would be sent again once, and the server knows its id.
    }
    this.#run(entry.lane);
    return entry;
  }

  /** The line is back: try everything now. */
  flush(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    for (const lane of new Set(this.#entries.map((entry) => entry.lane))) this.#run(lane);
  }

  #run(lane: string): void {
    if (this.#busy.has(lane)) return;
    this.#busy.add(lane);
    const exclusive = this.#options.exclusive ?? browserLock;
    void exclusive(lane, () => this.#drain(lane)).finally(() => {
      this.#busy.delete(lane);
      // Added in the moment between the last look and here.
      const next = this.#entries.find((each) => each.lane === lane);
      if (next?.state === "waiting" && next.owner === this.#owner && !this.#timers.has(lane)) this.#run(lane);
    });
  }

  async #drain(lane: string): Promise<void> {
    for (;;) {
      const entry = this.#entries.find((each) => each.lane === lane);
      // A held or refused message stops its lane: what was written after it must not overtake it.
      if (entry?.state !== "waiting" || entry.owner !== this.#owner) return;
      const verdict = await this.#options.send(entry);
      if (!this.#entries.some((each) => each.client_id === entry.client_id)) continue;
      if (verdict.kind === "sent") {
        this.#entries = this.#entries.filter((each) => each.client_id !== entry.client_id);
        this.#changed();
        await this.#storage.remove(entry.client_id).catch(() => undefined);
      } else if (verdict.kind === "later") {
        const attempts = entry.attempts + 1;
        await this.#replace({ ...entry, attempts });
        const pause = verdict.afterMs ?? PAUSES_MS[Math.min(attempts, PAUSES_MS.length) - 1] ?? 20_000;
        clearTimeout(this.#timers.get(lane));
        this.#timers.set(
          lane,
          setTimeout(() => {
            this.#timers.delete(lane);
            this.#run(lane);
          }, pause),
        );
        return;
      } else {
        await this.#replace({ ...entry, state: verdict.kind, reason: verdict.reason });
      }
    }
  }

  async #replace(entry: OutboxEntry<B>): Promise<void> {
    this.#entries = this.#entries.map((each) => (each.client_id === entry.client_id ? entry : each));
    this.#changed();
    await this.#store(entry);
  }

  async #store(entry: OutboxEntry<B>): Promise<void> {
    try {
      await this.#storage.put(entry);
    } catch {
      // Full or forbidden storage: the message still goes out from memory, only a reload would lose it.
    }
  }

  #changed(): void {
    this.#options.onChange(this.#entries);
  }
}
