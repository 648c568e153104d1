// Whether the Meta app and its pages work, for those who may see them: read at sign-in, every minute, on coming back.
import { computed, signal } from "@preact/signals";
import type { Api, MetaApp, MetaPage, MetaSettings } from "@svardesk/wire";

const EVERY_MS = 60_000;
const FRESH_MS = 10_000;

export interface Broken {
  name: string;
  /** `disconnected` and `paused`: nothing goes out; `degraded`: something does not work. */
  status: string;
  codes: string[];
  since: string | null;
}

function brokenOf(name: string, parts: readonly (MetaApp | MetaPage)[]): Broken | null {
  const bad = parts.filter((each) => each.status !== "ok");
  const worst = ["paused", "disconnected", "degraded"].find((status) => bad.some((each) => each.status === status));
  if (!worst) return null;
  const problems = bad.flatMap((each) => Object.values(each.problems));
  return {
    name,
    status: worst,
    codes: [...new Set(problems.map((each) => each.code))],
    since: problems.map((each) => each.since).sort()[0] ?? null,
  };
}

/** A page's connections, told as the one page that people know. */
export function byPage(pages: readonly MetaPage[]): MetaPage[][] {
  const found = new Map<string, MetaPage[]>();
  for (const page of pages) {
    const key = `${page.app_id} ${page.page_id}`;
    found.set(key, [...(found.get(key) ?? []), page]);
  }
  return [...found.values()];
}

export class MetaStore {
  readonly settings = signal<MetaSettings | null>(null);
  readonly error = signal<unknown>(null);
  readonly broken = computed<Broken[]>(() => {
    const { apps = [], pages = [] } = this.settings.value ?? {};
    return [
      ...apps.map((app) => brokenOf(app.name, [app])),
      ...byPage(pages).map((parts) => brokenOf(parts[0]?.name ?? "", parts)),
    ].flatMap((each) => each ?? []);
  });
  #timer: ReturnType<typeof setTimeout> | undefined;
  #loadedAt = 0;
  #running = false;

  constructor(readonly api: Api) {}

  start(): void {
    if (this.#running) return;
    this.#running = true;
    document.addEventListener("visibilitychange", this.#looked);
    addEventListener("focus", this.#looked);
    void this.load();
  }

  stop(): void {
    this.#running = false;
    clearTimeout(this.#timer);
    document.removeEventListener("visibilitychange", this.#looked);
    removeEventListener("focus", this.#looked);
    this.settings.value = null;
    this.error.value = null;
  }

  readonly load = async (): Promise<void> => {
    clearTimeout(this.#timer);
    try {
      const found = await this.api.meta();
      if (this.#running) this.settings.value = found;
      this.error.value = null;
    } catch (error) {
      this.error.value = error;
    }
    this.#loadedAt = Date.now();
    if (!this.#running) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (document.visibilityState === "visible") void this.load();
    }, EVERY_MS);
  };

  readonly #looked = (): void => {
    if (document.visibilityState === "visible" && Date.now() - this.#loadedAt > FRESH_MS) void this.load();
  };
}
