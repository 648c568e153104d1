// What travels between the agent app and the server, made from the OpenAPI document (openapi.gen.ts) and said more closely
// where the document says only "string". Times are ISO 8601 in UTC with Z, ids are UUID strings.
import type { components } from "./openapi.gen";

type S = components["schemas"];

/** A schema of the document, some of its fields said more closely; naming a field that it lacks is an error. */
type With<G, N extends { [K in keyof N]: K extends keyof G ? N[K] : never }> = Omit<G, keyof N> & N;
/** Fields that the server always sends and that nobody here needs to be sure of. */
type Loose<G, K extends keyof G> = Omit<G, K> & Partial<Pick<G, K>>;

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

export type Locale = S["Me"]["agent"]["locale"];
export const LOCALES: readonly Locale[] = ["nb", "nn", "da", "sv", "fi", "en"];
export type Role = S["Self"]["role"];
export type Availability = S["Self"]["availability"];
export type Permission = S["Me"]["permissions"][number];
export type Status = S["ConversationRow"]["status"];
export type MessageKind = S["Message"]["kind"];
export type DeliveryState = NonNullable<S["Message"]["state"]>;
export type DraftKind = S["Draft"]["kind"];
export type Trust = S["Identity"]["trust"];
export type PresenceKind = S["PresentAgent"]["kind"];
export type ViewName = NonNullable<S["Filters"]["view"]>;

// -- who is signed in
export type AgentSelf = With<S["Self"], { settings: Record<string, Json> }>;
export type TeamRef = S["OwnTeam"];
export type Me = With<S["Me"], { agent: AgentSelf }>;
export type SignIn = ({ state: "signed_in" } & Me) | S["MfaRequired"];
export type SessionInfo = S["SessionRow"];

// -- conversations
/** `read_seq` is how far this agent has read; only in answers to requests, frames go to many and leave it null. */
export type Row = With<S["ConversationRow"], { read_seq?: number | null }>;
export type Attachment = S["Attachment"];
/** What a system line tells; `by` is the agent who did it, null the house itself. */
export type SystemDetails = S["SystemDetails"];
/** Somebody as a letter names them; the name may be empty. */
export type Correspondent = S["Correspondent"];
/** What a mail or a form carries beside its text; what is empty is left out. */
export type Letter = Partial<S["Letter"]>;
export type Automatic = S["Letter"]["automatic"];
/** To whom an answer goes where the channel has addresses; `to` null: to whoever wrote. */
export type Addressing = S["Addressing"];
export type DraftAddressing = S["DraftAddressing"];
/** Something that was filled in beside a message's text. */
export type FilledIn = S["FilledIn"];
/** `client_id` is only there for its author; `deleted`: erased, the body is empty; `send_at`: waits until then. */
export type Message = With<
  Loose<
    S["Message"],
    | ("client_id" | "deleted" | "silent" | "fields" | "automated" | "letter" | "send_at" | "edits" | "awaited")
    | ("private" | "comment")
  >,
  { letter?: Letter | null; comment?: PublicComment | null }
>;
/** What stands beside a message that everybody can read; what is usual is left out. */
export type PublicComment = Partial<S["PublicComment"]>;
/** A message of another conversation that belongs with this one. */
export type MessageLink = S["MessageLink"];
export type Identity = Loose<S["Identity"], "verified_at">;
export type Contact = With<
  Loose<S["Contact"], "fields" | "timezone" | "erased_at" | "written_standard">,
  { identities: Identity[] }
>;
/** Why a person is known by several contacts. */
export type Merge = S["Merge"];
/** Somebody who has the same address and may be the same person. */
export type Suggestion = S["Suggestion"];
export type Relations = S["Relations"];
export type Draft = Loose<S["Draft"], "files" | "updated_at" | "addressing">;
export type PresentAgent = S["PresentAgent"];
export type VisitorNow = S["VisitorNow"];
/** How an answer reaches the customer; what a channel has not is left out. */
export type Way = Loose<S["Way"], "public" | "standby">;
/** A time in which we may write, counted from what the person did last; `people_only`: not for machines. */
export type WayWindow = S["WayWindow"];
/** What can be done about the program that has a conversation at its channel. */
export type ThreadAct = S["ThreadAct"]["act"];
/** What the person came from: an ad, a link, a post. */
export type Touch = NonNullable<Way["first_touch"]>;
export type Reaction = S["Reaction"];
/** With which program an answer was written outside of Svardesk. */
export type Elsewhere = S["Elsewhere"];
/** How a message read before it was edited. */
export type Edit = S["Edit"];
export type ConversationPage = With<S["conversations_schemas_Page"], { items: Row[] }>;
export type Counts = S["Counts"];
export type CountedView = keyof Counts;
export type ConversationDetail = With<
  Loose<S["Opened"], "way">,
  { conversation: Row; contact: Contact; messages: Message[]; previous_conversations: Row[]; draft: Draft | null }
>;
export type Posted = With<S["Posted"], { message: Message; conversation: Row }>;
type Said = "then" | "addressing" | "send_at" | "reply_to";
export type NewMessage = With<Required<Omit<S["PostMessage"], Said>>, { file_ids: string[]; mention_ids: string[] }> &
  Partial<Pick<S["PostMessage"], Said>>;
export type ConversationPatch = Partial<S["ChangeConversation"]>;
/** Keys of a list of conversations, of a saved view's filters too; left out is the same as any. */
export type Filters = { [K in keyof S["Filters"]]?: Exclude<S["Filters"][K], null> };
export type SavedView = With<S["SavedView"], { filters: Filters }>;
export type SearchHit = With<S["FoundMessage"], { message: Message; conversation: Row }>;
export type SearchPage = With<S["Found"], { messages: SearchHit[]; contacts: Contact[] }>;
export type UploadedFile = Loose<S["Uploaded"], "image">;

// -- Messenger and the Facebook page: their settings
export type MetaApp = S["AppView"];
export type MetaAppValues = S["AppValues"];
/** One of a page's two connections: Messenger, or the page with its comments. */
export type MetaPage = S["PageView"];
export type MetaPageValues = S["PageValues"];
export type MetaSettings = S["MetaSettings"];
export type MetaProblem = S["Problem"];
export type MetaHealth = S["PageHealth"];
export type OfferedPage = S["Offered"];
/** What people see in Messenger before they write. */
export type Menus = S["Menus"];
export type MenusAtMeta = S["MenusAtMeta"];
/** How a page stands by its provider's badge for fast answers. */
export type Badge = S["Badge"];

// -- the Facebook page
/** What in a text is about a person; `start` and `end` count as strings do here. `stop`: it must come out first. */
export type Span = S["Span"];
export type CommentChange = S["ChangeComment"];
/** A post on a page; `own`: the page's, else a visitor's. */
export type PagePost = S["PagePost"];
export type NewPost = S["MakePost"];
export type PostChange = S["ChangePost"];

// -- the organisation
export type Agent = S["AgentRow"];
export type Team = S["TeamRow"];
export type Tag = S["Tag"];
export const TAG_COLOURS = ["grey", "red", "orange", "yellow", "green", "teal", "blue", "purple", "pink"] as const;
export type Invitation = S["InvitationRow"];
export type OneTimeLink = S["Link"];
export type ApiToken = S["TokenRow"];
export type NewApiToken = S["NewToken"];
export type AuditEntry = With<S["AuditRow"], { details: Record<string, Json> }>;
export type WidgetConnection = With<S["WidgetView"], { secrets: { id: string; created_at: string }[] }>;
/** A widget and the lines with which a shop embeds it. */
export type EmbeddedWidget = With<S["WidgetOut"], { widget: WidgetConnection }>;
/** A new signing secret, shown this once. */
export type NewSecret = S["SecretOut"];

// -- contact forms
export type ContactForm = S["FormView"];
export type FormField = ContactForm["fields"][number];
export type FormTopic = ContactForm["topics"][number];
/** A contact form and what an owner copies into a page. */
export type EmbeddedForm = S["FormOut"];
export type FormList = S["FormList"];
/** What can be set of a contact form. */
export type FormPatch = Partial<Omit<ContactForm, "id" | "key" | "status">>;

// -- mailboxes
/** A mail that was set aside. */
export type AsideMail = S["AsideMail"];
/** One that does not work. */
export type MailboxAlarm = S["MailboxAlarm"];
export type MailboxValues = S["MailboxValues"];
export type MailboxConfig = S["MailboxConfig"];
export type MailServer = S["Reached"];
export type MailSender = S["SenderOf"];
export type MailboxState = S["MailboxState"];
/** A mailbox and the address at which a mail server may hand mails over. */
export type Mailbox = S["MailboxOut"];
export type MailboxHealth = S["MailboxHealth"];
export type HookSecret = S["HookSecret"];

export type PrivacyRequest = S["PrivacyRequest"];
export type OrganisationSettings = With<S["Organisation"], { settings: Record<string, Json> }>;

// ---- the agent socket ----

export type ClientFrame =
  | { t: "hello"; resume: string | null }
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
  /** Something else is known of the person of a conversation that is open here: look again. */
  | { t: "contact"; conversation_id: string }
  | { t: "agent"; id: string; availability: Availability; name?: string; resume?: string }
  | { t: "counts_changed" }
  /** A mailbox, form or widget is another one now, fails, or works again. */
  | { t: "connections_changed" }
  | { t: "mention"; conversation_id: string; message_id: string; resume?: string }
  | { t: "signed_out" }
  | { t: "ping" }
  | { t: "error"; code: string; message: string };
