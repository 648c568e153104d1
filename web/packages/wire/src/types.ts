// What travels between the agent app and the server. Times are ISO 8601 in UTC with Z, ids are UUID strings.

export type Locale = "nb" | "nn" | "da" | "sv" | "fi" | "en";
export const LOCALES: readonly Locale[] = ["nb", "nn", "da", "sv", "fi", "en"];

export type Role = "owner" | "lead" | "agent" | "observer";
export type Availability = "online" | "away";
export type Status = "open" | "waiting" | "snoozed" | "closed";
export type ViewName = "mine" | "unassigned" | "teams" | "all" | "waiting" | "snoozed" | "closed";
export type MessageKind = "inbound" | "answer" | "note" | "system";
export type DraftKind = "answer" | "note";
export type Trust = "none" | "claimed" | "platform_account" | "domain_verified" | "signed_token" | "phone_number";
export type PresenceKind = "looking" | "typing" | "answering";
export type Permission =
  | "conversations.read"
  | "conversations.write"
  | "conversations.assign"
  | "contacts.read"
  | "contacts.write"
  | "views.share"
  | "teams.manage"
  | "agents.manage"
  | "channels.manage"
  | "settings.manage"
  | "audit.read"
  | "privacy.manage"
  | "tokens.manage";
export type DeliveryState =
  | "queued"
  | "sending"
  | "sent"
  | "delivered"
  | "read"
  | "blocked_by_window"
  | "blocked_by_policy"
  | "scheduled"
  | "unknown"
  | "failed_temporary"
  | "failed_permanent"
  | "cancelled";

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

export interface AgentSelf {
  id: string;
  name: string;
  email: string;
  role: Role;
  locale: Locale;
  availability: Availability;
  settings: Record<string, Json>;
}

export interface Account {
  id: string;
  name: string;
  slug: string;
  locale: Locale;
  timezone: string;
}

export interface TeamRef {
  id: string;
  name: string;
  closed: boolean;
}

export interface Me {
  agent: AgentSelf;
  account: Account;
  permissions: Permission[];
  csrf: string;
  teams: TeamRef[];
  totp_enabled: boolean;
  recovery_codes_left: number;
}

export type SignIn = ({ state: "signed_in" } & Me) | { state: "mfa_required"; challenge: string };

export interface Row {
  id: string;
  number: number;
  channel: string;
  status: Status;
  snoozed_until: string | null;
  subject: string | null;
  preview: string | null;
  preview_kind: MessageKind | null;
  contact: { id: string; name: string | null };
  assignee_id: string | null;
  team_id: string | null;
  brand_id: string | null;
  locale: string | null;
  tags: string[];
  last_seq: number;
  last_public_seq: number;
  last_customer_seq: number;
  /** How far this agent has read; only in answers to requests, frames go to many and leave it out. */
  read_seq?: number | null;
  waiting_since: string | null;
  last_activity_at: string;
  created_at: string;
  closed_at: string | null;
  version: number;
}

export interface Attachment {
  id: string;
  name: string;
  size: number;
  media_type: string;
  url: string;
  image: boolean;
}

/** What a system line tells; `by` is the agent who did it, null the house itself. */
export interface SystemDetails {
  type:
    | "assigned"
    | "unassigned"
    | "team_assigned"
    | "team_removed"
    | "opened"
    | "waiting"
    | "closed"
    | "reopened"
    | "snoozed"
    | "woken";
  by?: string | null;
  agent_id?: string | null;
  team_id?: string | null;
  until?: string | null;
}

export interface Message {
  id: string;
  conversation_id: string;
  seq: number;
  kind: MessageKind;
  author: { kind: "contact" | "agent" | "bot" | "system"; id: string | null; name: string | null };
  body: string;
  attachments: Attachment[];
  state: DeliveryState | null;
  state_reason: string | null;
  client_id?: string | null;
  mention_ids: string[];
  details: SystemDetails | null;
  /** Erased: the body is empty. */
  deleted?: boolean;
  created_at: string;
  version: number;
}

export interface Identity {
  id: string;
  kind: string;
  address: string;
  display: string | null;
  trust: Trust;
}

export interface Contact {
  id: string;
  name: string | null;
  locale: string | null;
  timezone?: string | null;
  written_standard?: "nb" | "nn" | null;
  attributes: Record<string, Json>;
  fields?: Record<string, string | number | boolean>;
  identities: Identity[];
  created_at: string;
  last_seen_at: string | null;
  erased_at?: string | null;
  version: number;
}

export interface Draft {
  kind: DraftKind;
  body: string;
  file_ids: string[];
  files?: Attachment[];
  version: number;
  updated_at?: string;
}

export interface PresentAgent {
  agent_id: string;
  name: string;
  kind: PresenceKind;
}

export interface VisitorNow {
  page_url: string | null;
  page_title: string | null;
  online: boolean;
  locale: string | null;
}

export interface ConversationPage {
  items: Row[];
  next_cursor: string | null;
  resume: string | null;
}

export interface Count {
  n: number;
  more: boolean;
}

export type CountedView = "mine" | "unassigned" | "teams" | "waiting" | "snoozed";
export type Counts = Record<CountedView, Count>;

export interface ConversationDetail {
  conversation: Row;
  contact: Contact;
  messages: Message[];
  earlier: boolean;
  previous_conversations: Row[];
  draft: Draft | null;
  presence: PresentAgent[];
  visitor: VisitorNow | null;
  resume: string | null;
}

export interface Posted {
  message: Message;
  conversation: Row;
}

export interface NewMessage {
  client_id: string;
  kind: DraftKind;
  body: string;
  file_ids: string[];
  mention_ids: string[];
  based_on_seq: number;
  confirm: boolean;
  /** What the conversation is after an answer. */
  then?: "waiting" | "open" | "closed";
}

export interface ConversationPatch {
  assignee_id?: string | null;
  team_id?: string | null;
  status?: "open" | "waiting" | "closed";
  snoozed_until?: string | null;
  version?: number;
}

/** Keys of a list of conversations, of a saved view's filters too. */
export interface Filters {
  view?: ViewName;
  team_id?: string;
  assignee_id?: string;
  tag_id?: string;
  channel?: string;
}

export interface SavedView {
  id: string;
  name: string;
  filters: Filters;
  shared: boolean;
  mine: boolean;
  agent_id?: string;
}

export interface SearchHit {
  message: Message;
  conversation: Row;
  snippet_html: string;
}

export interface SearchPage {
  messages: SearchHit[];
  contacts: Contact[];
  next_cursor: string | null;
}

export interface Agent {
  id: string;
  name: string;
  email: string;
  role: Role;
  availability: Availability;
  online?: boolean;
  archived_at: string | null;
  team_ids?: string[];
  totp_enabled?: boolean | null;
  last_seen_at?: string | null;
}

export interface Team {
  id: string;
  name: string;
  closed: boolean;
  timezone?: string;
  member_ids: string[];
}

export const TAG_COLOURS = ["grey", "red", "orange", "yellow", "green", "teal", "blue", "purple", "pink"] as const;

export interface Tag {
  id: string;
  name: string;
  colour: string;
  archived?: boolean;
}

export interface Invitation {
  id: string;
  email: string;
  role: Role;
  created_at?: string;
  expires_at: string;
  url?: string;
}

export interface SessionInfo {
  id: string;
  browser: string | null;
  ip: string | null;
  created_at: string;
  last_seen_at: string;
  current: boolean;
}

export interface ApiToken {
  id: string;
  name: string;
  prefix: string;
  scopes: Permission[];
  created_at: string;
  last_used_at: string | null;
  expires_at: string | null;
  token?: string;
}

export interface AuditEntry {
  id: string;
  at: string;
  actor_kind: "agent" | "token" | "visitor" | "system";
  actor_id: string | null;
  actor_name?: string | null;
  action: string;
  object_kind: string | null;
  object_id: string | null;
  ip: string | null;
  details: Record<string, Json>;
}

export interface WidgetSecret {
  id: string;
  created_at: string;
  /** Only in the answer that made it. */
  secret?: string;
}

export interface WidgetConnection {
  id: string;
  key: string;
  name: string;
  title: string | null;
  accent: string | null;
  origins: string[];
  team_id: string | null;
  status: string;
  secrets: WidgetSecret[];
  version: number;
}

/** A widget and the lines with which a shop embeds it. */
export interface EmbeddedWidget {
  widget: WidgetConnection;
  embed: { snippet: string; pinned: string | null };
}

export interface PrivacyRequest {
  id: string;
  kind: "export" | "erase";
  contact_id: string;
  state: "queued" | "running" | "done" | "failed";
  error: string | null;
  requested_by: string | null;
  created_at: string;
  finished_at: string | null;
  expires_at: string | null;
  url: string | null;
}

export interface OrganisationSettings {
  name: string;
  locale: Locale;
  timezone: string;
  settings: Record<string, Json>;
}

export interface UploadedFile {
  id: string;
  name: string;
  size: number;
  media_type: string;
  image?: boolean;
  url?: string;
}

// ---- the agent socket ----

export type ClientFrame =
  | { t: "hello"; resume: string | null; scope: "all"; build: string }
  | { t: "open" | "close_conversation" | "looking" | "typing" | "idle" | "lock"; conversation_id: string }
  | { t: "pong" };

export type ServerFrame =
  | { t: "welcome"; build: string; resume: string; agent_id: string }
  | { t: "caught_up"; missed: number; resume: string }
  | { t: "refetch"; reason: string; resume?: string }
  | { t: "conversation"; row: Row; resume?: string }
  | { t: "conversation_gone"; id: string; resume?: string }
  | { t: "message"; message: Message; resume?: string }
  | { t: "read"; conversation_id: string; seq: number; resume?: string }
  | { t: "draft_changed"; conversation_id: string; version: number; resume?: string }
  | { t: "presence"; conversation_id: string; agents: PresentAgent[] }
  | { t: "visitor_typing"; conversation_id: string; typing: boolean; preview: string | null }
  | { t: "visitor"; conversation_id: string; page_url: string | null; page_title: string | null; online: boolean }
  | { t: "agent"; id: string; availability: Availability; name?: string; resume?: string }
  | { t: "counts_changed" }
  | { t: "mention"; conversation_id: string; message_id: string; resume?: string }
  | { t: "signed_out" }
  | { t: "ping" }
  | { t: "error"; code: string; message: string };
