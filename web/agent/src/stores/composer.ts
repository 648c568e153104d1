// What an agent is writing in one conversation; kept on the server so that it waits at every desk.
import { computed, signal } from "@preact/signals";
import type { Agent, Api, Draft, UploadedFile } from "@svardesk/wire";
import { ApiError } from "@svardesk/wire";
import { AddressingStore } from "./addressing";
import { LONGEST_PRIVATE, PublicityStore } from "./publicity";

const PAUSE_MS = 700;
const RETRY_MS = 5_000;
/** Characters that the desk takes in one message; it counts whole ones, an emoji as one. */
const LONGEST = 8_000;

export interface Upload {
  key: number;
  name: string;
  size: number;
  preview: string | null;
  file: UploadedFile | null;
  error: unknown;
}

export class ComposerStore {
  readonly kind = signal<"answer" | "note">("answer");
  readonly text = signal("");
  readonly uploads = signal<readonly Upload[]>([]);
  readonly saved = signal<"clean" | "dirty" | "saving" | "saved">("clean");
  readonly uploading = computed(() => this.uploads.value.some((each) => !each.file && !each.error));
  readonly empty = computed(() => !this.text.value.trim() && !this.uploads.value.some((each) => each.file));
  /** By how many characters the text is too long for one message. */
  readonly tooMuch = computed(() => {
    const text = this.text.value.trim();
    const longest = this.kind.value === "answer" && this.publicity.privately.value ? LONGEST_PRIVATE : LONGEST;
    return text.length > longest ? Math.max(0, [...text].length - longest) : 0;
  });
  readonly canSend = computed(
    () =>
      !this.empty.value &&
      !this.uploading.value &&
      !this.tooMuch.value &&
      (this.kind.value === "note" || (this.addressing.valid.value && !this.publicity.stopped.value)),
  );
  /** To whom an answer goes; part of the draft. */
  readonly addressing = new AddressingStore(() => this.#touch());
  /** Where it goes when everybody can read it. */
  readonly publicity: PublicityStore;
  #version = 0;
  #mentions = new Map<string, string>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #doneTimer: ReturnType<typeof setTimeout> | undefined;
  #saving: Promise<void> | null = null;
  #next = 1;

  constructor(
    readonly conversationId: string,
    readonly api: Api,
    /** Whether these words are already on their way as a message. */
    readonly sending: (body: string) => boolean = () => false,
  ) {
    this.publicity = new PublicityStore(conversationId, api);
  }

  type(text: string): void {
    if (text === this.text.value) return;
    this.text.value = text;
    this.#touch();
  }

  choose(kind: "answer" | "note"): void {
    if (kind === this.kind.value) return;
    this.kind.value = kind;
    if (!this.empty.value) this.#touch();
  }

  /** The server's copy, at opening or from another tab. Words being typed here are never overwritten. */
  take(draft: Draft | null): void {
    if (this.saved.value === "dirty" || this.saved.value === "saving") return;
    if (!draft) {
      if (this.#version > 0) this.#empty();
      this.#version = 0;
      return;
    }
    if (draft.version < this.#version) return;
    this.#version = draft.version;
    // Sent, but not at the desk yet: shown here as well it would be sent a second time.
    if (draft.body.trim() && this.sending(draft.body.trim())) return;
    this.addressing.load(draft.addressing);
    this.kind.value = draft.kind;
    this.text.value = draft.body;
    const known = new Map(this.uploads.value.map((each) => [each.file?.id, each]));
    this.uploads.value = draft.file_ids.map((id) => {
      const had = known.get(id);
      if (had) return had;
      const file = draft.files?.find((each) => each.id === id);
      const shown = file ?? { id, name: id.slice(0, 8), size: 0, media_type: "" };
      return { key: this.#next++, name: shown.name, size: shown.size, preview: null, file: shown, error: null };
    });
  }

  /** A frame says that this agent's draft was stored; news only when another tab or machine did it. */
  async changedElsewhere(version: number): Promise<void> {
    await this.#saving?.catch(() => undefined);
    if (version === this.#version || this.saved.value === "dirty") return;
    const detail = await this.api.conversation(this.conversationId).catch(() => null);
    if (detail) this.take(detail.draft);
  }

  mention(agent: Pick<Agent, "id" | "name">): void {
    this.#mentions.set(agent.id, agent.name);
  }

  /** Those whose name still stands in the text. */
  mentionIds(agents: readonly Pick<Agent, "id" | "name">[]): string[] {
    if (this.kind.value !== "note") return [];
    const named = agents.filter((agent) => this.text.value.includes(`@${agent.name}`)).map((agent) => agent.id);
    const picked = [...this.#mentions].filter(([, name]) => this.text.value.includes(`@${name}`)).map(([id]) => id);
    return [...new Set([...named, ...picked])];
  }

  async attach(file: File): Promise<void> {
    const key = this.#next++;
    const preview = file.type.startsWith("image/") ? URL.createObjectURL(file) : null;
    const upload: Upload = { key, name: file.name, size: file.size, preview, file: null, error: null };
    this.uploads.value = [...this.uploads.value, upload];
    try {
      const done = await this.api.upload(file, file.name);
      this.#change(key, { file: done });
      this.#touch();
    } catch (error) {
      this.#change(key, { error });
    }
  }

  detach(key: number): void {
    const gone = this.uploads.value.find((each) => each.key === key);
    if (gone?.preview) URL.revokeObjectURL(gone.preview);
    this.uploads.value = this.uploads.value.filter((each) => each.key !== key);
    this.#touch();
  }

  files(): UploadedFile[] {
    return this.uploads.value.flatMap((each) => (each.file ? [each.file] : []));
  }

  /** Sent: the words have gone over to the outbox. Their draft stays at the desk until the message is there (`done`). */
  clear(): void {
    clearTimeout(this.#timer);
    this.#empty();
  }

  /** What was sent has left the outbox: its draft goes too, unless other words have taken its place. */
  async done(): Promise<void> {
    clearTimeout(this.#doneTimer);
    while (this.#saving) await this.#saving.catch(() => undefined);
    if (this.#version === 0 || this.unsaved || !this.#blank) return;
    this.#saving = this.#drop().finally(() => {
      this.#saving = null;
    });
    await this.#saving;
  }

  /** Puts a message back that was refused or thrown back to be rewritten. */
  restore(kind: "answer" | "note", body: string, files: readonly UploadedFile[]): void {
    // What is being written as a note must not become part of an answer: the customer would read it.
    this.kind.value = this.empty.value || kind === this.kind.value ? kind : "note";
    this.text.value = this.text.value.trim() ? `${body}\n\n${this.text.value}` : body;
    const added = files.map((file) => ({
      key: this.#next++,
      name: file.name,
      size: file.size,
      preview: null,
      file,
      error: null,
    }));
    this.uploads.value = [...this.uploads.value, ...added];
    this.#touch();
  }

  /** Words that the server has not got yet. */
  get unsaved(): boolean {
    return this.saved.value === "dirty" || this.saved.value === "saving";
  }

  /** Saves now what a pause would have saved: on leaving the conversation or the page. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    return this.saved.value === "dirty" ? this.#save() : (this.#saving ?? Promise.resolve());
  }

  /** Nothing that a draft would keep. */
  get #blank(): boolean {
    return this.empty.value && this.addressing.blank.value;
  }

  #touch(): void {
    this.saved.value = "dirty";
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#save(), PAUSE_MS);
  }

  async #save(): Promise<void> {
    if (this.#saving) await this.#saving.catch(() => undefined);
    if (this.saved.value !== "dirty") return;
    this.saved.value = "saving";
    this.#saving = this.#put().finally(() => {
      this.#saving = null;
    });
    await this.#saving;
  }

  async #put(): Promise<void> {
    try {
      if (this.#blank) {
        if (this.#version > 0) await this.api.deleteDraft(this.conversationId);
        this.#version = 0;
      } else {
        const draft = await this.api.saveDraft(this.conversationId, {
          kind: this.kind.value,
          body: this.text.value,
          file_ids: this.files().map((file) => file.id),
          version: this.#version,
          addressing: this.addressing.draft(),
        });
        this.#version = draft?.version ?? this.#version + 1;
      }
      if (this.saved.value === "saving") this.saved.value = this.#blank ? "clean" : "saved";
    } catch (error) {
      this.saved.value = "dirty";
      const current = error instanceof ApiError && error.code === "draft_conflict" ? versionOf(error) : Number.NaN;
      // Another tab saved meanwhile; what is being typed here wins.
      if (Number.isFinite(current)) this.#version = current;
      else if (error instanceof ApiError && !error.passing) {
        console.warn("draft", error);
        return;
      }
      this.#timer = setTimeout(() => void this.#save(), Number.isFinite(current) ? 0 : RETRY_MS);
    }
  }

  async #drop(): Promise<void> {
    try {
      await this.api.deleteDraft(this.conversationId);
      this.#version = 0;
    } catch (error) {
      if (error instanceof ApiError && !error.passing) console.warn("draft", error);
      else this.#doneTimer = setTimeout(() => void this.done(), RETRY_MS);
    }
  }

  #empty(): void {
    for (const each of this.uploads.value) if (each.preview) URL.revokeObjectURL(each.preview);
    this.text.value = "";
    this.uploads.value = [];
    this.saved.value = "clean";
    this.addressing.clear();
    this.publicity.clear();
    this.#mentions.clear();
  }

  #change(key: number, change: Partial<Upload>): void {
    this.uploads.value = this.uploads.value.map((each) => (each.key === key ? { ...each, ...change } : each));
  }
}

/** The version of the draft that another tab stored, as a conflict tells it; 0 when there is none any more. */
const versionOf = (error: ApiError): number => (error.fields.draft as Draft | null | undefined)?.version ?? 0;
