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

/** Which sentence of the catalogue tells it: nobody in particular did it, somebody did, or took it themselves. */
function said({ type, by, agent_id }: NonNullable<Message["details"]>): string {
  if (!by) return `${type}_house`;
  return type === "assigned" && by === agent_id ? "taken" : type;
}

function System({ message }: { message: Message }) {
  const app = useApp();
  const { details } = message;
  const name = (id: string | null | undefined) => app.directory.agent(id)?.name ?? t("system.somebody");
  const text = details?.type
    ? t(`system.${said(details)}`, {
        by: name(details.by),
        agent: name(details.agent_id),
        team: app.directory.team(details.team_id)?.name ?? t("system.some_team"),
        time: details.until ? full(details.until) : "",
      })
    : message.body;
  return (
    <div class="system">
      {text} · <time dateTime={message.created_at}>{clock(message.created_at)}</time>
    </div>
  );
}

interface ItemProps {
  message: Message;
  row: Row;
  joined: boolean;
  lastOfBlock: boolean;
}

export function MessageItem({ message, row, joined, lastOfBlock }: ItemProps) {
  const app = useApp();
  const letter = message.letter;
  if (message.kind === "system") return <System message={message} />;
  if (message.kind === "inbound" && letter) return <MailItem message={message} letter={letter} row={row} />;
  const mine = message.kind === "answer";
  const kind = message.kind === "note" ? "note" : mine ? "mine" : "theirs";
  const known = message.author.name ?? (message.kind === "inbound" ? row.contact.name : null);
  const name = known ?? t(message.kind === "inbound" ? "contact.unnamed" : `author.${message.author.kind}`);
  const label = message.kind === "note" ? t("message.note_by", { name }) : name;
  return (
    <article
      class={`message ${kind}${joined ? " joined" : ""}${message.state === "cancelled" ? " cancelled" : ""}${message.automated ? " automatic" : ""}`}
      aria-label={`${label}, ${full(message.created_at)}`}
    >
      {!joined && <Avatar id={message.author.id ?? message.author.kind} name={known} />}
      <div class="message-main">
        {!joined && (
          <div class="message-head">
            <span class="message-name">{name}</span>
            {message.kind === "note" && (
              <span class="note-mark">
                <Icon name="lock" />
                {t("message.note")}
              </span>
            )}
            {message.automated && <span class="chip">{t("mail.automatic_answer")}</span>}
            {message.author.kind === "bot" && <span class="chip">{t("author.bot")}</span>}
            <time dateTime={message.created_at} title={full(message.created_at)}>
              {clock(message.created_at)}
            </time>
          </div>
        )}
        {letter && <Details letter={letter} />}
        {letter?.subject && <p class="mail-subject">{t("mail.subject_line", { subject: letter.subject })}</p>}
        <div class="bubble">
          <Filled fields={message.fields} />
          {message.deleted ? (
            <em class="erased">{t("message.erased")}</em>
          ) : (
            <Body
              text={message.body}
              names={message.mention_ids.flatMap((id) => app.directory.agent(id)?.name ?? [])}
            />
          )}
          <Attachments files={message.attachments} />
        </div>
        {mine && <NotAllReached message={message} />}
        {mine && <Delivery message={message} quiet={!lastOfBlock} />}
      </div>
    </article>
  );
}
