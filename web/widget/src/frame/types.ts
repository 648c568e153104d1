// The wire of /widget/v1, as the server speaks it; instants are ISO 8601 in UTC, ids are UUID strings.

export interface Boot {
  /** Public key of the widget. */
  widget: string;
  locale: string;
  /** Origin of the page that holds the frame; the server checked it against the allow-list. */
  parent: string;
  /** What the company calls itself; shown in the header. */
  name?: string;
  /** Colour of the brand as #rrggbb. */
  accent?: string;
  texts: Record<string, string>;
}

export interface Attachment {
  id: string;
  name: string;
  size: number;
  media_type: string;
  url: string;
  image: boolean;
}

export type ReceiptState = "sent" | "delivered" | "read";

export interface Message {
  id: string;
  seq: number;
  mine: boolean;
  author: { kind: "contact" | "agent" | "bot" | "system"; name?: string | null };
  body: string;
  attachments: Attachment[];
  state: ReceiptState | null;
  client_id?: string | null;
  created_at: string;
  version: number;
}

export interface Limits {
  max_text: number;
  max_file: number;
  max_files: number;
  /** Endings with a dot, or media types. */
  file_types: string[];
}

export interface Session {
  visitor_token?: string | null;
  identified: boolean;
  name: string | null;
  conversation: { id: string; status: string } | null;
  messages: Message[];
  /** There are messages before these. */
  earlier: boolean;
  agents_online: boolean;
  reply_time_text: string | null;
  away_text: string | null;
  limits: Limits;
  address_known: boolean;
  resume: string | null;
  /** How far this visitor has read their conversation, as the desk knows it. */
  read_seq: number;
  /** How far the visitor's own messages have come: at an agent's screen, opened by an agent. */
  agents_delivered_seq: number;
  agents_read_seq: number;
}

export type Frame =
  | { t: "welcome"; resume?: string | null }
  | { t: "caught_up"; missed: number; resume?: string | null }
  | { t: "refetch"; reason?: string }
  | { t: "message"; message: Message; resume?: string | null }
  | { t: "typing"; name: string | null; on: boolean }
  | { t: "availability"; agents_online: boolean; away_text: string | null }
  | { t: "conversation"; status?: string; changed?: boolean; resume?: string | null }
  | { t: "receipts"; delivered_seq: number; read_seq: number; resume?: string | null }
  | { t: "gone" }
  | { t: "ping" }
  | { t: "error"; code: string; message: string };

/** A file on its way out: uploaded when it has an id, else its bytes are still here. */
export interface OutFile {
  name: string;
  size: number;
  media_type: string;
  id?: string;
  blob?: Blob;
}

/** A message that the desk has not acknowledged yet. `client_id` is its idempotency key. */
export interface OutboxItem {
  /** Place in the queue, over all tabs of this browser. */
  n: number;
  client_id: string;
  body: string;
  files: OutFile[];
  created_at: string;
  /** Code of a refusal that sending again cannot cure by itself; null while it is waiting. */
  failed: string | null;
}
