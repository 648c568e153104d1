import { type ChatStore, isTheirs, type OwnState } from "./store";
import type { Attachment, OutboxItem } from "./types";

/** One bubble, ready to be drawn: a message of the desk's or one that is still on its way. */
export interface Entry {
  key: string;
  side: "mine" | "theirs" | "system";
  /** Author's name; empty for an unnamed agent. */
  name: string;
  bot: boolean;
  body: string;
  at: string;
  attachments: readonly (Attachment | { name: string; size: number; blob?: Blob })[];
  /** First and last of a run by one author: name above, time below. */
  first: boolean;
  last: boolean;
  /** Set on the first bubble of a day. */
  newDay: boolean;
  /** State to show under it: on the newest own one, and on every one that did not get through. */
  state: OwnState | null;
  item: OutboxItem | null;
}

const RUN = 5 * 60_000;

export function entriesOf(store: ChatStore): Entry[] {
  const entries: Entry[] = store.messages.value.map((message) => ({
    // The same key before and after the desk acknowledged it, so that the bubble stays where it is.
    key: (message.mine && message.client_id) || message.id,
    side: message.mine ? "mine" : isTheirs(message) ? "theirs" : "system",
    name: message.author.name ?? "",
    bot: message.author.kind === "bot",
    body: message.body,
    at: message.created_at,
    attachments: message.attachments,
    first: true,
    last: true,
    newDay: false,
    state: message.mine ? store.stateOf(message) : null,
    item: null,
  }));
  for (const item of store.pending.value) {
    entries.push({
      key: item.client_id,
      side: "mine",
      name: "",
      bot: false,
      body: item.body,
      at: item.created_at,
      attachments: item.files,
      first: true,
      last: true,
      newDay: false,
      state: store.stateOfPending(item),
      item,
    });
  }
  const newest = entries.findLast((entry) => entry.side === "mine");
  entries.forEach((entry, index) => {
    const before = entries[index - 1];
    entry.newDay = !before || new Date(before.at).toDateString() !== new Date(entry.at).toDateString();
    entry.first =
      entry.newDay ||
      before?.side !== entry.side ||
      before.name !== entry.name ||
      Date.parse(entry.at) - Date.parse(before.at) > RUN;
    if (before && !entry.first) before.last = false;
    if (entry !== newest && entry.state !== "failed") entry.state = null;
  });
  return entries;
}
