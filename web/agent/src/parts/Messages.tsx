import { Button, Icon } from "@svardesk/ui";
import type { Message, Row } from "@svardesk/wire";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { useApp } from "../context";
import { t, tn } from "../i18n";
import { markRead } from "../stores/actions";
import type { ThreadStore } from "../stores/thread";
import { dayName } from "../time";
import { MessageItem } from "./MessageItem";
import { PendingItem } from "./PendingItem";

const NEAR_PX = 90;
const TOGETHER_MS = 5 * 60_000;

/** Same person, same sort, within minutes: drawn as one block. */
function together(before: Message | undefined, message: Message): boolean {
  return (
    !!before &&
    before.kind === message.kind &&
    // Each letter has a head of its own: who, to whom, under which subject.
    !message.letter &&
    before.author.id === message.author.id &&
    before.author.kind === message.author.kind &&
    before.elsewhere?.app === message.elsewhere?.app &&
    Date.parse(message.created_at) - Date.parse(before.created_at) < TOGETHER_MS
  );
}

const dayOf = (message: Message) => new Date(message.created_at).toDateString();

export function Messages({ thread, row }: { thread: ThreadStore; row: Row }) {
  const app = useApp();
  const box = useRef<HTMLDivElement>(null);
  const stick = useRef(true);
  const height = useRef(0);
  const [below, setBelow] = useState(false);
  const messages = thread.messages.value;
  const confirmed = new Set(messages.map((message) => message.client_id));
  const pending = app.delivery.of(thread.id).value.filter((entry) => !confirmed.has(entry.client_id));
  const typing = thread.visitorTyping.value;
  const first = messages[0]?.seq;
  const last = thread.lastSeq.value;

  const look = () => {
    const element = box.current;
    if (!element) return;
    stick.current = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_PX;
    setBelow(!stick.current);
    if (stick.current && document.visibilityState === "visible") {
      thread.saw(thread.lastPublicSeq.value);
      const current = app.rows.get(thread.id);
      if (current && app.session.may("conversations.write")) void markRead(app, current);
    }
  };

  // biome-ignore lint/correctness/useExhaustiveDependencies: runs when what is drawn has changed
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    if (stick.current) element.scrollTop = element.scrollHeight;
    else if (height.current && element.scrollTop < NEAR_PX) element.scrollTop += element.scrollHeight - height.current;
    height.current = element.scrollHeight;
    look();
  }, [first, last, pending.length, typing, row.version]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the listeners read what is current
  useEffect(() => {
    document.addEventListener("visibilitychange", look);
    const observer = new ResizeObserver(() => {
      if (stick.current && box.current) box.current.scrollTop = box.current.scrollHeight;
    });
    if (box.current) observer.observe(box.current);
    return () => {
      document.removeEventListener("visibilitychange", look);
      observer.disconnect();
    };
  }, []);

  const toEnd = () => {
    stick.current = true;
    if (box.current) box.current.scrollTop = box.current.scrollHeight;
    look();
  };

  return (
    <div class="messages-frame">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling area must be reachable by keys */}
      <div ref={box} class="messages" role="log" aria-label={t("thread.messages")} tabIndex={0} onScroll={look}>
        {thread.earlier.value && (
          <div class="list-foot">
            <Button
              small
              busy={thread.loadingEarlier.value}
              onClick={() => void app.attempt(() => thread.loadEarlier())}
            >
              {t("thread.earlier")}
            </Button>
          </div>
        )}
        {messages.map((message, index) => {
          const before = messages[index - 1];
          const newDay = !before || dayOf(before) !== dayOf(message);
          const isNew = thread.newFrom.value !== null && message.seq > thread.newFrom.value;
          const newLine = isNew && !(before && before.seq > (thread.newFrom.value ?? 0));
          return (
            <>
              {newDay && (
                <div class="day" key={`day-${message.id}`}>
                  <span>{dayName(message.created_at)}</span>
                </div>
              )}
              {newLine && (
                <div class="day new" key={`new-${message.id}`}>
                  <span>{t("thread.new")}</span>
                </div>
              )}
              <MessageItem
                key={message.id}
                message={message}
                row={row}
                joined={!newDay && !newLine && together(before, message)}
                lastOfBlock={!together(message, messages[index + 1] ?? ({ kind: "none", author: {} } as never))}
              />
            </>
          );
        })}
        {pending.map((entry) => (
          <PendingItem key={entry.client_id} entry={entry} thread={thread} />
        ))}
        {typing && (
          <div class="typing" role="status">
            <span class="typing-dots" aria-hidden="true">
              <i />
              <i />
              <i />
            </span>
            {t("thread.typing", { name: row.contact.name ?? t("contact.unnamed") })}
          </div>
        )}
      </div>
      {below && (
        <button type="button" class="btn to-end" onClick={toEnd}>
          <Icon name="down" />
          {thread.unseen.value.length > 0 ? tn("thread.unseen", thread.unseen.value.length) : t("thread.to_end")}
        </button>
      )}
    </div>
  );
}
