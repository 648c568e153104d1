// A desk in miniature for the stores' tests: it changes rows and messages, remembers what frames it sent, and answers
// requests as the server would.
import type { Api, ConversationDetail, ListQuery, Message, Row, ServerFrame } from "@svardesk/wire";
import { belongs, instantKey, type Viewer } from "../src/stores/list";

export const ME = "agent-me";
export const TEAM = "team-a";
export const viewer: Viewer = { agentId: ME, teamIds: [TEAM] };

/** The same numbers for the same seed. */
export function dice(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

export const at = (second: number) => new Date(Date.UTC(2026, 10, 23, 8, 0, second)).toISOString();

export function makeRow(id: string, change: Partial<Row> = {}): Row {
  return {
    id,
    number: 1,
    channel: "webchat",
    status: "open",
    snoozed_until: null,
    subject: null,
    preview: "Hei",
    preview_kind: "inbound",
    contact: { id: `contact-${id}`, name: "Kari" },
    assignee_id: null,
    team_id: null,
    brand_id: null,
    locale: "nb",
    tags: [],
    last_seq: 1,
    last_public_seq: 1,
    last_customer_seq: 1,
    waiting_since: at(0),
    last_activity_at: at(0),
    created_at: at(0),
    closed_at: null,
    version: 1,
    ...change,
  };
}

export function makeMessage(conversation: string, seq: number, change: Partial<Message> = {}): Message {
  return {
    id: `m-${conversation}-${seq}`,
    conversation_id: conversation,
    seq,
    kind: "inbound",
    author: { kind: "contact", id: "contact", name: "Kari" },
    body: `melding ${seq}`,
    attachments: [],
    state: null,
    state_reason: null,
    mention_ids: [],
    details: null,
    created_at: at(seq),
    version: 1,
    ...change,
  };
}

export class Desk {
  readonly rows = new Map<string, Row>();
  readonly messages = new Map<string, Message[]>();
  readonly frames: ServerFrame[] = [];
  requests = 0;
  #second = 1;

  constructor(readonly pageSize = 5) {}

  now(): string {
    return at(this.#second++);
  }

  put(id: string, change: Partial<Row>): void {
    const before = this.rows.get(id) ?? makeRow(id, { version: 0 });
    const row = { ...before, ...change, version: before.version + 1 };
    this.rows.set(id, row);
    this.frames.push({ t: "conversation", row, resume: `e:${this.frames.length + 1}` });
  }

  drop(id: string): void {
    this.rows.delete(id);
    this.frames.push({ t: "conversation_gone", id, resume: `e:${this.frames.length + 1}` });
  }

  say(conversation: string, change: Partial<Message> = {}): Message {
    const said = this.messages.get(conversation) ?? [];
    const message = makeMessage(conversation, said.length + 1, change);
    this.messages.set(conversation, [...said, message]);
    this.frames.push({ t: "message", message, resume: `e:${this.frames.length + 1}` });
    return message;
  }

  changeMessage(conversation: string, seq: number, change: Partial<Message>): void {
    const said = this.messages.get(conversation) ?? [];
    const message = { ...said[seq - 1]!, ...change, version: said[seq - 1]!.version + 1 };
    this.messages.set(
      conversation,
      said.map((each) => (each.seq === seq ? message : each)),
    );
    this.frames.push({ t: "message", message, resume: `e:${this.frames.length + 1}` });
  }

  /** Ids of a view in the server's order. */
  list(query: ListQuery): string[] {
    const view = query.view ?? "all";
    const key = (row: Row): string =>
      instantKey(
        view === "waiting" ? row.waiting_since : view === "snoozed" ? row.snoozed_until : row.last_activity_at,
      ) + row.id;
    const ascending = view === "waiting" || view === "snoozed";
    const found = [...this.rows.values()].filter((row) => belongs(row, query, viewer));
    found.sort((a, b) => (key(a) < key(b) === ascending ? -1 : 1));
    return found.map((row) => row.id);
  }

  readonly api = {
    conversations: async (query: ListQuery) => {
      this.requests += 1;
      const all = this.list(query).map((id) => this.rows.get(id)!);
      const from = query.cursor ? all.findIndex((row) => row.id === query.cursor) + 1 : 0;
      const items = all.slice(from, from + this.pageSize);
      const more = from + this.pageSize < all.length;
      return { items, next_cursor: more ? items.at(-1)!.id : null, resume: `e:${this.frames.length}` };
    },
    conversation: async (id: string): Promise<ConversationDetail> => {
      this.requests += 1;
      const said = this.messages.get(id) ?? [];
      return {
        conversation: this.rows.get(id) ?? makeRow(id),
        contact: {
          id: "contact",
          name: "Kari",
          locale: "nb",
          attributes: {},
          identities: [],
          created_at: at(0),
          last_seen_at: null,
          version: 1,
        },
        relations: { merges: [], suggestions: [] },
        messages: said.slice(-this.pageSize),
        earlier: said.length > this.pageSize,
        previous_conversations: [],
        draft: null,
        presence: [],
        visitor: null,
        resume: `e:${this.frames.length}`,
      };
    },
    earlierMessages: async (id: string, before: number) => {
      const older = (this.messages.get(id) ?? []).filter((message) => message.seq < before);
      return { messages: older.slice(-this.pageSize), earlier: older.length > this.pageSize };
    },
  } as unknown as Api;
}
