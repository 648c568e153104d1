// Whether the mailboxes work: told by frames, read at sign-in, when the line is back, and on coming back to the window.
import { signal } from "@preact/signals";
import type { Api, Mailbox, MailboxAlarm, MailboxState } from "@svardesk/wire";

const PROGRESS_MS = 3_000;
const FRESH_MS = 10_000;

/** Somebody must look: it is not read any more, or nothing goes out by it. */
export function isBroken(state: MailboxState): boolean {
  return state.status === "disconnected" || !!state.send_failing_since;
}

export class MailboxStore {
  /** Those that do not work, for everybody who must see to it. */
  readonly alarms = signal<readonly MailboxAlarm[]>([]);
  /** All of them, once somebody has opened their settings. */
  readonly list = signal<readonly Mailbox[] | null>(null);
  readonly error = signal<unknown>(null);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #lookedAt = 0;
  #running = false;

  constructor(readonly api: Api) {}

  start(): void {
    if (this.#running) return;
    this.#running = true;
    document.addEventListener("visibilitychange", this.#back);
    addEventListener("focus", this.#back);
    void this.look();
  }

  stop(): void {
    this.#running = false;
    clearTimeout(this.#timer);
    document.removeEventListener("visibilitychange", this.#back);
    removeEventListener("focus", this.#back);
    this.alarms.value = [];
    this.list.value = null;
    this.error.value = null;
  }

  /** A frame says that one of them changed, fails or works again; or the line is back, and one may have. */
  changed(): void {
    if (!this.#running) return;
    void this.look();
    if (this.list.value) void this.load();
  }

  async look(): Promise<void> {
    this.#lookedAt = Date.now();
    const alarms = await this.api.mailboxAlarms().catch(() => null);
    if (this.#running && alarms) this.alarms.value = alarms;
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
    clearTimeout(this.#timer);
    // While mails are being taken in somebody may be watching the figure.
    if (this.#running && this.list.value?.some(({ mailbox }) => mailbox.state.waiting > 0))
      this.#timer = setTimeout(() => this.#progress(), PROGRESS_MS);
  };

  #progress(): void {
    // A window that nobody looks at need not know; coming back to it asks at once.
    if (document.visibilityState === "visible") void this.load();
  }

  readonly #back = (): void => {
    if (document.visibilityState === "visible" && Date.now() - this.#lookedAt > FRESH_MS) this.changed();
  };
}
