// Every call of the client is one that the OpenAPI document knows: method, path, query and body.
import { describe, expect, it } from "vitest";
import { Api } from "../src/api";
import { Http } from "../src/http";
import document from "../src/openapi.json";

interface Schema {
  $ref?: string;
  properties?: Record<string, unknown>;
  required?: string[];
}
interface Operation {
  parameters?: { name: string; in: string }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
}

const paths = document.paths as unknown as Record<string, Record<string, Operation>>;
const schemas = document.components.schemas as unknown as Record<string, Schema>;
const ID = "01a2059f-1ecc-70ab-88e6-fe56388e434e";

/** The operation that answers, with the path's parameters taken for anything without a slash. */
function operation(method: string, path: string): Operation | undefined {
  const fits = (template: string) =>
    new RegExp(`^${template.replace(/\{[^}]+\}/g, "[^/]+")}$`).test(path) && paths[template]?.[method.toLowerCase()];
  const found = Object.keys(paths).filter(fits);
  // A fixed word is nearer than a parameter: /conversations/counts before /conversations/{id}.
  const nearest = found.sort((a, b) => a.split("{").length - b.split("{").length)[0];
  return nearest ? paths[nearest]?.[method.toLowerCase()] : undefined;
}

const message = {
  client_id: ID,
  kind: "answer" as const,
  body: "Hei",
  file_ids: [ID],
  mention_ids: [],
  based_on_seq: 3,
  confirm: true,
  // biome-ignore lint/suspicious/noThenProperty: the wire's name for it; a string is never called
  then: "closed" as const,
  send_at: "2026-11-27T07:00:00Z",
  addressing: { to: null, cc: [{ name: "", address: "p@b.no" }], bcc: [], subject: "Faktura" },
};
const filters = { view: "mine" as const, team_id: ID, assignee_id: ID, tag_id: ID, channel: "webchat" };

const CALLS: [string, (api: Api) => Promise<unknown>][] = [
  ["signIn", (api) => api.signIn("a@b.no", "p", "fjordnett")],
  ["confirmSignIn", (api) => api.confirmSignIn("c", "1")],
  ["me", (api) => api.me()],
  ["signOut", (api) => api.signOut()],
  ["signOutEverywhere", (api) => api.signOutEverywhere()],
  ["sessions", (api) => api.sessions()],
  ["endSession", (api) => api.endSession(ID)],
  ["patchMe", (api) => api.patchMe({ name: "K", locale: "nn", availability: "away", settings: {} })],
  ["changePassword", (api) => api.changePassword("a", "b")],
  ["startTotp", (api) => api.startTotp()],
  ["confirmTotp", (api) => api.confirmTotp("123456")],
  ["newRecoveryCodes", (api) => api.newRecoveryCodes("p")],
  ["removeTotp", (api) => api.removeTotp("p")],
  ["askPasswordReset", (api) => api.askPasswordReset("a@b.no")],
  ["resetPassword", (api) => api.resetPassword("t", "p")],
  ["invitationByToken", (api) => api.invitationByToken("t")],
  ["acceptInvitation", (api) => api.acceptInvitation("t", "n", "p", "fi")],
  ["conversations", (api) => api.conversations({ ...filters, view_id: ID, cursor: "c", limit: 50 })],
  ["counts", (api) => api.counts()],
  ["conversation", (api) => api.conversation(ID)],
  ["earlierMessages", (api) => api.earlierMessages(ID, 9)],
  ["post", (api) => api.post(ID, message)],
  ["retry", (api) => api.retry(ID, ID)],
  ["cancel", (api) => api.cancel(ID, ID)],
  [
    "patchConversation",
    (api) =>
      api.patchConversation(ID, { assignee_id: null, team_id: ID, status: "open", snoozed_until: null, version: 1 }),
  ],
  ["addTag", (api) => api.addTag(ID, ID)],
  ["removeTag", (api) => api.removeTag(ID, ID)],
  ["saveDraft", (api) => api.saveDraft(ID, { kind: "note", body: "b", file_ids: [], version: 0 })],
  ["deleteDraft", (api) => api.deleteDraft(ID)],
  ["markRead", (api) => api.markRead(ID, 3)],
  ["search", (api) => api.search("faktura", "all", "c")],
  ["contact", (api) => api.contact(ID)],
  ["patchContact", (api) => api.patchContact(ID, { name: "K", version: 1 })],
  ["mergeContacts", (api) => api.mergeContacts(ID, ID)],
  ["undoMerge", (api) => api.undoMerge(ID, ID)],
  ["tellApart", (api) => api.tellApart(ID, ID)],
  ["takeBackApart", (api) => api.takeBackApart(ID, ID)],
  ["tags", (api) => api.tags()],
  ["createTag", (api) => api.createTag({ name: "t", colour: "blue" })],
  ["patchTag", (api) => api.patchTag(ID, { name: "t", colour: "red", archived: true })],
  ["views", (api) => api.views()],
  ["createView", (api) => api.createView({ name: "v", filters, shared: true })],
  ["patchView", (api) => api.patchView(ID, { name: "v", filters, shared: false })],
  ["deleteView", (api) => api.deleteView(ID)],
  ["agents", (api) => api.agents()],
  ["patchAgent", (api) => api.patchAgent(ID, { role: "lead", name: "n", archived: true })],
  ["createResetLink", (api) => api.createResetLink(ID)],
  ["endTotpOf", (api) => api.endTotpOf(ID)],
  ["invitations", (api) => api.invitations()],
  ["invite", (api) => api.invite("a@b.no", "agent", [ID])],
  ["withdrawInvitation", (api) => api.withdrawInvitation(ID)],
  ["teams", (api) => api.teams()],
  ["createTeam", (api) => api.createTeam({ name: "t", closed: true })],
  ["patchTeam", (api) => api.patchTeam(ID, { name: "t", closed: false })],
  ["deleteTeam", (api) => api.deleteTeam(ID)],
  ["addMember", (api) => api.addMember(ID, ID)],
  ["removeMember", (api) => api.removeMember(ID, ID)],
  ["apiTokens", (api) => api.apiTokens()],
  ["createApiToken", (api) => api.createApiToken({ name: "t", scopes: ["audit.read"], days: 30 })],
  ["revokeApiToken", (api) => api.revokeApiToken(ID)],
  ["audit", (api) => api.audit("c")],
  ["widgets", (api) => api.widgets()],
  ["createWidget", (api) => api.createWidget({ name: "w", origins: [] })],
  ["patchWidget", (api) => api.patchWidget(ID, { name: "w", title: null, origins: [], team_id: ID, version: 1 })],
  ["newWidgetSecret", (api) => api.newWidgetSecret(ID)],
  ["forms", (api) => api.forms()],
  ["createForm", (api) => api.createForm({ name: "f" })],
  [
    "patchForm",
    (api) => api.patchForm(ID, { name: "f", origins: [], reply_connection_id: ID, team_id: null, version: 1 }),
  ],
  ["deleteForm", (api) => api.deleteForm(ID)],
  ["mailboxes", (api) => api.mailboxes()],
  ["createMailbox", (api) => api.createMailbox({ name: "p", address: "p@b.no", password: "x" })],
  ["patchMailbox", (api) => api.patchMailbox(ID, { hold_seconds: 20, version: 1 })],
  ["deleteMailbox", (api) => api.deleteMailbox(ID)],
  ["testMailbox", (api) => api.testMailbox(ID)],
  ["mailboxAlarms", (api) => api.mailboxAlarms()],
  ["mailsAside", (api) => api.mailsAside()],
  ["decideAside", (api) => api.decideAside(ID, "take")],
  ["mailboxHook", (api) => api.mailboxHook(ID)],
  ["mailboxSignIn", (api) => api.mailboxSignIn(ID)],
  ["edits", (api) => api.edits(ID, ID)],
  ["way", (api) => api.way(ID)],
  ["threadControl", (api) => api.threadControl(ID, "take")],
  ["publicCheck", (api) => api.publicCheck(ID, "Hei")],
  ["postOf", (api) => api.postOf(ID)],
  ["patchComment", (api) => api.patchComment(ID, { hidden: true, liked: false, state: "not_needed" })],
  ["deleteComment", (api) => api.deleteComment(ID)],
  // biome-ignore lint/suspicious/noThenProperty: the wire's name for it; a string is never called
  ["privateReply", (api) => api.privateReply(ID, { client_id: ID, body: "Hei", then: "open" })],
  ["pagePosts", (api) => api.pagePosts("c")],
  [
    "createPost",
    (api) => api.createPost({ client_id: ID, connection_id: ID, text: "Hei", link: null, publish_at: null }),
  ],
  ["patchPost", (api) => api.patchPost(ID, { version: 1, text: "Hei", publish_at: null })],
  ["deletePost", (api) => api.deletePost(ID)],
  ["meta", (api) => api.meta()],
  [
    "createMetaApp",
    (api) => api.createMetaApp({ app_id: "1", app_secret: "s", graph_version: "v26.0", forget_older_secret: false }),
  ],
  ["patchMetaApp", (api) => api.patchMetaApp(ID, { name: "n", forget_older_secret: true, version: 1 })],
  ["deleteMetaApp", (api) => api.deleteMetaApp(ID)],
  ["metaSignIn", (api) => api.metaSignIn(ID)],
  ["offeredPages", (api) => api.offeredPages(ID)],
  ["connectPage", (api) => api.connectPage(ID, { page_id: "1", page_token: "t" })],
  ["patchPage", (api) => api.patchPage(ID, { human_agent: true, utility: false, team_id: null, version: 1 })],
  ["disconnectPage", (api) => api.disconnectPage(ID)],
  ["testPage", (api) => api.testPage(ID)],
  ["resumePage", (api) => api.resumePage(ID)],
  ["messengerProfile", (api) => api.messengerProfile(ID)],
  ["putMessengerProfile", (api) => api.putMessengerProfile(ID, { greeting: [] })],
  ["badges", (api) => api.badges()],
  ["privacyRequests", (api) => api.privacyRequests("exports")],
  ["requestPrivacy", (api) => api.requestPrivacy("erasures", ID)],
  ["settings", (api) => api.settings()],
  ["patchSettings", (api) => api.patchSettings({ name: "n", locale: "nb", timezone: "Europe/Oslo", settings: {} })],
];

describe("the client and the document", () => {
  it("names every method of the client here", () => {
    const methods = Object.getOwnPropertyNames(Api.prototype).filter(
      (name) => name !== "constructor" && name !== "upload",
    );
    expect(CALLS.map(([name]) => name).sort()).toEqual(methods.sort());
  });

  it.each(CALLS)("%s is an operation of the document", async (_, call) => {
    let asked: { method: string; url: URL; body: Record<string, unknown> | null } | undefined;
    const http = new Http({
      base: "/api/v1",
      fetch: async (input, init) => {
        asked = {
          method: init?.method ?? "GET",
          url: new URL(String(input), "http://desk"),
          body: init?.body ? JSON.parse(String(init.body)) : null,
        };
        return new Response('{"items":[]}', { status: 200 });
      },
    });
    await call(new Api(http));
    const found = operation(asked!.method, asked!.url.pathname);
    expect(found, `${asked!.method} ${asked!.url.pathname}`).toBeDefined();
    const queries = (found?.parameters ?? []).filter((each) => each.in === "query").map((each) => each.name);
    for (const name of asked!.url.searchParams.keys()) expect(queries).toContain(name);
    const reference = found?.requestBody?.content["application/json"]?.schema;
    const schema = reference?.$ref ? schemas[reference.$ref.split("/").at(-1) ?? ""] : reference;
    if (!asked!.body) return;
    for (const name of Object.keys(asked!.body)) expect(Object.keys(schema?.properties ?? {})).toContain(name);
    for (const name of schema?.required ?? []) expect(Object.keys(asked!.body)).toContain(name);
  });
});
