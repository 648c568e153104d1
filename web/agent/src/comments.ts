// Comments below a post, as they hang together: pure.
import type { Message } from "@svardesk/wire";

export interface Placed {
  message: Message;
  /** 0: below the post; 1: below a comment. Deeper ones stand as deep as the page itself draws them. */
  depth: 0 | 1;
}

/** Every message once, answers right below what they answer, otherwise in their order. */
export function nested(messages: readonly Message[]): Placed[] {
  const here = new Set(messages.map((message) => message.id));
  const below = new Map<string, Message[]>();
  const tops: Message[] = [];
  for (const message of messages) {
    const parent = message.reply_to;
    if (parent && parent !== message.id && here.has(parent)) below.set(parent, [...(below.get(parent) ?? []), message]);
    else tops.push(message);
  }
  const placed: Placed[] = [];
  const seen = new Set<string>();
  const walk = (message: Message, depth: 0 | 1) => {
    if (seen.has(message.id)) return;
    seen.add(message.id);
    placed.push({ message, depth });
    // What hangs on the visitor's own post is a comment like any other.
    for (const each of below.get(message.id) ?? []) walk(each, message.comment?.post ? 0 : 1);
  };
  for (const top of tops) walk(top, 0);
  // A ring of answers is nobody's top; nothing may be lost.
  for (const message of messages) walk(message, 0);
  return placed;
}

/** A comment of somebody else that nobody has answered or set aside. */
export function isOpen(message: Message): boolean {
  const comment = message.comment;
  return (
    message.kind === "inbound" && !!comment && !comment.ours && !message.deleted && (comment.state ?? "open") === "open"
  );
}

/** Which comment an answer is for when nobody chose: the one that has waited longest. */
export function nextOpen(messages: readonly Message[], except: string | null = null): Message | null {
  return messages.find((message) => isOpen(message) && message.id !== except) ?? null;
}

/** May a private message still be sent to its author? There is one, and only for some days. */
export function privateReply(message: Message, now: number): "may" | "used" | "late" | "none" {
  const comment = message.comment;
  if (!comment || comment.ours || message.kind !== "inbound" || message.deleted) return "none";
  if (comment.private_reply) return "used";
  if (!comment.private_until) return "late";
  return Date.parse(comment.private_until) > now ? "may" : "late";
}
