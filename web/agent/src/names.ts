// What somebody is called who has no name here.
import { t } from "./i18n";

/** What a person without a name is called: on a web site a visitor, elsewhere somebody who wrote. */
export function unnamed(channel: string): string {
  return t(channel === "webchat" ? "contact.unnamed" : "contact.unnamed_sender");
}
