// Times as people read them, in the browser's own zone.
import { signal } from "@preact/signals";
import { intl, locale, t, tn } from "./i18n";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Ticks twice a minute; whatever reads it follows the clock. */
export const now = signal(Date.now());

const CLOCKS_DIFFER_MS = 5_000;
/** By how much the server's clock is ahead of this one: what ends at a provider ends by the server's. */
export const ahead = signal(0);

/** An answer of the server said what time it is there; `asked` and `came` are ours around it. */
export function heardTime(date: string | null, asked: number, came: number): void {
  const there = Date.parse(date ?? "");
  // A slow answer says little, and seconds are all that the header has.
  if (Number.isNaN(there) || came - asked > CLOCKS_DIFFER_MS) return;
  const differs = there + 500 - (asked + came) / 2;
  if (Math.abs(differs - ahead.peek()) > CLOCKS_DIFFER_MS)
    ahead.value = Math.abs(differs) > CLOCKS_DIFFER_MS ? differs : 0;
}

/** What time it is at the server; follows the clock where it is read. */
export const serverNow = (): number => now.value + ahead.value;
let ticking: ReturnType<typeof setInterval> | undefined;
export function startClock(): void {
  clearInterval(ticking);
  ticking = setInterval(() => {
    now.value = Date.now();
  }, 30_000);
}

const formats = new Map<string, Intl.DateTimeFormat>();
function format(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = intl() + JSON.stringify(options);
  let found = formats.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat(intl(), options);
    formats.set(key, found);
  }
  return found;
}

// The weekdays are all that sets nynorsk dates apart from bokmål ones.
const NYNORSK: Record<string, string> = {
  mandag: "måndag",
  tirsdag: "tysdag",
  lørdag: "laurdag",
  søndag: "søndag",
  "man.": "mån.",
  "tirs.": "tys.",
  "lør.": "laur.",
};
function words(text: string): string {
  return locale.value === "nn" ? text.replace(/\p{L}+\.?/gu, (word) => NYNORSK[word] ?? word) : text;
}

/** Ticks every second, but only while somebody counts: call what `countSeconds` returns when done. */
export const second = signal(Date.now());
let counting: ReturnType<typeof setInterval> | undefined;
let counters = 0;
export function countSeconds(): () => void {
  counters += 1;
  second.value = Date.now();
  counting ??= setInterval(() => {
    second.value = Date.now();
  }, 500);
  return () => {
    counters -= 1;
    if (counters) return;
    clearInterval(counting);
    counting = undefined;
  };
}

/** 14:05, or 14.05 where the language writes it so. */
export function clock(at: Date | string | number): string {
  return format({ hour: "2-digit", minute: "2-digit" }).format(new Date(at));
}

const sameDay = (a: Date, b: Date) => a.toDateString() === b.toDateString();

/** Whole days from today to that day, in local time; survives summer time because it compares dates, not hours. */
export function dayDistance(at: Date, from: Date): number {
  const day = (date: Date) => Date.UTC(date.getFullYear(), date.getMonth(), date.getDate());
  return Math.round((day(at) - day(from)) / DAY);
}

export const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

export function weekday(at: Date): string {
  return words(format({ weekday: "long" }).format(at));
}

/** "I dag", "I går", "mandag 23. november", with the year when it is another one. */
export function dayName(iso: string | number): string {
  const at = new Date(iso);
  const today = new Date(now.value);
  const distance = dayDistance(at, today);
  if (distance === 0) return t("time.today");
  if (distance === -1) return t("time.yesterday");
  if (distance === 1) return t("time.tomorrow");
  const year = at.getFullYear() === today.getFullYear() ? undefined : "numeric";
  return words(format({ weekday: "long", day: "numeric", month: "long", year }).format(at));
}

/** For lists: the time today, the weekday within a week, else the date. */
export function short(iso: string): string {
  const at = new Date(iso);
  const today = new Date(now.value);
  if (sameDay(at, today)) return clock(at);
  const distance = dayDistance(at, today);
  if (distance === -1) return t("time.yesterday_short");
  if (distance < 0 && distance > -7) return words(format({ weekday: "short" }).format(at));
  const year = at.getFullYear() === today.getFullYear() ? undefined : "2-digit";
  return format({ day: "numeric", month: year ? "numeric" : "short", year }).format(at);
}

/** Day and time: "i dag 14:05", "mandag 23. november 14:05". */
export function full(iso: string | number): string {
  const day = dayName(iso);
  return t("time.day_clock", { day, clock: clock(iso) });
}

export function date(iso: string): string {
  return words(format({ day: "numeric", month: "long", year: "numeric" }).format(new Date(iso)));
}

/** How long something has lasted: "nå", "4 min", "2 t", "3 d". */
export function since(iso: string): string {
  const lasted = Math.max(0, now.value - new Date(iso).getTime());
  if (lasted < MINUTE) return t("time.just_now");
  if (lasted < HOUR) return t("time.minutes", { n: Math.floor(lasted / MINUTE) });
  if (lasted < 2 * DAY) return t("time.hours", { n: Math.floor(lasted / HOUR) });
  return t("time.days", { n: Math.floor(lasted / DAY) });
}

/** How long something still lasts, in its two largest units: "3 t 12 min", "5 d 2 t"; "1 min" is the least. */
export function left(ms: number): string {
  const minutes = Math.max(1, Math.floor(ms / MINUTE));
  const hours = Math.floor(minutes / 60);
  if (minutes < 60) return t("time.minutes", { n: minutes });
  const [big, small] =
    hours < 24
      ? [t("time.hours", { n: hours }), minutes % 60 && t("time.minutes", { n: minutes % 60 })]
      : [t("time.days", { n: Math.floor(hours / 24) }), hours % 24 && t("time.hours", { n: hours % 24 })];
  return small ? `${big} ${small}` : big;
}

/** "for 4 minutter siden" in whole words, for the right panel. */
export function ago(iso: string): string {
  const lasted = Math.max(0, now.value - new Date(iso).getTime());
  if (lasted < MINUTE) return t("time.just_now");
  if (lasted < HOUR) return tn("time.minutes_ago", Math.floor(lasted / MINUTE));
  if (lasted < DAY) return tn("time.hours_ago", Math.floor(lasted / HOUR));
  return full(iso);
}

export interface SnoozeChoice {
  key: "hour" | "afternoon" | "tomorrow" | "monday" | "week";
  at: Date;
}

/** The times one usually means, as of `from`, in local wall time; none of them twice. */
export function snoozeChoices(from: Date): SnoozeChoice[] {
  const at = (days: number, hour: number) =>
    new Date(from.getFullYear(), from.getMonth(), from.getDate() + days, hour, 0, 0, 0);
  const toMonday = (8 - from.getDay()) % 7 || 7;
  const choices: SnoozeChoice[] = [{ key: "hour", at: new Date(from.getTime() + HOUR) }];
  if (from.getHours() < 12 && from.getDay() >= 1 && from.getDay() <= 5)
    choices.push({ key: "afternoon", at: at(0, 14) });
  choices.push({ key: "tomorrow", at: at(1, 8) });
  if (toMonday > 1) choices.push({ key: "monday", at: at(toMonday, 8) });
  choices.push({ key: "week", at: at(7, 8) });
  return choices.filter((choice, index) => choices.findIndex((each) => +each.at === +choice.at) === index);
}

export interface SendChoice {
  key: "today" | "tomorrow" | "monday";
  at: Date;
}

/** When an answer that must not go out now usually should: at eight, when people begin. None of them twice. */
export function sendChoices(from: Date): SendChoice[] {
  const at = (days: number) => new Date(from.getFullYear(), from.getMonth(), from.getDate() + days, 8);
  const toMonday = (8 - from.getDay()) % 7 || 7;
  const choices: SendChoice[] = [];
  if (from.getHours() < 7) choices.push({ key: "today", at: at(0) });
  if (toMonday !== 1) choices.push({ key: "tomorrow", at: at(1) });
  choices.push({ key: "monday", at: at(toMonday) });
  return choices;
}

/** The form that <input type="datetime-local"> takes, in local time. */
export function localInput(at: Date): string {
  const two = (n: number) => String(n).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`;
}
