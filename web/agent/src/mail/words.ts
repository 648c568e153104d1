// What mail says in codes, in words that help.
import type { IconName } from "@svardesk/ui";
import type { Automatic, Correspondent, Letter, Message } from "@svardesk/wire";
import { t } from "../i18n";
import { DELIVERY, MAILBOX } from "./codes.gen";

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

/** Why an answer did not arrive, as a sentence that helps; null when the state says all there is to say. */
export function deliveryText(reason: string | null): string | null {
  if (!reason || reason === "outcome_unknown" || reason === "customer_wrote") return null;
  const known = DELIVERY.find(([code]) => reason === code || reason.startsWith(`${code}.`));
  return t(known ? known[1] : "delivery.failed");
}

/** What a bounce says of one address: our sentence, and beside it the server's own. */
export function bounceText(said: string): string {
  const code = /\b[245]\.\d{1,3}\.\d{1,3}\b/.exec(said)?.[0] ?? null;
  return deliveryText(code) ?? t("delivery.failed");
}

/** What is wrong with a mailbox, and what to do about it. */
export function mailboxText(code: string | null | undefined): string {
  return t(MAILBOX[code ?? ""] ?? "mailbox_error.other");
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
