// Who else looks at a conversation, types or answers in it; and telling the others what we do.
import { type Signal, signal } from "@preact/signals";
import type { PresentAgent } from "@svardesk/wire";

type Said = "looking" | "typing" | "idle" | "lock";

const RENEW_MS = 12_000;
const TYPING_MS = 3_000;

export class PresenceStore {
  readonly #by = new Map<string, Signal<readonly PresentAgent[]>>();
  #open: string | null = null;
  #renew: ReturnType<typeof setInterval> | undefined;
  #typedAt = 0;
  #lockedAt = 0;

  constructor(
    readonly self: () => string | null,
    readonly say: (what: Said, conversationId: string) => void,
  ) {}

  others(conversationId: string): Signal<readonly PresentAgent[]> {
    let found = this.#by.get(conversationId);
    if (!found) {
      found = signal<readonly PresentAgent[]>([]);
      this.#by.set(conversationId, found);
    }
    return found;
  }

  set(conversationId: string, agents: readonly PresentAgent[]): void {
    this.others(conversationId).value = agents.filter((agent) => agent.agent_id !== this.self());
  }

  clear(): void {
    for (const each of this.#by.values()) each.value = [];
  }

  enter(conversationId: string): void {
    this.leave();
    this.#open = conversationId;
    this.say("looking", conversationId);
    this.#renew = setInterval(() => {
      // A forgotten tab in the background is nobody who looks.
      if (document.visibilityState === "visible") this.say("looking", conversationId);
    }, RENEW_MS);
  }

  leave(): void {
    clearInterval(this.#renew);
    if (this.#open) this.say("idle", this.#open);
    this.#open = null;
    this.#typedAt = this.#lockedAt = 0;
  }

  /** After every keystroke; what goes out is thinned. An answer with text in it also holds the lock. */
  typing(conversationId: string, kind: "answer" | "note", hasText: boolean): void {
    const at = Date.now();
    if (hasText && at - this.#typedAt > TYPING_MS) {
      this.#typedAt = at;
      this.say("typing", conversationId);
    }
    if (hasText && kind === "answer" && at - this.#lockedAt > RENEW_MS) {
      this.#lockedAt = at;
      this.say("lock", conversationId);
    }
    if (!hasText) this.stopped(conversationId);
  }

  stopped(conversationId: string): void {
    if (this.#typedAt === 0 && this.#lockedAt === 0) return;
    this.#typedAt = this.#lockedAt = 0;
    this.say("idle", conversationId);
    if (this.#open === conversationId) this.say("looking", conversationId);
  }
}
