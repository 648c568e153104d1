import { signal } from "@preact/signals";
import type { Api, Counts } from "@svardesk/wire";

const AT_MOST_EVERY_MS = 1_000;

/** The figures beside the views. They are hints: fetched at most once a second, however fast frames come. */
export class CountsStore {
  readonly counts = signal<Partial<Counts>>({});
  #last = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly api: Api) {}

  changed(): void {
    if (this.#timer) return;
    const wait = Math.max(0, this.#last + AT_MOST_EVERY_MS - Date.now());
    this.#timer = setTimeout(() => void this.load(), wait);
  }

  async load(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#last = Date.now();
    try {
      this.counts.value = await this.api.counts();
    } catch (error) {
      console.warn("counts", error);
    }
  }

  /** "12", "99+", or nothing for none. */
  text(view: string): string {
    const count = this.counts.value[view as keyof Counts];
    if (!count) return "";
    if (count.more) return "99+";
    return count.n ? String(count.n) : "";
  }
}
