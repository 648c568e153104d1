// Answers that have not gone out yet: taken back into the composer, withdrawn, sent now, sent after all.
import { type Addressing, ApiError, type Message, type UploadedFile } from "@svardesk/wire";
import type { AppStore } from "./app";

/** Waits for a few seconds in which it can be taken back; later times were somebody's choice. */
export const NEAR_MS = 120_000;

/** An answer is held only for the moment in which it can be taken back, not until a time that somebody chose. */
export function isHeld(message: Message): boolean {
  return !!message.send_at && Date.parse(message.send_at) - Date.parse(message.created_at) <= NEAR_MS;
}

/** Can it surely still be taken back? */
export function canTakeBack(message: Message): boolean {
  return message.kind === "answer" && message.state === "scheduled";
}

/** To whom it was to go, as the composer knows it. */
export function addressingOf(message: Message): Addressing | null {
  const letter = message.letter;
  if (!letter) return null;
  return {
    to: letter.to?.length ? letter.to : null,
    cc: letter.cc ?? [],
    bcc: letter.bcc ?? [],
    subject: letter.subject || null,
  };
}

/** The files of an answer that stays as it is, fetched: a file belongs to one message, so another message needs it anew. */
async function files(message: Message): Promise<File[]> {
  return Promise.all(
    message.attachments.map(async ({ url, name, media_type: type }) => {
      const response = await fetch(url, { credentials: "same-origin" });
      if (!response.ok) throw new ApiError(response.status, "file_gone", "");
      return new File([await response.blob()], name, { type });
    }),
  );
}

/** Takes an answer back; without `keep` it is only withdrawn. Returns whether it was in time. */
export async function takeBack(app: AppStore, message: Message, keep = true): Promise<boolean> {
  return app.attempt(async () => {
    const thread = app.thread.value;
    const cancelled = await app.api.cancel(message.conversation_id, message.id);
    if (thread?.id === message.conversation_id) thread.take(cancelled);
    // With the answer taken back its files are ours to send again.
    if (keep) intoComposer(app, message, message.attachments);
    await stillOpen(app, message);
  });
}

/** Puts what an answer said back into the composer: its text, its files, its recipients. */
export function intoComposer(
  app: AppStore,
  message: Message,
  free: readonly UploadedFile[],
  copies: readonly File[] = [],
): void {
  const composer = app.composer.value;
  if (composer?.conversationId !== message.conversation_id) return;
  composer.restore("answer", message.body, free);
  composer.addressing.restore(addressingOf(message));
  for (const file of copies) void composer.attach(file);
  document.querySelector<HTMLTextAreaElement>(".composer textarea")?.focus();
}

/** A refused answer, to be corrected and sent as a new one. */
export async function correct(app: AppStore, message: Message): Promise<boolean> {
  return app.attempt(async () => intoComposer(app, message, [], await files(message)));
}

/** What was to go out later goes out now: a new answer in place of the old one. */
export async function sendNow(app: AppStore, message: Message): Promise<boolean> {
  return app.attempt(async () => {
    const thread = app.thread.value;
    const cancelled = await app.api.cancel(message.conversation_id, message.id);
    if (thread?.id === message.conversation_id) thread.take(cancelled);
    app.delivery.send(message.conversation_id, {
      kind: "answer",
      body: message.body,
      files: message.attachments,
      mention_ids: [],
      based_on_seq: Math.max(message.seq, thread?.lastPublicSeq.value ?? 0),
      confirm: true,
      after: "waiting",
      addressing: addressingOf(message),
    });
  });
}

/** The customer wrote while it waited; somebody has read that and sends it all the same. */
export async function sendAnyway(app: AppStore, message: Message): Promise<boolean> {
  return app.attempt(async () => {
    await app.api.retry(message.conversation_id, message.id);
    await app.thread.value?.load();
  });
}

/** Sending set the conversation to wait for the customer; with the answer gone it is ours to work on again. */
async function stillOpen(app: AppStore, message: Message): Promise<void> {
  const row = app.rows.get(message.conversation_id);
  if (!row || row.status === "open" || row.last_seq !== message.seq) return;
  const fresh = (await app.api.conversation(row.id)).conversation;
  app.rows.upsert(fresh);
  if (fresh.status !== "open" && fresh.last_public_seq === message.seq)
    app.rows.upsert(await app.api.patchConversation(row.id, { status: "open", version: fresh.version }));
}
