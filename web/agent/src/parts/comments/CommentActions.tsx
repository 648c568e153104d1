import { Button, Dialog, Menu, type MenuEntry } from "@svardesk/ui";
import type { Message } from "@svardesk/wire";
import { useState } from "preact/hooks";
import { isOpen, privateReply } from "../../comments";
import { useApp } from "../../context";
import { t } from "../../i18n";
import { answerTo, change, notNeeded, remove } from "../../stores/comments";
import { date, serverNow } from "../../time";

function Delete({ message, onClose }: { message: Message; onClose: () => void }) {
  const app = useApp();
  return (
    <Dialog title={t("comment.delete_title")} closeLabel={t("action.close_box")} onClose={onClose}>
      <p>{t("comment.delete_explain")}</p>
      <blockquote class="comment-quote">{message.body}</blockquote>
      <div class="dialog-actions">
        <Button onClick={onClose}>{t("action.cancel")}</Button>
        <Button
          kind="danger"
          icon="trash"
          onClick={() => {
            onClose();
            void remove(app, message);
          }}
        >
          {t("comment.delete")}
        </Button>
      </div>
    </Dialog>
  );
}

/** The one private message that a comment allows: offered, or why not. */
function PrivateReply({ message }: { message: Message }) {
  const app = useApp();
  const may = privateReply(message, serverNow());
  if (may === "may")
    return (
      <Button
        small
        kind="quiet"
        icon="lock"
        title={t("comment.private_until", { date: date(message.comment?.private_until ?? "") })}
        onClick={() => answerTo(app, message, true)}
      >
        {t("comment.private")}
      </Button>
    );
  if (may === "none") return null;
  return <span class="comment-said">{t(`comment.private_${may}`)}</span>;
}

/** What can be done about one comment; the rarer things in a menu. */
export function CommentActions({ message }: { message: Message }) {
  const app = useApp();
  const [deleting, setDeleting] = useState(false);
  const comment = message.comment;
  if (!comment || message.deleted || !app.session.may("conversations.write")) return null;
  const open = isOpen(message);
  const theirs = message.kind === "inbound" && !comment.ours;
  const more: MenuEntry[] = [];
  if (theirs && comment.state === "not_needed")
    more.push({
      key: "needed",
      label: t("comment.needed"),
      icon: "reopen",
      onPick: () => void change(app, message, { state: "open" }, t("done.needed")),
    });
  if (theirs)
    more.push({
      key: "hide",
      label: t(comment.hidden ? "comment.unhide" : "comment.hide"),
      icon: comment.hidden ? "eye" : "hidden",
      onPick: () =>
        void change(
          app,
          message,
          { hidden: !comment.hidden },
          t(comment.hidden ? "done.comment_shown" : "done.comment_hidden"),
        ),
    });
  if (comment.url)
    more.push({
      key: "open",
      label: t("comment.open"),
      icon: "external",
      onPick: () => window.open(comment.url ?? "", "_blank", "noopener,noreferrer"),
    });
  more.push({
    key: "delete",
    label: t("comment.delete"),
    icon: "trash",
    danger: true,
    lineBefore: more.length > 0,
    onPick: () => setDeleting(true),
  });
  return (
    <div class="comment-actions">
      {theirs && (
        <>
          <Button small kind="quiet" icon="reopen" onClick={() => answerTo(app, message)}>
            {t("comment.answer")}
          </Button>
          <Button
            small
            kind="quiet"
            icon="heart"
            aria-pressed={!!comment.liked}
            onClick={() =>
              void change(
                app,
                message,
                { liked: !comment.liked },
                t(comment.liked ? "done.comment_unliked" : "done.comment_liked"),
              )
            }
          >
            {t(comment.liked ? "comment.liked" : "comment.like")}
          </Button>
          <PrivateReply message={message} />
        </>
      )}
      {open && (
        <Button small kind="quiet" icon="check" onClick={() => void notNeeded(app, message)}>
          {t("comment.not_needed")}
          <kbd class="wide-only">N</kbd>
        </Button>
      )}
      <Menu label={t("action.more")} icon="more" small entries={more} align="end" />
      {deleting && <Delete message={message} onClose={() => setDeleting(false)} />}
    </div>
  );
}
