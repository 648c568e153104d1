// Verbs on comments: what the agent decides goes to the page, and what came of it is shown at once.
import type { CommentChange, Message } from "@svardesk/wire";
import { isOpen, nextOpen } from "../comments";
import { t } from "../i18n";
import type { AppStore } from "./app";

const take = (app: AppStore, message: Message) => {
  const thread = app.thread.peek();
  if (thread?.id === message.conversation_id) thread.take(message);
};

export function change(app: AppStore, message: Message, wish: CommentChange, done: string): Promise<boolean> {
  return app.attempt(async () => take(app, await app.api.patchComment(message.id, wish)), done);
}

export function remove(app: AppStore, message: Message): Promise<boolean> {
  return app.attempt(async () => take(app, await app.api.deleteComment(message.id)), t("done.comment_deleted"));
}

/** One key: the comment needs no answer. A slip of the hand can be taken back; the composer turns to the next one. */
export async function notNeeded(app: AppStore, message: Message): Promise<void> {
  if (!isOpen(message)) return;
  const done = await app.attempt(async () =>
    take(app, await app.api.patchComment(message.id, { state: "not_needed" })),
  );
  if (!done) return;
  const publicity = app.composer.peek()?.publicity;
  if (publicity?.target.peek() === message.id && app.composer.peek()?.empty.peek())
    publicity.answer(nextOpen(app.thread.peek()?.messages.peek() ?? [], message.id)?.id ?? null);
  app.toasts.say(t("done.not_needed"), {
    action: {
      label: t("action.undo"),
      run: () => void change(app, message, { state: "open" }, t("done.needed")),
    },
    forMs: 9_000,
  });
}

/** Turns the composer to a comment: to everybody, or to its author alone. */
export function answerTo(app: AppStore, message: Message, privately = false): void {
  const composer = app.composer.peek();
  if (!composer) return;
  composer.choose("answer");
  composer.publicity.answer(message.id, privately);
  document.querySelector<HTMLTextAreaElement>(".composer textarea")?.focus();
}

/** The comment that a key is about: the one with the focus, or the one that the composer answers. */
export function atHand(app: AppStore): Message | null {
  const thread = app.thread.peek();
  if (!thread?.way.peek()?.public) return null;
  const focused = document.activeElement?.closest<HTMLElement>("article[data-comment]")?.dataset.comment;
  const id = focused ?? app.composer.peek()?.publicity.target.peek();
  return thread.messages.peek().find((message) => message.id === id) ?? null;
}
