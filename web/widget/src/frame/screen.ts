import { signal } from "@preact/signals-core";

/** What only the screen knows: where the reader is, what stands open. */
export class Screen {
  readonly emoji = signal(false);
  /** The reader is at the end of the log, so it follows new messages. */
  readonly atEnd = signal(true);
  /** Messages that came while the reader was further up. */
  readonly missed = signal(0);
  readonly addressError = signal("");
  readonly addressBusy = signal(false);
  /** Addresses of pictures that could not be shown. */
  readonly broken = signal<ReadonlySet<string>>(new Set());
}
