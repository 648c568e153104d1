import { signal } from "@preact/signals-core";
import { type Api, Refused } from "./api";
import type { Limits, OutFile } from "./types";

export interface Draft extends OutFile {
  key: number;
  progress: number;
  state: "uploading" | "done" | "waiting";
  abort: AbortController;
}

export interface Problem {
  key: "widget.too_large" | "widget.wrong_type" | "widget.upload_failed";
  name: string;
}

/** Does the desk take this file? Said before a single byte is uploaded; the desk checks the content again. */
export function checkFile(file: { name: string; size: number; type: string }, limits: Limits): Problem | null {
  if (file.size > limits.max_file) return { key: "widget.too_large", name: file.name };
  const { file_types: types } = limits;
  const name = file.name.toLowerCase();
  const fits = types.some((type) =>
    type.startsWith(".")
      ? name.endsWith(type)
      : type.endsWith("/*")
        ? file.type.startsWith(type.slice(0, -1))
        : type === file.type,
  );
  return types.length && !fits ? { key: "widget.wrong_type", name: file.name } : null;
}

/** The files beside the message that is being written. Each is uploaded at once; without a line it waits with its bytes. */
export class Attachments {
  readonly list = signal<readonly Draft[]>([]);
  readonly problem = signal<Problem | null>(null);
  #next = 1;

  constructor(
    readonly api: Api,
    readonly limits: () => Limits,
  ) {}

  add(files: Iterable<File>): void {
    this.problem.value = null;
    for (const file of files) {
      const problem = checkFile(file, this.limits());
      if (problem) this.problem.value = problem;
      else if (this.list.value.length < this.limits().max_files) void this.#upload(file);
      else this.problem.value = { key: "widget.upload_failed", name: file.name };
    }
  }

  remove(key: number): void {
    this.list.value.find((draft) => draft.key === key)?.abort.abort();
    this.list.value = this.list.value.filter((draft) => draft.key !== key);
  }

  /** Hands the files over to the outbox and empties the list; unfinished uploads are done again from there. */
  take(): OutFile[] {
    const files = this.list.value.map(({ name, size, media_type, id, blob }) => ({ name, size, media_type, id, blob }));
    for (const draft of this.list.value) if (!draft.id) draft.abort.abort();
    this.list.value = [];
    this.problem.value = null;
    return files;
  }

  async #upload(file: File): Promise<void> {
    const key = this.#next++;
    const abort = new AbortController();
    const name = file.name || "image.png"; // pasted pictures have no name
    const draft = { name, size: file.size, media_type: file.type, blob: file, abort };
    this.list.value = [...this.list.value, { ...draft, key, progress: 0, state: "uploading" }];
    try {
      const id = await this.api.upload(draft, (progress) => this.#set(key, { progress }), abort.signal);
      this.#set(key, { id, state: "done", progress: 1 });
    } catch (error) {
      if (abort.signal.aborted) return;
      if (error instanceof Refused && !error.temporary) {
        this.remove(key);
        const wrong = { file_too_large: "widget.too_large", file_type_refused: "widget.wrong_type" }[error.code];
        this.problem.value = { key: (wrong ?? "widget.upload_failed") as Problem["key"], name };
      } else this.#set(key, { state: "waiting" });
    }
  }

  #set(key: number, change: Partial<Draft>): void {
    this.list.value = this.list.value.map((draft) => (draft.key === key ? { ...draft, ...change } : draft));
  }
}
