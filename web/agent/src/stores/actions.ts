// Verbs on the open conversation. Each shows its effect at once where that is certain and says when it was refused.
import {
  ApiError,
  type ConversationPatch,
  type Correspondent,
  type Merge,
  type Row,
  type Suggestion,
} from "@svardesk/wire";
import { t } from "../i18n";
import { full } from "../time";
import type { AppStore } from "./app";
import type { ThreadStore } from "./thread";

/** Changes a conversation on the version that the agent saw; when somebody was quicker their change is shown first. */
export async function patch(app: AppStore, row: Row, change: ConversationPatch, done?: string): Promise<boolean> {
  return app.attempt(async () => {
    try {
      app.rows.upsert(await app.api.patchConversation(row.id, { ...change, version: row.version }));
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== "version_conflict") throw error;
      const fresh = (await app.api.conversation(row.id)).conversation;
      app.rows.upsert(fresh);
      const touched = (Object.keys(change) as (keyof Row)[]).some((key) => fresh[key] !== row[key]);
      // Only something else moved (a new message, a tag): the wish still stands. Otherwise a person must look again.
      if (touched) throw error;
      app.rows.upsert(await app.api.patchConversation(row.id, { ...change, version: fresh.version }));
    }
  }, done);
}

export function assign(app: AppStore, row: Row, agentId: string | null): Promise<boolean> {
  const name = app.directory.agent(agentId)?.name;
  return patch(app, row, { assignee_id: agentId }, name ? t("done.assigned", { name }) : t("done.unassigned"));
}

export function toTeam(app: AppStore, row: Row, teamId: string | null): Promise<boolean> {
  const name = app.directory.team(teamId)?.name;
  return patch(app, row, { team_id: teamId }, name ? t("done.team", { name }) : t("done.no_team"));
}

export function close(app: AppStore, row: Row): Promise<boolean> {
  return patch(app, row, { status: "closed" }, t("done.closed"));
}

export function reopen(app: AppStore, row: Row): Promise<boolean> {
  return patch(app, row, { status: "open" }, t("done.reopened"));
}

export function wait(app: AppStore, row: Row): Promise<boolean> {
  return patch(app, row, { status: "waiting" }, t("done.waiting"));
}

export function snooze(app: AppStore, row: Row, until: Date): Promise<boolean> {
  const at = until.toISOString();
  return patch(app, row, { snoozed_until: at }, t("done.snoozed", { time: full(at) }));
}

export async function toggleTag(app: AppStore, row: Row, tagId: string): Promise<void> {
  await app.attempt(async () => {
    const answer = await (row.tags.includes(tagId) ? app.api.removeTag(row.id, tagId) : app.api.addTag(row.id, tagId));
    if (answer && typeof answer === "object" && "version" in answer) app.rows.upsert(answer as Row);
    else app.rows.upsert((await app.api.conversation(row.id)).conversation);
  });
}

/** Marks as read what has been on the screen; quietly, because nobody asked for it. */
export async function markRead(app: AppStore, row: Row): Promise<void> {
  if (!app.rows.unread(row)) return;
  app.rows.markRead(row.id, row.last_seq);
  await app.api.markRead(row.id, row.last_seq).catch((error) => console.warn("read", error));
}

/** To whom an answer goes when nobody chose: the server answers neither machines nor strangers. */
export function answersTo(thread: ThreadStore): Correspondent[] {
  const asked = thread.messages.value.findLast(
    ({ kind, letter, automated }) => kind === "inbound" && letter?.sender && !automated && !letter.stranger,
  );
  if (asked?.letter?.sender) return asked.letter.reply_to?.length ? asked.letter.reply_to : [asked.letter.sender];
  const address = thread.way.value?.address;
  return address ? [{ name: thread.contact.value?.name ?? "", address }] : [];
}

/** Hands what is written to the outbox. `confirm`: the agent has read the warning that something newer exists. */
export function send(app: AppStore, options: { confirm?: boolean; close?: boolean; at?: Date | null } = {}): void {
  const composer = app.composer.value;
  const thread = app.thread.value;
  if (!composer?.canSend.value || !thread) return;
  const confirm = options.confirm ?? false;
  const addressed = composer.kind.value === "answer" && thread.way.value?.addressed;
  app.delivery.send(thread.id, {
    kind: composer.kind.value,
    body: composer.text.value.trim(),
    files: composer.files(),
    mention_ids: composer.mentionIds(app.directory.agents.value),
    based_on_seq: confirm ? thread.lastPublicSeq.value : Math.min(thread.seenSeq.value, thread.lastPublicSeq.value),
    confirm,
    ...(composer.kind.value === "answer" ? { after: options.close ? "closed" : "waiting" } : {}),
    ...(addressed ? { addressing: composer.addressing.value(answersTo(thread)) } : {}),
    ...(addressed && options.at ? { send_at: options.at.toISOString() } : {}),
    ...(composer.kind.value === "answer" && thread.way.value?.public ? composer.publicity.route() : {}),
  });
  app.presence.stopped(thread.id);
  composer.clear();
}

// -- who is one person with whom: frames bring the new lines of the inbox, the open conversation is read again at once

/** Reads the open conversation again if it is still with this person. */
const lookAgain = (app: AppStore, contactId: string) => {
  const thread = app.thread.peek();
  return thread?.contact.peek()?.id === contactId ? thread.load() : Promise.resolve();
};

export async function merge(app: AppStore, contactId: string, { contact }: Suggestion): Promise<boolean> {
  return app.attempt(
    async () => {
      await app.api.mergeContacts(contactId, contact.id);
      await lookAgain(app, contactId);
    },
    t("done.merged", { name: contact.name ?? t("same.unnamed") }),
  );
}

export async function undoMerge(app: AppStore, contactId: string, { id, contact }: Merge): Promise<boolean> {
  return app.attempt(
    async () => {
      await app.api.undoMerge(contactId, id);
      await lookAgain(app, contactId);
    },
    t("done.parted", { name: contact.name ?? t("same.unnamed") }),
  );
}

/** They are two persons, and nobody is asked again; a slip of the hand can be taken back for a while. */
export async function tellApart(app: AppStore, contactId: string, { contact }: Suggestion): Promise<void> {
  const told = await app.attempt(async () => {
    await app.api.tellApart(contactId, contact.id);
    await lookAgain(app, contactId);
  });
  if (!told) return;
  const takeBack = () =>
    void app.attempt(async () => {
      await app.api.takeBackApart(contactId, contact.id);
      await lookAgain(app, contactId);
    });
  const text = t("done.told_apart", { name: contact.name ?? t("same.unnamed") });
  app.toasts.say(text, { action: { label: t("action.undo"), run: takeBack }, forMs: 9_000 });
}
