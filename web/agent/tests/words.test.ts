import { ApiError, LOCALES } from "@svardesk/wire";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { errorText } from "../src/errors";
import { known, locale, setTexts, t, tn } from "../src/i18n";
import { parts } from "../src/parts/Body";
import { matching, mentionAt } from "../src/parts/MentionBox";
import { browserName } from "../src/parts/settings/Sessions";
import { fileSize } from "../src/parts/words";
import { ALL, format, parse, Router } from "../src/router";
import { dayDistance, localInput, now, short, since, snoozeChoices, weekday } from "../src/time";

const TEXTS = {
  "time.just_now": "nå",
  "time.minutes": "{n} min",
  "time.hours": "{n} t",
  "time.days": "{n} d",
  "time.yesterday_short": "i går",
  "teams.count_one": "{n} medlem",
  "teams.count_other": "{n} medlemmer",
};

beforeEach(() => setTexts("nb", TEXTS));

describe("refusals", () => {
  it("tell how long to wait as people say it", () => {
    setTexts("nb", {
      "error.too_many_attempts": "Vent {seconds} sekunder",
      "error.too_many_attempts_minutes": "Vent {minutes} minutter",
    });
    const said = [30, 119, 3_540].map((after) => errorText(new ApiError(429, "too_many_attempts", "", {}, after)));
    expect(said).toEqual(["Vent 30 sekunder", "Vent 119 sekunder", "Vent 59 minutter"]);
  });
});

describe("texts", () => {
  it("fills placeholders and leaves unknown ones standing", () => {
    setTexts("nb", { "a.b": "Hei {name}, {what}" });
    expect(t("a.b", { name: "Kari" })).toBe("Hei Kari, {what}");
    expect(t("a.missing")).toBe("a.missing");
  });
  it("chooses the plural of the language", () => {
    expect([tn("teams.count", 1), tn("teams.count", 0), tn("teams.count", 1_200)]).toEqual([
      "1 medlem",
      "0 medlemmer",
      "1\u00a0200 medlemmer",
    ]);
  });
  it("knows the languages by the tags of browsers and pages", () => {
    expect(["no", "nb-NO", "nn", "sv-FI", "fi", "de", ""].map(known)).toEqual([
      "nb",
      "nb",
      "nn",
      "sv",
      "fi",
      null,
      null,
    ]);
  });
});

describe("times", () => {
  const monday = new Date(2026, 10, 23, 9, 30);
  beforeAll(() => {
    now.value = +monday;
  });
  const shown = (from: Date) =>
    snoozeChoices(from).map((choice) => `${choice.key} ${localInput(choice.at).replace("T", " ")}`);

  it("offers the snoozes one means on a Monday morning", () => {
    expect(shown(monday)).toEqual([
      "hour 2026-11-23 10:30",
      "afternoon 2026-11-23 14:00",
      "tomorrow 2026-11-24 08:00",
      "monday 2026-11-30 08:00",
    ]);
  });
  it("offers no Monday twice on a Sunday, and no afternoon in the evening", () => {
    expect(shown(new Date(2026, 10, 29, 19, 0))).toEqual([
      "hour 2026-11-29 20:00",
      "tomorrow 2026-11-30 08:00",
      "week 2026-12-06 08:00",
    ]);
  });
  it("stays at eight o'clock over the change to summer time", () => {
    expect(shown(new Date(2027, 2, 27, 15, 0))).toContain("tomorrow 2027-03-28 08:00");
  });
  it("counts days by the calendar", () => {
    expect(dayDistance(new Date(2026, 10, 24, 0, 5), new Date(2026, 10, 23, 23, 55))).toBe(1);
    expect(dayDistance(new Date(2027, 2, 29), new Date(2027, 2, 27))).toBe(2);
  });
  it("shortens for lists", () => {
    now.value = +monday;
    expect(short(new Date(2026, 10, 23, 8, 5).toISOString())).toBe("08:05");
    expect(short(new Date(2026, 10, 22, 8, 5).toISOString())).toBe("i går");
    expect(since(new Date(+monday - 4 * 60_000).toISOString())).toBe("4 min");
    expect(since(new Date(+monday - 50 * 3_600_000).toISOString())).toBe("2 d");
  });
  it("writes each language's own clock and nynorsk weekdays", () => {
    locale.value = "da";
    now.value = +monday;
    expect(short(new Date(2026, 10, 23, 8, 5).toISOString())).toBe("08.05");
    locale.value = "nn";
    expect(weekday(new Date(2026, 10, 24))).toBe("tysdag");
    locale.value = "nb";
    expect(weekday(new Date(2026, 10, 24))).toBe("tirsdag");
  });
});

describe("addresses", () => {
  it.each([
    "/app/inbox/mine",
    "/app/inbox/waiting/11111111-1111-7111-8111-111111111111?team_id=t&tag_id=g",
    "/app/inbox/view/v1/c1",
    "/app/inbox/view/v1?view=mine&team_id=t",
    "/app/inbox/all/c1?contact_id=k",
    "/app/search/c1?q=faktura",
    "/app/settings/privacy",
    "/app/invitation/a%2Fb",
    "/app/password-reset/tok",
    "/app/password-reset",
  ])("%s says the same after reading and writing it", (address) => {
    const url = new URL(address, "http://desk");
    expect(format(parse(url.pathname, url.search))).toBe(address);
  });
  it("lead from one person's conversations back to where they were looked up, with what is open by then", () => {
    const router = new Router();
    const theirs = { ...ALL, filters: { contact_id: "k" } };
    router.go({ page: "search", q: "kari", conversation: null });
    router.go(theirs);
    router.go({ ...theirs, conversation: "c2" });
    router.go({ ...theirs, filters: { contact_id: "k", team_id: "t" }, conversation: "c2" }, { replace: true });
    router.leavePerson();
    expect(location.pathname + location.search).toBe("/app/search/c2?q=kari");
    const fresh = new Router();
    fresh.route.value = theirs;
    fresh.leavePerson();
    expect(fresh.route.value).toEqual(ALL);
  });
  it("falls back to one's own conversations", () => {
    expect(parse("/app/", "")).toEqual({ page: "inbox", view: "mine", viewId: null, filters: {}, conversation: null });
    expect(parse("/app/nonsense/x", "")).toMatchObject({ page: "inbox", view: "mine", conversation: null });
    expect(parse("/app/inbox/%E0%A4%A/%", "")).toMatchObject({ page: "inbox", view: "mine", conversation: "%" });
  });
});

describe("bodies", () => {
  it("finds links and mentions and takes nothing as HTML", () => {
    expect(parts("Se https://a.no/x?y=1. Takk, @Kari Nes! <b>", ["Kari Nes"])).toEqual([
      { kind: "text", text: "Se " },
      { kind: "link", text: "https://a.no/x?y=1" },
      { kind: "text", text: ". Takk, " },
      { kind: "mention", text: "@Kari Nes" },
      { kind: "text", text: "! <b>" },
    ]);
  });
  it("makes no link of javascript: and the like", () => {
    expect(parts("javascript:alert(1) data:text/html,x", [])).toEqual([
      { kind: "text", text: "javascript:alert(1) data:text/html,x" },
    ]);
  });
  it("sees the name that is being written after @", () => {
    expect(mentionAt("Hei @Ka", 7)).toEqual({ from: 4, letters: "Ka" });
    expect(mentionAt("kari@fjord", 10)).toBeNull();
    expect(mentionAt("@Kari Nes og", 12)).toBeNull();
    const agent = (name: string) => ({ name }) as never;
    expect(matching([agent("Kari Nes"), agent("Ola")], "ka").map((each) => each.name)).toEqual(["Kari Nes"]);
  });
});

describe("small words", () => {
  it("sizes files", () => {
    expect([fileSize(900), fileSize(15_400), fileSize(2_340_000)]).toEqual(["900 B", "15 kB", "2,3 MB"]);
  });
  it("recognises browsers", () => {
    const edge = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/120 Safari/537.36 Edg/120";
    expect(browserName(edge)).toMatch(/ · Windows$/);
  });
  it("has the same keys in every language", async () => {
    const files = import.meta.glob<Record<string, string>>("../src/texts/*.json", { import: "default", eager: true });
    const keys = LOCALES.map((each) => Object.keys(files[`../src/texts/${each}.json`] ?? {}).sort());
    for (const each of keys) expect(each).toEqual(keys[0]);
    expect(keys[0]?.length).toBeGreaterThan(400);
  });
});
