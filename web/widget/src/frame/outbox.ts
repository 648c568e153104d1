import type { OutboxItem } from "./types";

type Fresh = Omit<OutboxItem, "n">;

/**
 * Messages that wait to be sent, oldest first; they survive a reload. Where the browser refuses IndexedDB (private
 * windows, blocked third-party storage) they live in memory, which loses them with the tab but nothing else.
 */
export class Outbox {
  #memory = new Map<number, OutboxItem>();
  #next = Number.MAX_SAFE_INTEGER / 2; // after everything stored
  #db: Promise<IDBDatabase | null> | undefined;

  constructor(readonly name: string) {}

  async list(): Promise<OutboxItem[]> {
    const stored = (await this.#run<OutboxItem[]>("readonly", (store) => store.getAll())) ?? [];
    return [...stored, ...this.#memory.values()].sort((a, b) => a.n - b.n);
  }

  /** Puts a message at the end of the queue; a later crash or reload finds it there. */
  async add(item: Fresh): Promise<OutboxItem> {
    const n = await this.#run<IDBValidKey>("readwrite", (store) => store.add(item));
    const kept = { ...item, n: typeof n === "number" ? n : this.#next++ };
    if (kept.n !== n) this.#memory.set(kept.n, kept);
    return kept;
  }

  async update(item: OutboxItem): Promise<void> {
    if (this.#memory.has(item.n)) this.#memory.set(item.n, item);
    else await this.#run("readwrite", (store) => store.put(item));
  }

  async remove(n: number): Promise<void> {
    if (!this.#memory.delete(n)) await this.#run("readwrite", (store) => store.delete(n));
  }

  async clear(): Promise<void> {
    this.#memory.clear();
    await this.#run("readwrite", (store) => store.clear());
  }

  /** The result of one request, when its transaction is on disk; undefined when storage is refused or full. */
  async #run<T>(mode: IDBTransactionMode, ask: (store: IDBObjectStore) => IDBRequest): Promise<T | undefined> {
    this.#db ??= open(this.name);
    const db = await this.#db;
    if (!db) return undefined;
    return new Promise((resolve) => {
      try {
        const tx = db.transaction("outbox", mode);
        const request = ask(tx.objectStore("outbox"));
        tx.oncomplete = () => resolve(request.result as T);
        tx.onabort = tx.onerror = () => resolve(undefined);
      } catch {
        resolve(undefined);
      }
    });
  }
}

function open(name: string): Promise<IDBDatabase | null> {
  return new Promise((resolve) => {
    try {
      const request = indexedDB.open(name, 1);
      request.onupgradeneeded = () => request.result.createObjectStore("outbox", { keyPath: "n", autoIncrement: true });
      request.onsuccess = () => resolve(request.result);
      request.onerror = request.onblocked = () => resolve(null);
    } catch {
      resolve(null);
    }
  });
}
