// One list of conversations: pages from the server, kept right by frames.
import { signal } from "@preact/signals";
import type { Api, Filters, Row, ViewName } from "@svardesk/wire";
import type { RowStore } from "./rows";

export interface Viewer {
  agentId: string;
  teamIds: readonly string[];
}

type Key = readonly [instant: string, id: string];

/** Instants with a different number of decimals compare as text only when filled up. */
export function instantKey(iso: string | null): string {
  if (!iso) return "";
  const [seconds = "", rest = ""] = iso.replace("Z", "").replace("+00:00", "").split(".");
  return `${seconds}.${rest.padEnd(6, "0").slice(0, 6)}`;
}

const ALIVE = new Set(["open", "waiting"]);

/** Does the row belong into that view? The server's WHERE in the browser's words. */
export function belongs(row: Row, filters: Filters, viewer: Viewer): boolean {
  if (filters.team_id && row.team_id !== filters.team_id) return false;
  if (filters.assignee_id && row.assignee_id !== filters.assignee_id) return false;
  if (filters.tag_id && !row.tags.includes(filters.tag_id)) return false;
  if (filters.contact_id && row.contact.id !== filters.contact_id) return false;
  if (filters.channel && row.channel !== filters.channel) return false;
  const alive = ALIVE.has(row.status);
  const views: Record<ViewName, boolean> = {
    mine: alive && row.assignee_id === viewer.agentId,
    unassigned: alive && row.assignee_id === null,
    teams: alive && row.team_id !== null && viewer.teamIds.includes(row.team_id),
    all: true,
    waiting: alive && row.waiting_since !== null,
    snoozed: row.status === "snoozed",
    closed: row.status === "closed",
  };
  return views[filters.view ?? "all"];
}

function keyOf(row: Row, view: ViewName): Key {
  if (view === "waiting") return [instantKey(row.waiting_since), row.id];
  if (view === "snoozed") return [instantKey(row.snoozed_until), row.id];
  return [instantKey(row.last_activity_at), row.id];
}

function compare(a: Key, b: Key): number {
  if (a[0] !== b[0]) return a[0] < b[0] ? -1 : 1;
  return a[1] === b[1] ? 0 : a[1] < b[1] ? -1 : 1;
}

interface Entry {
  id: string;
  key: Key;
}

export class ListStore {
  readonly ids = signal<readonly string[]>([]);
  readonly state = signal<"loading" | "ready" | "failed">("loading");
  readonly more = signal(true);
  readonly loadingMore = signal(false);
  readonly view: ViewName;
  #entries: Entry[] = [];
  #cursor: string | null = null;
  #bound: Key | null = null;
  #load = 0;
  readonly #unfollow: () => void;

  constructor(
    readonly filters: Filters,
    readonly viewId: string | null,
    readonly viewer: Viewer,
    readonly rows: RowStore,
    readonly api: Api,
    readonly onResume: (resume: string) => void = () => undefined,
  ) {
    this.view = filters.view ?? "all";
    this.#unfollow = rows.follow({ changed: ({ row }) => this.#place(row), gone: (id) => this.#remove(id) });
  }

  dispose(): void {
    this.#unfollow();
    this.#load += 1;
  }

  /** Fetches the first page; what was shown stays until it is there. Returns whether it came. */
  async load(): Promise<boolean> {
    const turn = ++this.#load;
    if (!this.#entries.length) this.state.value = "loading";
    try {
      const page = await this.api.conversations(this.#query());
      if (turn !== this.#load) return false;
      if (page.resume) this.onResume(page.resume);
      for (const row of page.items) this.rows.upsert(row);
      this.#end(page.items, page.next_cursor);
      this.#rebuild();
      this.state.value = "ready";
      return true;
    } catch (error) {
      if (turn === this.#load) this.state.value = "failed";
      if (!this.#entries.length) console.warn("list", error);
      return false;
    }
  }

  /** Fetches the next page by its key; safe to call as often as the end comes into sight. */
  readonly loadMore = async (): Promise<void> => {
    if (!this.#cursor || this.loadingMore.value || this.state.value !== "ready") return;
    const turn = this.#load;
    this.loadingMore.value = true;
    try {
      const page = await this.api.conversations({ ...this.#query(), cursor: this.#cursor });
      if (turn !== this.#load) return;
      for (const row of page.items) this.rows.upsert(row);
      this.#end(page.items, page.next_cursor);
      this.#rebuild();
    } catch (error) {
      console.warn("next page", error);
    } finally {
      this.loadingMore.value = false;
    }
  };

  neighbour(id: string | null, step: 1 | -1): string | null {
    const ids = this.ids.value;
    if (id === null) return ids[0] ?? null;
    const at = ids.indexOf(id);
    return ids[at < 0 ? 0 : at + step] ?? null;
  }

  get #ascending(): boolean {
    return this.view === "waiting" || this.view === "snoozed";
  }

  #query() {
    return this.viewId ? { view_id: this.viewId, limit: 50 } : { ...this.filters, view: this.view, limit: 50 };
  }

  #end(items: readonly Row[], cursor: string | null): void {
    this.#cursor = cursor;
    this.more.value = cursor !== null;
    const last = items[items.length - 1];
    // Rows beyond the last loaded one are not shown, or there would be a hole between them and the page before.
    this.#bound = cursor === null || !last ? null : keyOf(last, this.view);
  }

  #before(a: Key, b: Key): boolean {
    return this.#ascending ? compare(a, b) < 0 : compare(a, b) > 0;
  }

  #shows(row: Row, key: Key): boolean {
    return belongs(row, this.filters, this.viewer) && (this.#bound === null || !this.#before(this.#bound, key));
  }

  #rebuild(): void {
    const entries: Entry[] = [];
    for (const row of this.rows.all()) {
      const key = keyOf(row, this.view);
      if (this.#shows(row, key)) entries.push({ id: row.id, key });
    }
    entries.sort((a, b) => (this.#before(a.key, b.key) ? -1 : 1));
    this.#entries = entries;
    this.#publish();
  }

  #place(row: Row): void {
    // Before the first page nothing is known about the bound; the page will come.
    if (this.state.peek() === "loading") return;
    const key = keyOf(row, this.view);
    const at = this.#entries.findIndex((entry) => entry.id === row.id);
    const shows = this.#shows(row, key);
    if (at >= 0) {
      const old = this.#entries[at];
      if (shows && old && compare(old.key, key) === 0) return;
      this.#entries.splice(at, 1);
    } else if (!shows) return;
    if (shows) {
      let low = 0;
      let high = this.#entries.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        const entry = this.#entries[middle];
        if (entry && this.#before(entry.key, key)) low = middle + 1;
        else high = middle;
      }
      this.#entries.splice(low, 0, { id: row.id, key });
    }
    this.#publish();
  }

  #remove(id: string): void {
    const at = this.#entries.findIndex((entry) => entry.id === id);
    if (at < 0) return;
    this.#entries.splice(at, 1);
    this.#publish();
  }

  #publish(): void {
    this.ids.value = this.#entries.map((entry) => entry.id);
  }
}
