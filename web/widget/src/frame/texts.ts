let words: Record<string, string> = {};
/** Few browsers know nynorsk and would take their own language for it; its numbers and times are those of bokmål. */
let locale = ["nb"];

export function setTexts(texts: Record<string, string>, tag: string): void {
  words = texts;
  locale = [tag, "nb"];
}

/** A text of the catalogue with its placeholders filled. */
export function t(key: string, values?: Record<string, string | number>): string {
  let text = words[key] ?? key;
  for (const name in values) text = text.replace(`{${name}}`, () => `${values[name]}`);
  return text;
}

export const clock = (iso: string): string =>
  new Date(iso).toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit" });

/** "I dag", "I går", else weekday (not in nynorsk, whose own the browsers lack) and date; the year when it is another one. */
export function day(iso: string, now = new Date()): string {
  const then = new Date(iso);
  const days = Math.round((+new Date(now).setHours(0, 0, 0, 0) - +new Date(then).setHours(0, 0, 0, 0)) / 86_400_000);
  if (days === 0) return t("widget.today");
  if (days === 1) return t("widget.yesterday");
  const year = then.getFullYear() === now.getFullYear() ? undefined : "numeric";
  const weekday = locale[0] === "nn" ? undefined : "long";
  const text = then.toLocaleDateString(locale, { weekday, day: "numeric", month: "long", year });
  return text[0]?.toLocaleUpperCase(locale) + text.slice(1);
}

/** Bytes as people say them: "800 kB", "2,4 MB". */
export function size(bytes: number): string {
  const mega = bytes >= 1_000_000;
  const value = mega ? bytes / 1_048_576 : Math.max(1, bytes / 1024);
  const digits = mega && value < 10 ? 1 : 0;
  return `${value.toLocaleString(locale, { maximumFractionDigits: digits })} ${mega ? "MB" : "kB"}`;
}
