import type { Message, OutboxItem, Session } from "../src/frame/types";

export function message(seq: number, change: Partial<Message> = {}): Message {
  return {
    id: `m${seq}`,
    seq,
    mine: false,
    author: { kind: "agent", name: "Kari" },
    body: `nummer ${seq}`,
    attachments: [],
    state: null,
    client_id: null,
    created_at: `2026-11-23T13:${String(seq % 60).padStart(2, "0")}:00Z`,
    version: 1,
    ...change,
  };
}

export function session(messages: Message[], change: Partial<Session> = {}): Session {
  return {
    identified: false,
    name: null,
    conversation: messages.length ? { id: "c1", status: "open" } : null,
    messages,
    earlier: false,
    agents_online: true,
    reply_time_text: null,
    away_text: null,
    limits: { max_text: 8000, max_file: 10_485_760, max_files: 10, file_types: ["image/png", "application/pdf"] },
    address_known: false,
    read_seq: 0,
    agents_delivered_seq: 0,
    agents_read_seq: 0,
    resume: `1:${messages.length}`,
    ...change,
  };
}

export function item(n: number, change: Partial<OutboxItem> = {}): OutboxItem {
  return {
    n,
    client_id: `k${n}`,
    body: `tekst ${n}`,
    files: [],
    created_at: "2026-11-23T14:05:00Z",
    failed: null,
    ...change,
  };
}

/** Web Locks in one page: first come, first served. */
export function fakeLocks() {
  const tails = new Map<string, Promise<unknown>>();
  return {
    request<T>(name: string, work: () => Promise<T>): Promise<T> {
      const turn = (tails.get(name) ?? Promise.resolve()).then(work, work);
      tails.set(
        name,
        turn.catch(() => {}),
      );
      return turn;
    },
  };
}
