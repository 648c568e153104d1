// An answer that everybody can read: to which comment, or to its author alone, and what in it is about a person.
import { computed, signal } from "@preact/signals";
import type { Api, Span } from "@svardesk/wire";

const PAUSE_MS = 350;
/** Characters of a private reply. */
export const LONGEST_PRIVATE = 2_000;

export class PublicityStore {
  /** The comment that is answered; null: the post itself. */
  readonly target = signal<string | null>(null);
  /** Its author alone gets the answer. */
  readonly privately = signal(false);
  readonly spans = signal<readonly Span[]>([]);
  readonly stopped = computed(() => !this.privately.value && this.spans.value.some((each) => each.level === "stop"));
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asked: AbortController | null = null;

  constructor(
    readonly conversationId: string,
    readonly api: Api,
  ) {}

  answer(comment: string | null, privately = false): void {
    this.target.value = comment;
    this.privately.value = privately && comment !== null;
  }

  /** Asks the server what stands in the text, when typing pauses; the newest question counts. */
  check(text: string): void {
    clearTimeout(this.#timer);
    this.#asked?.abort();
    // What was found stands elsewhere now, or not at all.
    this.spans.value = this.spans.value.filter((each) => text.length >= each.end);
    if (!text.trim()) this.spans.value = [];
    else this.#timer = setTimeout(() => void this.#ask(text), PAUSE_MS);
  }

  /** Where it goes, as the outbox carries it. */
  route(): { reply_to: string | null } | { private_to: string } {
    const target = this.target.value;
    return this.privately.value && target ? { private_to: target } : { reply_to: target };
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#asked?.abort();
    this.spans.value = [];
    this.privately.value = false;
  }

  async #ask(text: string): Promise<void> {
    const asked = new AbortController();
    this.#asked = asked;
    try {
      const spans = await this.api.publicCheck(this.conversationId, text, asked.signal);
      if (!asked.signal.aborted) this.spans.value = spans;
    } catch (error) {
      // The server looks again when it is sent.
      if (!asked.signal.aborted) console.warn("public check", error);
    }
  }
}
