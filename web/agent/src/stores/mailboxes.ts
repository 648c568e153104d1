// Whether the mailboxes work, for those who may see them: read at sign-in, every minute, and on coming back to the window.
import { computed, signal } from "@preact/signals";
import type { Api, Mailbox, MailboxState } from "@svardesk/wire";

const EVERY_MS = 60_000;
const PROGRESS_MS = 3_000;
const FRESH_MS = 10_000;

/** Somebody must look: it is not read any more, or nothing goes out by it. */
export function isBroken(state: MailboxState): boolean {
  return state.status === "disconnected" || !!state.send_failing_since;
}

export class MailboxStore {
  readonly list = signal<readonly Mailbox[] | null>(null);
  readonly error = signal<unknown>(null);
  readonly broken = computed(() => (this.list.value ?? []).filter(({ mailbox }) => isBroken(mailbox.state)));
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
    this.list.value = null;
    this.error.value = null;
  }

  readonly load = async (): Promise<void> => {
    clearTimeout(this.#timer);
    try {
      const list = await this.api.mailboxes();
      if (this.#running) this.list.value = list;
      this.error.value = null;
    } catch (error) {
      this.error.value = error;
    }
    this.#loadedAt = Date.now();
    if (!this.#running) return;
    clearTimeout(this.#timer);
    // While mails are being taken in somebody may be watching the figure.
    const taking = this.list.value?.some(({ mailbox }) => mailbox.state.waiting > 0);
    this.#timer = setTimeout(() => this.#due(), taking ? PROGRESS_MS : EVERY_MS);
  };

  #due(): void {
    // A window that nobody looks at need not know; coming back to it asks at once.
    if (document.visibilityState === "visible") void this.load();
  }

  readonly #looked = (): void => {
    if (document.visibilityState === "visible" && Date.now() - this.#loadedAt > FRESH_MS) void this.load();
  };
}
