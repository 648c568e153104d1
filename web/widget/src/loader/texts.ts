/**
 * The handful of words that stand in the shop's page before anything is fetched: `widget.open`, `widget.close` and
 * `widget.unread` of the catalogue; a test compares them.
 */
export const WORDS: Record<string, readonly [open: string, close: string, unread: string]> = {
  nb: ["Åpne chat", "Lukk chat", "Uleste meldinger: {n}"],
  nn: ["Opne chat", "Lukk chat", "Ulesne meldingar: {n}"],
  da: ["Åbn chat", "Luk chat", "Ulæste beskeder: {n}"],
  sv: ["Öppna chatten", "Stäng chatten", "Olästa meddelanden: {n}"],
  fi: ["Avaa chat", "Sulje chat", "Lukemattomia viestejä: {n}"],
  en: ["Open chat", "Close chat", "Unread messages: {n}"],
};

/** Our locale for a language tag of the page: `no` is bokmål, an unknown language is English, none is bokmål. */
export function localeOf(tag?: string | null): string {
  const language = (tag || "nb").toLowerCase().split(/[-_]/)[0] as string;
  return language === "no" ? "nb" : WORDS[language] ? language : "en";
}
