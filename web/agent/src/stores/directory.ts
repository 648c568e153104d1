// Who and what there is in this organisation: agents, teams, tags, saved views. Small and held whole.
import { computed, signal } from "@preact/signals";
import type { Agent, Api, Availability, Filters, SavedView, Tag, Team } from "@svardesk/wire";
import { intl } from "../i18n";

const byName = <T extends { name: string }>(list: readonly T[]): T[] =>
  [...list].sort((a, b) => a.name.localeCompare(b.name, intl()));

export class DirectoryStore {
  readonly agents = signal<readonly Agent[]>([]);
  readonly teams = signal<readonly Team[]>([]);
  readonly tags = signal<readonly Tag[]>([]);
  readonly views = signal<readonly SavedView[]>([]);
  readonly viewsLoaded = signal(false);
  readonly #agentById = computed(() => new Map(this.agents.value.map((agent) => [agent.id, agent])));
  readonly #teamById = computed(() => new Map(this.teams.value.map((team) => [team.id, team])));
  readonly #tagById = computed(() => new Map(this.tags.value.map((tag) => [tag.id, tag])));
  readonly #people = signal<ReadonlyMap<string, string | null>>(new Map());
  readonly #asked = new Set<string>();
  /** Those who can be given work. */
  readonly active = computed(() => this.agents.value.filter((agent) => !agent.archived_at));

  constructor(readonly api: Api) {}

  async load(): Promise<void> {
    this.#asked.clear();
    const put = <T>(promise: Promise<T>, take: (value: T) => void) => promise.then(take, (e) => console.warn(e));
    await Promise.all([
      put(this.api.agents(), (list) => {
        this.agents.value = byName(list);
      }),
      put(this.api.teams(), (list) => {
        this.teams.value = byName(list);
      }),
      this.loadTags(),
      this.loadViews(),
    ]);
  }

  clear(): void {
    this.agents.value = this.teams.value = this.tags.value = this.views.value = [];
    this.#people.value = new Map();
    this.viewsLoaded.value = false;
  }

  async loadTags(): Promise<void> {
    this.tags.value = byName(await this.api.tags().catch(() => []));
  }

  async loadViews(): Promise<void> {
    this.views.value = byName(await this.api.views().catch(() => []));
    this.viewsLoaded.value = true;
  }

  agent(id: string | null | undefined): Agent | undefined {
    return id ? this.#agentById.value.get(id) : undefined;
  }
  team(id: string | null | undefined): Team | undefined {
    return id ? this.#teamById.value.get(id) : undefined;
  }
  tag(id: string): Tag | undefined {
    return this.#tagById.value.get(id);
  }
  /** A contact's name, for a list of theirs: asked for when it is not known, null until it is. */
  person(id: string): string | null {
    if (!this.#asked.has(id)) {
      this.#asked.add(id);
      this.api.contact(id).then(
        (contact) => {
          this.#people.value = new Map([...this.#people.peek(), [id, contact.name]]);
        },
        // Gone, or not for these eyes: the list stays without a name, and empty.
        (error) => console.warn("contact", error),
      );
    }
    return this.#people.value.get(id) ?? null;
  }
  view(id: string | null): SavedView | undefined {
    return id ? this.views.value.find((view) => view.id === id) : undefined;
  }

  /** A frame about a colleague; one not known yet makes the list be fetched again. */
  agentChanged(id: string, availability: Availability, name: string | undefined): void {
    if (!this.#agentById.value.has(id)) {
      void this.load();
      return;
    }
    this.agents.value = this.agents.value.map((agent) =>
      agent.id === id ? { ...agent, availability, name: name ?? agent.name } : agent,
    );
  }

  async saveView(name: string, filters: Filters, shared: boolean): Promise<SavedView> {
    const view = await this.api.createView({ name, filters, shared });
    this.views.value = byName([...this.views.value, view]);
    return view;
  }

  async changeView(id: string, change: { name?: string; filters?: Filters; shared?: boolean }): Promise<void> {
    const view = await this.api.patchView(id, change);
    this.views.value = byName(this.views.value.map((each) => (each.id === id ? view : each)));
  }

  async deleteView(id: string): Promise<void> {
    await this.api.deleteView(id);
    this.views.value = this.views.value.filter((view) => view.id !== id);
  }
}
