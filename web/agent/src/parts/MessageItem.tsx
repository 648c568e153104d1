import { Avatar, Icon } from "@svardesk/ui";
import type { Message, Row } from "@svardesk/wire";
import { useApp } from "../context";
import { t } from "../i18n";
import { clock, full } from "../time";
import { Attachments } from "./Attachments";
import { Body } from "./Body";
import { Delivery } from "./Delivery";
import { Filled } from "./Filled";
import { Details } from "./mail/Details";
import { MailItem } from "./mail/MailItem";
import { NotAllReached } from "./mail/NotReached";
import { Awaited } from "./message/Awaited";
import { Edited } from "./message/Edited";
import { Quoted } from "./message/Quoted";
import { Reactions } from "./message/Reactions";
import { System } from "./message/System";
import { unnamed } from "./words";

interface ItemProps {
  message: Message;
  row: Row;
  joined: boolean;
  lastOfBlock: boolean;
}

/** Who an answer is from that was written with another program. */
function elsewhereName({ elsewhere }: Message): string | null {
  if (!elsewhere) return null;
  const named = elsewhere.name && !/^\d+$/.test(elsewhere.name) ? elsewhere.name : null;
  if (elsewhere.automatic) return named ? t("elsewhere.automatic_from", { name: named }) : t("elsewhere.automatic");
  return named ? t("elsewhere.from", { name: named }) : t("elsewhere.other");
}

/** What is known of a message beside its words. */
function Marks({ message }: { message: Message }) {
  const elsewhere = elsewhereName(message);
  return (
    <>
      {message.kind === "note" && (
        <span class="note-mark">
          <Icon name="lock" />
          {t("message.note")}
        </span>
      )}
      {elsewhere && (
        <span class="chip">
          <Icon name={message.elsewhere?.automatic ? "machine" : "external"} />
          {elsewhere}
        </span>
      )}
      {message.automated && !elsewhere && <span class="chip">{t("mail.automatic_answer")}</span>}
      {message.author.kind === "bot" && !elsewhere && <span class="chip">{t("author.bot")}</span>}
    </>
  );
}

function Words({ message }: { message: Message }) {
  const app = useApp();
  if (message.deleted) {
    // Where the person has been erased, nobody took anything back.
    const withdrawn = message.kind === "inbound" && !app.thread.value?.contact.value?.erased_at;
    return <em class="erased">{t(withdrawn ? "message.withdrawn" : "message.erased")}</em>;
  }
  if (!message.body && (message.attachments.length || message.awaited)) return null;
  return <Body text={message.body} names={message.mention_ids.flatMap((id) => app.directory.agent(id)?.name ?? [])} />;
}

export function MessageItem({ message, row, joined, lastOfBlock }: ItemProps) {
  const app = useApp();
  const letter = message.letter;
  if (message.kind === "system") return <System message={message} />;
  if (message.kind === "inbound" && letter) return <MailItem message={message} letter={letter} row={row} />;
  const mine = message.kind === "answer";
  const kind = message.kind === "note" ? "note" : mine ? "mine" : "theirs";
  const customer = row.contact.name ?? unnamed(row.channel);
  const known = message.author.name ?? (message.kind === "inbound" ? row.contact.name : null);
  const name =
    known ??
    (message.elsewhere
      ? t("elsewhere.page")
      : message.kind === "inbound"
        ? customer
        : t(`author.${message.author.kind}`));
  const label = message.kind === "note" ? t("message.note_by", { name }) : name;
  const muted = message.automated || message.elsewhere?.automatic;
  return (
    <article
      id={`message-${message.id}`}
      tabIndex={-1}
      class={`message ${kind}${joined ? " joined" : ""}${message.state === "cancelled" ? " cancelled" : ""}${muted ? " automatic" : ""}`}
      aria-label={`${label}, ${full(message.created_at)}`}
    >
      {!joined && <Avatar id={message.author.id ?? message.author.kind} name={known} />}
      <div class="message-main">
        {!joined && (
          <div class="message-head">
            <span class="message-name">{name}</span>
            <Marks message={message} />
            <time dateTime={message.created_at} title={full(message.created_at)}>
              {clock(message.created_at)}
            </time>
          </div>
        )}
        {letter && <Details letter={letter} />}
        {letter?.subject && <p class="mail-subject">{t("mail.subject_line", { subject: letter.subject })}</p>}
        <div class="bubble">
          <Quoted message={message} customer={customer} />
          <Filled fields={message.fields} />
          <Words message={message} />
          <Attachments files={message.attachments} />
          <Awaited message={message} />
        </div>
        <Reactions message={message} customer={customer} />
        <Edited message={message} />
        {message.link && (
          <a class="comment-link" href={`/app/c/${message.link.conversation_id}`}>
            <Icon name={message.link.what === "comment" ? "megaphone" : "chat"} />
            {t(`comment.link_${message.link.what}`)}
          </a>
        )}
        {message.elsewhere?.automatic && app.session.may("channels.manage") && (
          <a class="comment-link" href="/app/settings/meta">
            {t("elsewhere.switch_off")}
          </a>
        )}
        {mine && <NotAllReached message={message} />}
        {mine && <Delivery message={message} quiet={!lastOfBlock} />}
      </div>
    </article>
  );
}
