// Texts of the app: one JSON per language, made from the catalogues, loaded when it is needed.
import { signal } from "@preact/signals";
import { LOCALES, type Locale } from "@svardesk/wire";

type Texts = Record<string, string>;

const files = import.meta.glob<Texts>("./texts/*.json", { import: "default" });

export const locale = signal<Locale>("nb");
const texts = signal<Texts>({});

/** One of our languages for a tag as browsers write it: `no` is bokmål, `sv-FI` is Swedish; null when we lack it. */
export function known(tag: string | null | undefined): Locale | null {
  const language = (tag ?? "").toLowerCase().split(/[-_]/)[0] ?? "";
  const ours = language === "no" ? "nb" : language;
  return LOCALES.find((each) => each === ours) ?? null;
}

/** The language before anybody has signed in: the one used here last, then the browser's, then bokmål. */
export function firstLocale(): Locale {
  const wishes = [localStorage.getItem("svardesk.locale"), ...navigator.languages];
  return wishes.map(known).find((found) => found !== null) ?? "nb";
}

let wish = 0;

/** Speaks `wanted` from now on; when two are asked for at once, the later wish holds, whichever comes first. */
export async function loadLocale(wanted: Locale): Promise<void> {
  const mine = ++wish;
  const found = await files[`./texts/${wanted}.json`]?.();
  if (mine !== wish) return;
  if (found) setTexts(wanted, found);
  localStorage.setItem("svardesk.locale", wanted);
}

export function setTexts(wanted: Locale, found: Texts): void {
  texts.value = found;
  locale.value = wanted;
  if (globalThis.document) document.documentElement.lang = wanted;
}

/** A text in the language of somebody else: what is suggested for a customer to read. */
export async function textIn(wanted: Locale, key: string): Promise<string> {
  const found = wanted === locale.peek() ? texts.peek() : await files[`./texts/${wanted}.json`]?.();
  return found?.[key] ?? t(key);
}

/** The text of a key with its `{placeholders}` filled. An unknown key shows itself, which a test would catch. */
export function t(key: string, values: Record<string, string | number> = {}): string {
  const text = texts.value[key] ?? key;
  return text.replace(/\{([a-z][a-z0-9_]*)\}/g, (all, name: string) => String(values[name] ?? all));
}

/** `key_one` or `key_other`, with `{n}` written as the language writes numbers. */
export function tn(key: string, count: number, values: Record<string, string | number> = {}): string {
  const form = new Intl.PluralRules(intl()).select(count) === "one" ? "one" : "other";
  return t(`${key}_${form}`, { n: new Intl.NumberFormat(intl()).format(count), ...values });
}

export function has(key: string): boolean {
  return key in texts.value;
}

/** The tag for the browser's own formats. Few browsers know nynorsk; its numbers and times are those of bokmål. */
export function intl(): string {
  const tags: Record<Locale, string> = { nb: "nb-NO", nn: "nb-NO", da: "da-DK", sv: "sv-SE", fi: "fi-FI", en: "en-GB" };
  return tags[locale.value];
}
