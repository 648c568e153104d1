// The typed client of /api/v1. One method a route; nothing is cached here.
import type { Http } from "./http";
import type {
  Agent,
  ApiToken,
  AsideMail,
  AuditEntry,
  Badge,
  CommentChange,
  Contact,
  ConversationDetail,
  ConversationPage,
  ConversationPatch,
  Counts,
  Draft,
  DraftAddressing,
  DraftKind,
  Edit,
  EmbeddedForm,
  EmbeddedWidget,
  Filters,
  FormList,
  FormPatch,
  HookSecret,
  Invitation,
  Locale,
  Mailbox,
  MailboxAlarm,
  MailboxHealth,
  MailboxValues,
  Me,
  Menus,
  MenusAtMeta,
  Message,
  MetaApp,
  MetaAppValues,
  MetaHealth,
  MetaPage,
  MetaPageValues,
  MetaSettings,
  NewApiToken,
  NewMessage,
  NewPost,
  NewSecret,
  OfferedPage,
  OneTimeLink,
  OrganisationSettings,
  PagePost,
  Permission,
  PostChange,
  Posted,
  PrivacyRequest,
  Role,
  Row,
  SavedView,
  SearchPage,
  SessionInfo,
  SignIn,
  Span,
  Tag,
  Team,
  ThreadAct,
  UploadedFile,
  Way,
} from "./types";

export interface ListQuery extends Filters {
  view_id?: string;
  cursor?: string;
  limit?: number;
}

/** Lists come bare or under `items`; callers get the array either way. */
type Listed<T> = T[] | { items: T[]; next_cursor?: string | null };
const items = <T>(answer: Listed<T>): T[] => (Array.isArray(answer) ? answer : answer.items);

export class Api {
  constructor(readonly http: Http) {}

  // -- signing in
  signIn(email: string, password: string, organisation?: string): Promise<SignIn> {
    return this.#post("/session", { email, password, ...(organisation ? { organisation } : {}) });
  }
  confirmSignIn(challenge: string, code: string): Promise<SignIn> {
    return this.#post("/session/mfa", { challenge, code });
  }
  me(): Promise<Me> {
    return this.#get("/session");
  }
  signOut(): Promise<void> {
    return this.#delete("/session");
  }
  signOutEverywhere(): Promise<void> {
    return this.#delete("/sessions");
  }
  async sessions(): Promise<SessionInfo[]> {
    return items(await this.#get<Listed<SessionInfo>>("/sessions"));
  }
  patchMe(patch: Partial<Pick<Me["agent"], "name" | "locale" | "availability" | "settings">>): Promise<unknown> {
    return this.#patch("/me", patch);
  }
  changePassword(current: string, next: string): Promise<void> {
    return this.http.request("PUT", "/me/password", { body: { current, new: next } });
  }
  startTotp(): Promise<{ secret: string; uri: string; qr_svg: string }> {
    return this.http.request("POST", "/me/totp");
  }
  newRecoveryCodes(password: string): Promise<{ recovery_codes: string[] }> {
    return this.#post("/me/totp/recovery-codes", { password });
  }
  endSession(id: string): Promise<void> {
    return this.#delete(`/sessions/${id}`);
  }
  endTotpOf(agentId: string): Promise<void> {
    return this.#delete(`/agents/${agentId}/totp`);
  }
  confirmTotp(code: string): Promise<{ recovery_codes: string[] }> {
    return this.#post("/me/totp/confirm", { code });
  }
  removeTotp(password: string): Promise<void> {
    return this.http.request("DELETE", "/me/totp", { body: { password } });
  }
  askPasswordReset(email: string): Promise<void> {
    return this.#post("/password-resets", { email });
  }
  resetPassword(token: string, password: string): Promise<void> {
    return this.#post(`/password-resets/by-token/${encodeURIComponent(token)}`, { password });
  }
  invitationByToken(token: string): Promise<{ account_name: string; email: string }> {
    return this.#get(`/invitations/by-token/${encodeURIComponent(token)}`);
  }
  acceptInvitation(token: string, name: string, password: string, locale: Locale): Promise<SignIn> {
    return this.#post(`/invitations/by-token/${encodeURIComponent(token)}`, { name, password, locale });
  }

  // -- conversations
  conversations(query: ListQuery, signal?: AbortSignal): Promise<ConversationPage> {
    return this.http.request("GET", "/conversations", { query: { ...query }, ...(signal ? { signal } : {}) });
  }
  counts(): Promise<Counts> {
    return this.#get("/conversations/counts");
  }
  conversation(id: string, signal?: AbortSignal): Promise<ConversationDetail> {
    return this.http.request("GET", `/conversations/${id}`, signal ? { signal } : {});
  }
  earlierMessages(id: string, beforeSeq: number, limit = 50): Promise<{ messages: Message[]; earlier: boolean }> {
    return this.http.request("GET", `/conversations/${id}/messages`, { query: { before_seq: beforeSeq, limit } });
  }
  post(id: string, message: NewMessage): Promise<Posted> {
    return this.#post(`/conversations/${id}/messages`, message);
  }
  retry(id: string, messageId: string): Promise<unknown> {
    return this.http.request("POST", `/conversations/${id}/messages/${messageId}/retry`);
  }
  /** Takes an answer back that has not gone out; 409 `too_late` when it has. */
  cancel(id: string, messageId: string): Promise<Message> {
    return this.http.request("POST", `/conversations/${id}/messages/${messageId}/cancel`);
  }
  /** How a message read before it was edited, oldest first. */
  async edits(id: string, messageId: string): Promise<Edit[]> {
    return items(await this.#get<Listed<Edit>>(`/conversations/${id}/messages/${messageId}/edits`));
  }
  /** How an answer reaches the customer just now. */
  way(id: string): Promise<Way | null> {
    return this.#get(`/conversations/${id}/way`);
  }
  threadControl(id: string, act: ThreadAct): Promise<unknown> {
    return this.#post(`/conversations/${id}/thread`, { act });
  }
  /** What in a text is about a person and must not be said in public. */
  async publicCheck(id: string, text: string, signal?: AbortSignal): Promise<Span[]> {
    const options = { body: { text }, ...(signal ? { signal } : {}) };
    return (await this.http.request<{ spans: Span[] }>("POST", `/conversations/${id}/public-check`, options)).spans;
  }
  async postOf(id: string): Promise<PagePost | null> {
    return (await this.#get<{ post: PagePost | null }>(`/conversations/${id}/post`)).post;
  }
  patchComment(messageId: string, change: CommentChange): Promise<Message> {
    return this.#patch(`/comments/${messageId}`, change);
  }
  deleteComment(messageId: string): Promise<Message> {
    return this.#delete(`/comments/${messageId}`);
  }
  privateReply(
    messageId: string,
    reply: { client_id: string; body: string; then?: NewMessage["then"] },
  ): Promise<Posted> {
    return this.#post(`/comments/${messageId}/private-reply`, reply);
  }
  pagePosts(cursor?: string | null): Promise<{ items: PagePost[]; next_cursor: string | null }> {
    return this.http.request("GET", "/page-posts", { query: { cursor } });
  }
  createPost(post: NewPost): Promise<PagePost> {
    return this.#post("/page-posts", post);
  }
  patchPost(id: string, change: PostChange): Promise<PagePost> {
    return this.#patch(`/page-posts/${id}`, change);
  }
  deletePost(id: string): Promise<PagePost> {
    return this.#delete(`/page-posts/${id}`);
  }
  patchConversation(id: string, patch: ConversationPatch): Promise<Row> {
    return this.#patch(`/conversations/${id}`, patch);
  }
  addTag(id: string, tagId: string): Promise<unknown> {
    return this.http.request("PUT", `/conversations/${id}/tags/${tagId}`);
  }
  removeTag(id: string, tagId: string): Promise<unknown> {
    return this.#delete(`/conversations/${id}/tags/${tagId}`);
  }
  saveDraft(
    id: string,
    draft: {
      kind: DraftKind;
      body: string;
      file_ids: string[];
      version: number;
      addressing?: DraftAddressing | null;
    },
  ): Promise<Draft | undefined> {
    return this.http.request("PUT", `/conversations/${id}/draft`, { body: draft });
  }
  deleteDraft(id: string): Promise<void> {
    return this.#delete(`/conversations/${id}/draft`);
  }
  markRead(id: string, seq: number): Promise<unknown> {
    return this.http.request("PUT", `/conversations/${id}/read`, { body: { seq } });
  }
  search(q: string, kind: "all" | "messages" | "contacts", cursor?: string, signal?: AbortSignal): Promise<SearchPage> {
    return this.http.request("GET", "/search", { query: { q, kind, cursor }, ...(signal ? { signal } : {}) });
  }
  upload(file: Blob, name: string, signal?: AbortSignal): Promise<UploadedFile> {
    return this.http.upload("/files", file, name, signal);
  }

  // -- contacts
  contact(id: string): Promise<Contact> {
    return this.#get(`/contacts/${id}`);
  }
  patchContact(id: string, patch: Record<string, unknown>): Promise<Contact> {
    return this.#patch(`/contacts/${id}`, patch);
  }

  /** `other` is the same person, who is known as `id` from now on. */
  mergeContacts(id: string, other: string): Promise<Contact> {
    return this.#post(`/contacts/${id}/merges`, { contact_id: other });
  }
  undoMerge(id: string, mergeId: string): Promise<Contact> {
    return this.#delete(`/contacts/${id}/merges/${mergeId}`);
  }
  tellApart(id: string, other: string): Promise<void> {
    return this.http.request("PUT", `/contacts/${id}/not-same/${other}`);
  }
  takeBackApart(id: string, other: string): Promise<void> {
    return this.#delete(`/contacts/${id}/not-same/${other}`);
  }

  // -- tags, views, people
  async tags(): Promise<Tag[]> {
    return items(await this.#get<Listed<Tag>>("/tags"));
  }
  createTag(tag: { name: string; colour: string }): Promise<Tag> {
    return this.#post("/tags", tag);
  }
  patchTag(id: string, patch: { name?: string; colour?: string; archived?: boolean }): Promise<Tag> {
    return this.#patch(`/tags/${id}`, patch);
  }
  async views(): Promise<SavedView[]> {
    return items(await this.#get<Listed<SavedView>>("/views"));
  }
  createView(view: { name: string; filters: Filters; shared: boolean }): Promise<SavedView> {
    return this.#post("/views", view);
  }
  patchView(id: string, patch: { name?: string; filters?: Filters; shared?: boolean }): Promise<SavedView> {
    return this.#patch(`/views/${id}`, patch);
  }
  deleteView(id: string): Promise<void> {
    return this.#delete(`/views/${id}`);
  }
  async agents(): Promise<Agent[]> {
    return items(await this.#get<Listed<Agent>>("/agents"));
  }
  patchAgent(id: string, patch: { role?: Role; name?: string; archived?: boolean }): Promise<Agent> {
    return this.#patch(`/agents/${id}`, patch);
  }
  createResetLink(id: string): Promise<OneTimeLink> {
    return this.http.request("POST", `/agents/${id}/password-reset`);
  }
  async invitations(): Promise<Invitation[]> {
    return items(await this.#get<Listed<Invitation>>("/invitations"));
  }
  invite(email: string, role: Role, teamIds: string[]): Promise<OneTimeLink> {
    return this.#post("/invitations", { email, role, team_ids: teamIds });
  }
  withdrawInvitation(id: string): Promise<void> {
    return this.#delete(`/invitations/${id}`);
  }
  async teams(): Promise<Team[]> {
    return items(await this.#get<Listed<Team>>("/teams"));
  }
  createTeam(team: { name: string; closed: boolean }): Promise<Team> {
    return this.#post("/teams", team);
  }
  patchTeam(id: string, patch: { name?: string; closed?: boolean }): Promise<Team> {
    return this.#patch(`/teams/${id}`, patch);
  }
  deleteTeam(id: string): Promise<void> {
    return this.#delete(`/teams/${id}`);
  }
  addMember(teamId: string, agentId: string): Promise<void> {
    return this.http.request("PUT", `/teams/${teamId}/members/${agentId}`);
  }
  removeMember(teamId: string, agentId: string): Promise<void> {
    return this.#delete(`/teams/${teamId}/members/${agentId}`);
  }

  // -- administration
  async apiTokens(): Promise<ApiToken[]> {
    return items(await this.#get<Listed<ApiToken>>("/api-tokens"));
  }
  createApiToken(token: { name: string; scopes: Permission[]; days: number | null }): Promise<NewApiToken> {
    return this.#post("/api-tokens", token);
  }
  revokeApiToken(id: string): Promise<void> {
    return this.#delete(`/api-tokens/${id}`);
  }
  audit(cursor?: string): Promise<{ items: AuditEntry[]; next_cursor: string | null }> {
    return this.http.request("GET", "/audit", { query: { cursor } });
  }
  async widgets(): Promise<EmbeddedWidget[]> {
    return items(await this.#get<Listed<EmbeddedWidget>>("/widgets"));
  }
  createWidget(widget: { name: string; origins: string[] }): Promise<EmbeddedWidget> {
    return this.#post("/widgets", widget);
  }
  patchWidget(
    id: string,
    patch: { name?: string; title?: string | null; origins?: string[]; team_id?: string | null; version?: number },
  ): Promise<EmbeddedWidget> {
    return this.#patch(`/widgets/${id}`, patch);
  }
  newWidgetSecret(id: string): Promise<NewSecret> {
    return this.http.request("POST", `/widgets/${id}/secrets`);
  }
  forms(): Promise<FormList> {
    return this.#get("/forms");
  }
  createForm(form: FormPatch): Promise<EmbeddedForm> {
    return this.#post("/forms", form);
  }
  patchForm(id: string, patch: FormPatch): Promise<EmbeddedForm> {
    return this.#patch(`/forms/${id}`, patch);
  }
  deleteForm(id: string): Promise<void> {
    return this.#delete(`/forms/${id}`);
  }
  async mailsAside(): Promise<AsideMail[]> {
    return items(await this.#get<Listed<AsideMail>>("/mailboxes/aside"));
  }
  decideAside(id: string, what: "take" | "dismiss"): Promise<void> {
    return this.http.request("POST", `/mailboxes/aside/${id}/${what}`);
  }
  async mailboxAlarms(): Promise<MailboxAlarm[]> {
    return items(await this.#get<Listed<MailboxAlarm>>("/mailboxes/alarms"));
  }
  async mailboxes(): Promise<Mailbox[]> {
    return items(await this.#get<Listed<Mailbox>>("/mailboxes"));
  }
  createMailbox(values: MailboxValues): Promise<Mailbox> {
    return this.#post("/mailboxes", values);
  }
  patchMailbox(id: string, values: MailboxValues): Promise<Mailbox> {
    return this.#patch(`/mailboxes/${id}`, values);
  }
  deleteMailbox(id: string): Promise<void> {
    return this.#delete(`/mailboxes/${id}`);
  }
  testMailbox(id: string): Promise<MailboxHealth> {
    return this.http.request("POST", `/mailboxes/${id}/test`, { seconds: 90 });
  }
  mailboxHook(id: string): Promise<HookSecret> {
    return this.#get(`/mailboxes/${id}/hook`);
  }
  /** Where the browser goes to sign in to the mailbox at its provider. */
  mailboxSignIn(id: string): Promise<{ url: string }> {
    return this.http.request("POST", `/mailboxes/${id}/sign-in`);
  }
  meta(): Promise<MetaSettings> {
    return this.#get("/meta");
  }
  createMetaApp(values: MetaAppValues): Promise<MetaApp> {
    return this.#post("/meta/apps", values);
  }
  patchMetaApp(id: string, values: MetaAppValues): Promise<MetaApp> {
    return this.#patch(`/meta/apps/${id}`, values);
  }
  deleteMetaApp(id: string): Promise<void> {
    return this.#delete(`/meta/apps/${id}`);
  }
  /** Where the owner's browser goes to choose pages. */
  metaSignIn(appId: string): Promise<{ url: string }> {
    return this.http.request("POST", `/meta/apps/${appId}/sign-in`);
  }
  async offeredPages(appId: string): Promise<OfferedPage[]> {
    return items(await this.#get<Listed<OfferedPage>>(`/meta/apps/${appId}/offered`));
  }
  connectPage(
    appId: string,
    page: { page_id: string; page_token?: string | null },
  ): Promise<{ items: MetaPage[]; found?: number }> {
    return this.http.request("POST", `/meta/apps/${appId}/pages`, { body: page, seconds: 60 });
  }
  patchPage(id: string, values: MetaPageValues): Promise<MetaPage> {
    return this.#patch(`/meta/pages/${id}`, values);
  }
  disconnectPage(id: string): Promise<void> {
    return this.#delete(`/meta/pages/${id}`);
  }
  testPage(id: string): Promise<MetaHealth> {
    return this.http.request("POST", `/meta/pages/${id}/test`, { seconds: 60 });
  }
  /** Somebody has looked at what Meta restricted: what waited goes out. */
  resumePage(id: string): Promise<{ sent: number }> {
    return this.http.request("POST", `/meta/pages/${id}/resume`);
  }
  messengerProfile(id: string): Promise<MenusAtMeta> {
    return this.http.request("GET", `/meta/pages/${id}/messenger-profile`, { seconds: 60 });
  }
  putMessengerProfile(id: string, menus: Menus): Promise<MenusAtMeta> {
    return this.http.request("PUT", `/meta/pages/${id}/messenger-profile`, { body: menus, seconds: 60 });
  }
  async badges(): Promise<Badge[]> {
    return items(await this.#get<Listed<Badge>>("/reports/badges"));
  }
  async privacyRequests(kind: "exports" | "erasures"): Promise<PrivacyRequest[]> {
    return items(await this.#get<Listed<PrivacyRequest>>(`/privacy/${kind}`));
  }
  requestPrivacy(kind: "exports" | "erasures", contactId: string): Promise<PrivacyRequest> {
    return this.#post(`/privacy/${kind}`, { contact_id: contactId });
  }
  settings(): Promise<OrganisationSettings> {
    return this.#get("/settings");
  }
  patchSettings(patch: Partial<OrganisationSettings>): Promise<OrganisationSettings> {
    return this.#patch("/settings", patch);
  }

  #get<T>(path: string): Promise<T> {
    return this.http.request("GET", path);
  }
  #post<T>(path: string, body: unknown): Promise<T> {
    return this.http.request("POST", path, { body });
  }
  #patch<T>(path: string, body: unknown): Promise<T> {
    return this.http.request("PATCH", path, { body });
  }
  #delete<T>(path: string): Promise<T> {
    return this.http.request("DELETE", path);
  }
}
