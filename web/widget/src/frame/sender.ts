import type { Page } from "../shared/protocol";
import { type Api, Refused } from "./api";
import { alone } from "./keep";
import type { Outbox } from "./outbox";
import type { Message, OutboxItem } from "./types";

interface Hooks {
  page(): Page;
  /** The desk has it: show it as a message. Called before it leaves the outbox, so that it never blinks away. */
  sent(message: Message): void;
  /** The outbox changed: read it again, and tell the other tabs. */
  changed(): Promise<void>;
  /** The token is not accepted any more: get another, true when that worked. */
  renew(): Promise<boolean>;
}

/**
 * Empties the outbox, one message at a time and oldest first, in one tab at a time. A message stays in the box until
 * the desk has acknowledged it, so a crash in between sends it again under the same idempotency key.
 */
export class Sender {
  #running: Promise<void> | null = null;
  #again = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;

  constructor(
    readonly api: Api,
    readonly outbox: Outbox,
    readonly lock: string,
    readonly hooks: Hooks,
  ) {}

  /** Sends what waits. Resolves when the box holds nothing more that can go out now. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#again = true;
    this.#running ??= this.#rounds().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  async #rounds(): Promise<void> {
    while (this.#again) {
      this.#again = false;
      await alone(this.lock, () => this.#empty());
    }
  }

  async #empty(): Promise<void> {
    for (;;) {
      // Read anew each time: another tab may have sent or added something while we waited for the lock.
      const item = (await this.outbox.list()).find((one) => !one.failed);
      if (!item) return;
      try {
        await this.#send(item);
        this.#failures = 0;
      } catch (error) {
        const refused = error instanceof Refused ? error : new Refused(0, "no_answer");
        if (refused.status === 401 && (await this.hooks.renew())) continue;
        if (refused.temporary || refused.status === 401) {
          this.#later(refused.retryAfter);
          return;
        }
        // A file that was uploaded long ago may be gone at the desk; the bytes are still here for the next try.
        const files = item.files.map((file) => (file.blob ? { ...file, id: undefined } : file));
        await this.outbox.update({ ...item, files, failed: refused.code });
        await this.hooks.changed();
      }
    }
  }

  async #send(item: OutboxItem): Promise<void> {
    const ids: string[] = [];
    for (const file of item.files) {
      if (!file.id) {
        file.id = await this.api.upload(file, () => {});
        await this.outbox.update(item);
      }
      ids.push(file.id);
    }
    const { token } = this.api;
    const message = await this.api.message(item, ids, this.hooks.page());
    // Reset meanwhile: whoever uses this browser now has not written it.
    if (token === this.api.token) this.hooks.sent(message);
    await this.outbox.remove(item.n);
    await this.hooks.changed();
  }

  #later(seconds: number): void {
    const pause = Math.min(30_000, 500 * 2 ** this.#failures++) * (0.5 + Math.random() / 2);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.flush(), Math.max(pause, seconds * 1000));
  }
}
