import { Avatar, Banner, Hint, Icon } from "@svardesk/ui";
import type { Letter, Message, Row } from "@svardesk/wire";
import { useState } from "preact/hooks";
import { useApp } from "../../context";
import { t } from "../../i18n";
import { downloadOriginal } from "../../mail/fetching";
import { AUTOMATIC, automaticKind, bareSubject, inFull } from "../../mail/words";
import { clock, full } from "../../time";
import { Attachments } from "../Attachments";
import { Body } from "../Body";
import { Filled } from "../Filled";
import { Details } from "./Details";
import { Folded } from "./Folded";
import { FormattedMail } from "./FormattedMail";
import { NotReached } from "./NotReached";

/** What the mail servers could prove of the sender; quiet, because most mail is honest. */
function Trust({ trust }: { trust: Letter["trust"] }) {
  if (!trust) return null;
  const good = trust === "domain_verified";
  return (
    <Hint text={t(`mail.${trust}_hint`)} class={`mail-trust ${good ? "good" : ""}`}>
      <Icon name={good ? "shield" : "alert"} />
      {t(`mail.${trust}`)}
    </Hint>
  );
}

function Words({ message, letter }: { message: Message; letter: Letter }) {
  if (message.deleted) return <em class="erased">{t("message.erased")}</em>;
  if (letter.automatic === "bounce")
    return (
      <>
        {letter.failed?.length ? <NotReached failed={letter.failed} /> : <p>{t("mail.bounce_plain")}</p>}
        <Folded label={t("mail.report")} text={message.body} />
      </>
    );
  return (
    <>
      {letter.forwarded_from && (
        <p class="mail-forwarded">
          <Icon name="right" />
          {t("mail.forwarded_from", { name: inFull(letter.forwarded_from) })}
        </p>
      )}
      {message.body && <Body text={message.body} />}
      <Folded label={t("mail.signature")} text={letter.signature ?? ""} />
      <Folded label={t("mail.quoted")} text={letter.quoted ?? ""} />
    </>
  );
}

/** Answers go to another address than the one that is shown as the sender's; from somebody unproven it may be a trick. */
function Elsewhere({ letter }: { letter: Letter }) {
  if (!letter.reply_to?.length || letter.stranger) return null;
  const text = t("mail.answers_elsewhere", { names: letter.reply_to.map(inFull).join(", ") });
  if (letter.trust === "domain_verified") return <p class="mail-subject">{text}</p>;
  return (
    <Banner icon="alert" kind="warn">
      {text}
    </Banner>
  );
}

interface ToolsProps {
  letter: Letter;
  formatted: boolean;
  onFormatted: (on: boolean) => void;
  onOriginal: () => void;
}

/** Other ways of looking at it, where there are any. */
function Tools({ letter, formatted, onFormatted, onOriginal }: ToolsProps) {
  if (!letter.html && !letter.cut) return null;
  return (
    <div class="mail-tools">
      {letter.html ? (
        <button type="button" class="mail-tool" aria-pressed={formatted} onClick={() => onFormatted(!formatted)}>
          {t(letter.cut && !formatted ? "mail.show_whole" : "mail.show_formatted")}
        </button>
      ) : (
        <button type="button" class="mail-tool" onClick={onOriginal}>
          {t("mail.show_whole")}
        </button>
      )}
    </div>
  );
}

/** A mail that came in: who wrote it, how sure that is, to whom, and what. */
export function MailItem({ message, letter, row }: { message: Message; letter: Letter; row: Row }) {
  const app = useApp();
  const [formatted, setFormatted] = useState(false);
  const original = () =>
    void app.attempt(() => downloadOriginal(app, message.id, letter.subject || `#${row.number}-${message.seq}`));
  const automatic = automaticKind(message);
  const machine = message.author.kind === "system";
  const sender = letter.sender;
  const known = message.author.name ?? sender?.name ?? null;
  const name = known || sender?.address || t(machine ? "author.system" : "contact.unnamed");
  const subject =
    letter.subject && bareSubject(letter.subject) !== bareSubject(row.subject ?? "") ? letter.subject : "";
  const kind = automatic && t(`mail.automatic_${automatic}`);
  return (
    <article
      class={`message theirs mail${automatic ? " automatic" : ""}${letter.stranger ? " stranger" : ""}`}
      aria-label={[kind, name, full(message.created_at)].filter(Boolean).join(", ")}
    >
      <Avatar id={message.author.id ?? sender?.address ?? message.author.kind} name={automatic ? null : known} />
      <div class="message-main">
        <div class="message-head">
          <span class="message-name">{name}</span>
          {sender && sender.address !== name && <span class="mail-address">{sender.address}</span>}
          {automatic && (
            <span class="chip mail-kind">
              <Icon name={AUTOMATIC[automatic]} />
              {kind}
            </span>
          )}
          {!machine && <Trust trust={letter.trust} />}
          <time dateTime={message.created_at} title={full(message.created_at)}>
            {clock(message.created_at)}
          </time>
        </div>
        <Details letter={letter}>
          {!message.deleted && (
            <button type="button" class="mail-tool" onClick={original}>
              <Icon name="download" />
              {t("mail.download")}
            </button>
          )}
        </Details>
        {subject && <p class="mail-subject">{t("mail.subject_line", { subject })}</p>}
        {letter.stranger && (
          <Banner icon="alert" kind="warn">
            <strong>{t("mail.stranger_title")}</strong> {t("mail.stranger")}
          </Banner>
        )}
        <Elsewhere letter={letter} />
        <div class={`bubble${formatted ? " wide" : ""}`}>
          <Filled fields={message.fields} />
          {formatted ? <FormattedMail message={message} /> : <Words message={message} letter={letter} />}
          <Attachments files={message.attachments} />
        </div>
        {!message.deleted && (
          <Tools letter={letter} formatted={formatted} onFormatted={setFormatted} onOriginal={original} />
        )}
      </div>
    </article>
  );
}
