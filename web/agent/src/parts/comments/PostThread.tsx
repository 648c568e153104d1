import { Button } from "@svardesk/ui";
import type { PagePost, Row } from "@svardesk/wire";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { nested, nextOpen } from "../../comments";
import { useApp } from "../../context";
import { t } from "../../i18n";
import { markRead } from "../../stores/actions";
import type { ThreadStore } from "../../stores/thread";
import { MessageItem } from "../MessageItem";
import { PendingItem } from "../PendingItem";
import { CommentItem } from "./CommentItem";
import { PostCard } from "./PostCard";

/** A post with everything below it: comments and answers as they hang together, not as they came. */
export function PostThread({ thread, row }: { thread: ThreadStore; row: Row }) {
  const app = useApp();
  const box = useRef<HTMLDivElement>(null);
  const shown = useRef(false);
  const [post, setPost] = useState<PagePost | null>(null);
  const messages = thread.messages.value;
  const confirmed = new Set(messages.map((message) => message.client_id));
  const pending = app.delivery.of(thread.id).value.filter((entry) => !confirmed.has(entry.client_id));
  const publicity = app.composer.value?.publicity;

  useEffect(() => {
    let here = true;
    app.api
      .postOf(thread.id)
      .then((found) => here && setPost(found))
      .catch((error) => console.warn("post", error));
    return () => {
      here = false;
    };
  }, [app, thread.id]);

  // Once, when it opens: an answer is for whoever waits longest, and that comment is on the screen.
  useLayoutEffect(() => {
    if (shown.current || !messages.length) return;
    shown.current = true;
    const first = nextOpen(messages);
    if (first && publicity && publicity.target.peek() === null) publicity.answer(first.id);
    const element = first && document.getElementById(`message-${first.id}`);
    if (element) element.scrollIntoView({ block: "nearest" });
  }, [messages, publicity]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: read again when something came
  useEffect(() => {
    const look = () => {
      if (document.visibilityState !== "visible") return;
      thread.saw(thread.lastPublicSeq.value);
      const current = app.rows.get(thread.id);
      if (current && app.session.may("conversations.write")) void markRead(app, current);
    };
    look();
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, [thread.lastSeq.value, row.version]);

  return (
    <div class="messages-frame">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling area must be reachable by keys */}
      <div ref={box} class="messages post-thread" role="log" aria-label={t("thread.messages")} tabIndex={0}>
        <PostCard post={post} row={row} />
        {thread.earlier.value && (
          <div class="list-foot">
            <Button
              small
              busy={thread.loadingEarlier.value}
              onClick={() => void app.attempt(() => thread.loadEarlier())}
            >
              {t("comment.earlier")}
            </Button>
          </div>
        )}
        {nested(messages).map(({ message, depth }) =>
          message.comment || message.private || message.reply_to ? (
            <CommentItem key={message.id} message={message} row={row} depth={depth} />
          ) : (
            <MessageItem key={message.id} message={message} row={row} joined={false} lastOfBlock />
          ),
        )}
        {pending.map((entry) => (
          <PendingItem key={entry.client_id} entry={entry} thread={thread} />
        ))}
      </div>
    </div>
  );
}
