// The Messenger profile as it is edited: one sheet for each language. Meta's form of it is made from that.
import type { Menus } from "@svardesk/wire";

export const NAME = "{{user_first_name}}";
export const LONGEST_GREETING = 160;
export const MOST_QUESTIONS = 4;
export const MOST_LINES = 5;
/** Meta's names of languages; the first is for everybody else. */
export const SHEETS = ["default", "nb_NO", "nn_NO", "da_DK", "sv_SE", "fi_FI", "en_US"] as const;
const STARTED = "GET_STARTED";

export interface Line {
  title: string;
  /** A page that it opens; empty: it is said to us as a message. */
  url: string;
  payload: string;
}

export interface Sheet {
  greeting: string;
  questions: { question: string; payload: string }[];
  menu: Line[];
}

export type MenusDraft = Record<string, Sheet>;

const empty = (): Sheet => ({ greeting: "", questions: [], menu: [] });

/** Every language of ours, and whatever else stands at Meta. */
export function draftOf(menus: Menus): MenusDraft {
  const draft: MenusDraft = Object.fromEntries(SHEETS.map((locale) => [locale, empty()]));
  const sheet = (locale: string | undefined) => {
    const key = locale ?? "default";
    draft[key] ??= empty();
    return draft[key];
  };
  for (const each of menus.greeting ?? []) sheet(each.locale).greeting = each.text;
  for (const each of menus.ice_breakers ?? [])
    sheet(each.locale).questions = each.call_to_actions.map((one) => ({ ...one }));
  for (const each of menus.persistent_menu ?? [])
    sheet(each.locale).menu = each.call_to_actions.map(({ title, url, payload }) => ({
      title,
      url: url ?? "",
      payload: payload ?? "",
    }));
  return draft;
}

const slug = (text: string) =>
  text
    .toUpperCase()
    .replace(/[^\p{L}\p{N}]+/gu, "_")
    .slice(0, 80) || "X";

/** What is written at Meta; what is empty is left out, and taken away there. */
export function menusOf(draft: MenusDraft): Menus {
  const menus: Required<Menus> = { get_started: null, greeting: [], ice_breakers: [], persistent_menu: [] };
  for (const [locale, { greeting, questions, menu }] of Object.entries(draft)) {
    if (greeting.trim()) menus.greeting.push({ locale, text: greeting.trim() });
    const asked = questions
      .map(({ question, payload }) => ({ question: question.trim(), payload: payload || slug(question) }))
      .filter(({ question }) => question);
    if (asked.length) menus.ice_breakers.push({ locale, call_to_actions: asked });
    const lines = menu
      .map(({ title, url, payload }) => ({ title: title.trim(), url: url.trim(), payload }))
      .filter(({ title }) => title);
    if (lines.length)
      menus.persistent_menu.push({
        locale,
        composer_input_disabled: false,
        call_to_actions: lines.map(({ title, url, payload }) =>
          url ? { type: "web_url", title, url } : { type: "postback", title, payload: payload || slug(title) },
        ),
      });
  }
  // Meta shows a menu only where there is a button to begin with.
  if (menus.persistent_menu.length || menus.ice_breakers.length) menus.get_started = STARTED;
  return menus;
}

/** Why it would not be taken: a language has something that there is nothing of for everybody else. */
export function lacksDefault(draft: MenusDraft): boolean {
  const menus = menusOf(draft);
  return [menus.greeting ?? [], menus.ice_breakers ?? [], menus.persistent_menu ?? []].some(
    (rows) => rows.length > 0 && !rows.some((row) => row.locale === "default"),
  );
}

/** How a greeting reads for somebody called so. */
export const previewOf = (greeting: string, name: string): string => greeting.replaceAll(NAME, name);
