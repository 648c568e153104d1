import { Avatar, Banner, Button, Icon } from "@svardesk/ui";
import type { Message, Row } from "@svardesk/wire";
import { isOpen } from "../../comments";
import { useApp } from "../../context";
import { t } from "../../i18n";
import { answerTo, notNeeded } from "../../stores/comments";
import { clock, full } from "../../time";
import { Attachments } from "../Attachments";
import { Body } from "../Body";
import { Delivery } from "../Delivery";
import { Awaited } from "../message/Awaited";
import { Edited } from "../message/Edited";
import { Reactions } from "../message/Reactions";
import { CommentActions } from "./CommentActions";

function Marks({ message }: { message: Message }) {
  const { comment } = message;
  return (
    <>
      {message.private && (
        <span class="chip private">
          <Icon name="lock" />
          {t("comment.private_mark")}
        </span>
      )}
      {comment?.post && <span class="chip">{t("comment.is_post")}</span>}
      {comment?.recommends != null && (
        <span class="chip">
          <Icon name="star" />
          {t(comment.recommends ? "comment.recommends" : "comment.recommends_not")}
        </span>
      )}
      {comment?.hidden && (
        <span class="chip">
          <Icon name="hidden" />
          {t("comment.hidden")}
        </span>
      )}
      {comment?.state === "not_needed" && <span class="chip">{t("comment.state_not_needed")}</span>}
    </>
  );
}

/** Where a private reply goes on, or what it came from. */
function Elsewhere({ message }: { message: Message }) {
  if (!message.link) return null;
  return (
    <a class="comment-link" href={`/app/c/${message.link.conversation_id}`}>
      <Icon name={message.link.what === "comment" ? "megaphone" : "chat"} />
      {t(`comment.link_${message.link.what}`)}
    </a>
  );
}

function Proposed({ message }: { message: Message }) {
  const app = useApp();
  if (message.comment?.proposed !== "tag" || !isOpen(message) || !app.session.may("conversations.write")) return null;
  return (
    <Banner
      kind="ok"
      icon="people"
      actions={
        <Button small onClick={() => void notNeeded(app, message)}>
          {t("comment.not_needed")}
        </Button>
      }
    >
      {t("comment.only_tags")}
    </Banner>
  );
}

interface ItemProps {
  message: Message;
  row: Row;
  depth: 0 | 1;
}

/** One comment with its own author: read, answered, hidden or set aside by itself. */
export function CommentItem({ message, row, depth }: ItemProps) {
  const app = useApp();
  const answer = message.kind === "answer";
  const known = message.author.name;
  const name = known ?? t(answer ? "author.page" : "contact.unnamed_sender");
  const target =
    app.composer.value?.publicity.target.value === message.id && app.composer.value.kind.value === "answer";
  const open = isOpen(message);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!app.prefs.shortcuts.value || !app.session.may("conversations.write")) return;
    if (event.key === "n" && open) void notNeeded(app, message);
    else if (event.key === "r" && message.kind === "inbound") answerTo(app, message);
    else return;
    event.preventDefault();
  };
  return (
    <article
      id={`message-${message.id}`}
      data-comment={message.id}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the keys are about the comment that has the focus
      tabIndex={0}
      class={`message comment ${answer ? "mine" : "theirs"}${depth ? " below" : ""}${open ? " open" : ""}${target ? " target" : ""}${message.comment?.hidden ? " faded" : ""}`}
      aria-label={`${name}, ${full(message.created_at)}${open ? `, ${t("comment.state_open")}` : ""}`}
      onKeyDown={onKeyDown}
    >
      <Avatar id={message.author.id ?? message.author.kind} name={known} size={depth ? "small" : "medium"} />
      <div class="message-main">
        <div class="message-head">
          <span class="message-name">{name}</span>
          {open && <span class="row-dot" />}
          <Marks message={message} />
          <time dateTime={message.created_at} title={full(message.created_at)}>
            {clock(message.created_at)}
          </time>
        </div>
        <div class="bubble">
          {message.deleted ? (
            <em class="erased">{t(answer ? "message.erased" : "comment.withdrawn")}</em>
          ) : (
            <Body text={message.body} />
          )}
          <Attachments files={message.attachments} />
          <Awaited message={message} />
        </div>
        <Reactions message={message} customer={row.contact.name ?? name} />
        <Edited message={message} />
        {answer && <Delivery message={message} quiet={false} />}
        <Elsewhere message={message} />
        <Proposed message={message} />
        <CommentActions message={message} />
      </div>
    </article>
  );
}
