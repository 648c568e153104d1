// What mail says in codes, in words that help.
import type { IconName } from "@svardesk/ui";
import type { Automatic, Correspondent, Letter, Message } from "@svardesk/wire";
import { t } from "../i18n";

const REPLY = /^(?:(?:re|sv|vs|aw|fwd?|vb|wg|ang|antw)(?:\[\d+\])?\s*:\s*|\[#\d+\]\s*)+/i;

/** A subject without what mail programs put in front of it. */
export function bareSubject(subject: string): string {
  return subject
    .trim()
    .replace(REPLY, "")
    .replace(/\s*\[#\d+\]\s*$/, "")
    .trim();
}

/** The name, or the address where there is none. */
export const nameOf = ({ name, address }: Correspondent) => name || address;

/** "Kari Nordmann <kari@eksempel.no>" */
export const inFull = ({ name, address }: Correspondent) => (name ? `${name} <${address}>` : address);

export const AUTOMATIC: Record<Exclude<Automatic, "none">, IconName> = {
  out_of_office: "moon",
  receipt: "machine",
  list: "list",
  bounce: "returned",
};

/** Which kind of machine wrote a message, or null when a person did. */
export function automaticKind(message: Message): Exclude<Automatic, "none"> | null {
  const kind = message.letter?.automatic;
  if (kind && kind !== "none") return kind;
  return message.automated ? "receipt" : null;
}

// The first that fits counts. Codes are our own words or those of the mail server (RFC 3463).
const REASONS: readonly (readonly [RegExp, string])[] = [
  [/^address_suppressed$/, "delivery.suppressed"],
  [/^(?:address|no_recipient|smtputf8)$|^[45]\.1\./, "delivery.address"],
  [/^[45]\.2\.2$/, "delivery.mailbox_full"],
  [/^too_large$|^[45]\.(?:3\.4|2\.3)$/, "delivery.too_large"],
  [/^5\.7\.|^eight_bit$/, "delivery.refused"],
  [/^(?:auth_refused|token_expired|mail_login_refused|mail_token_expired|oauth\w*)$/, "delivery.sign_in"],
  [/^(?:unreachable|timeout|lost|greeting|mail_server_gone)$|^4\./, "delivery.unreachable"],
  [
    /^(?:no_smtp|no_starttls|certificate|mail_insecure|mail_unverified|mail_certificate|no_connection)$/,
    "delivery.no_smtp",
  ],
];

/** Why an answer did not arrive, as a sentence that helps; null when the state says all there is to say. */
export function deliveryText(reason: string | null): string | null {
  if (!reason || reason === "outcome_unknown" || reason === "customer_wrote") return null;
  const known = REASONS.find(([pattern]) => pattern.test(reason));
  return t(known ? known[1] : "delivery.failed");
}

/** What a bounce says of one address: our sentence, and beside it the server's own. */
export function bounceText(said: string): string {
  const code = /\b[245]\.\d{1,3}\.\d{1,3}\b/.exec(said)?.[0] ?? null;
  return deliveryText(code) ?? t("delivery.failed");
}

const BOX_ERRORS = new Set([
  ...["mail_server_gone", "mail_login_refused", "mail_token_expired", "mail_folder_missing", "mail_certificate"],
  ...["mail_insecure", "mail_imap_off", "mail_no_starttls", "oauth_revoked", "oauth_consent", "oauth_client"],
]);
const BOX_ALIASES: Record<string, string> = {
  mail_unverified: "mail_insecure",
  no_starttls: "mail_no_starttls",
  unreachable: "mail_server_gone",
  greeting: "mail_server_gone",
  oauth_state: "oauth_consent",
};

/** What is wrong with a mailbox, and what to do about it. */
export function mailboxText(code: string | null | undefined): string {
  const known = BOX_ALIASES[code ?? ""] ?? code ?? "";
  return t(BOX_ERRORS.has(known) ? `mailbox_error.${known}` : "mailbox_error.other");
}

/** The recipients of a letter in one short line, or null where there are none. */
export function recipientsText(letter: Letter): string | null {
  const named = (list: readonly Correspondent[]) =>
    list.length > 2
      ? t("mail.and_more", { name: nameOf(list[0] as Correspondent), n: list.length - 1 })
      : list.map(nameOf).join(", ");
  const parts = [
    letter.to?.length ? t("mail.to_line", { names: named(letter.to) }) : "",
    letter.cc?.length ? t("mail.cc_line", { names: named(letter.cc) }) : "",
    letter.bcc?.length ? t("mail.bcc_line", { names: named(letter.bcc) }) : "",
  ].filter(Boolean);
  return parts.length ? parts.join(" · ") : null;
}
