import { signal } from "@preact/signals";
import type { Api, Contact, SearchHit } from "@svardesk/wire";

const PAUSE_MS = 220;

/** Search over messages and contacts: asks when typing pauses, forgets answers to questions that were given up. */
export class SearchStore {
  readonly query = signal("");
  readonly kind = signal<"all" | "messages" | "contacts">("all");
  readonly state = signal<"idle" | "searching" | "ready" | "failed">("idle");
  readonly hits = signal<readonly SearchHit[]>([]);
  readonly contacts = signal<readonly Contact[]>([]);
  readonly more = signal(false);
  #cursor: string | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #abort: AbortController | null = null;

  constructor(
    readonly api: Api,
    readonly onRows: (hits: readonly SearchHit[]) => void = () => undefined,
  ) {}

  set(query: string, kind = this.kind.value): void {
    if (query === this.query.value && kind === this.kind.value && this.state.value !== "failed") return;
    this.query.value = query;
    this.kind.value = kind;
    clearTimeout(this.#timer);
    this.#abort?.abort();
    if (query.trim().length < 2) {
      this.state.value = "idle";
      this.hits.value = [];
      this.contacts.value = [];
      this.more.value = false;
      return;
    }
    this.state.value = "searching";
    this.#timer = setTimeout(() => void this.#run(null), PAUSE_MS);
  }

  loadMore(): void {
    if (this.#cursor && this.state.value === "ready") void this.#run(this.#cursor);
  }

  async #run(cursor: string | null): Promise<void> {
    this.#abort?.abort();
    const abort = new AbortController();
    this.#abort = abort;
    this.state.value = "searching";
    try {
      const page = await this.api.search(this.query.value.trim(), this.kind.value, cursor ?? undefined, abort.signal);
      this.onRows(page.messages);
      this.hits.value = cursor ? [...this.hits.value, ...page.messages] : page.messages;
      if (!cursor) this.contacts.value = page.contacts;
      this.#cursor = page.next_cursor;
      this.more.value = page.next_cursor !== null;
      this.state.value = "ready";
    } catch {
      if (!abort.signal.aborted) this.state.value = "failed";
    }
  }
}

export type Piece = { text: string; hit: boolean };

const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'", "#x27": "'", nbsp: " " };

/** A snippet's pieces. Nothing but `<mark>` is understood and no HTML ever reaches the page. */
export function pieces(html: string): Piece[] {
  const plain = (text: string) =>
    text.replace(/<[^>]*>/g, "").replace(/&(#?\w+);/g, (all, name: string) => ENTITIES[name] ?? all);
  return html
    .split(/(<mark>.*?<\/mark>)/s)
    .filter(Boolean)
    .map((part) => ({ text: plain(part), hit: part.startsWith("<mark>") }));
}
