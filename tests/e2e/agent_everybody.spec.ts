// The agent app for everybody: screen readers (axe), small screens, dark and light, six languages.
import axe from "axe-core";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { AgentApp } from "./agent_app";
import { prepare, unique, Visitor } from "./harness";

const stage = prepare();

/** Runs axe; what it finds, as "rule: element". */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const { axe: tool } = window as unknown as { axe: typeof axe };
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    const result = await tool.run(document, { runOnly: tags });
    return result.violations.flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.html.slice(0, 300)}`));
  });
}

const SECTIONS = [
  "profile",
  "security",
  "notifications",
  "organisation",
  "agents",
  "teams",
  "tags",
  "widgets",
  "mailboxes",
  "tokens",
  "audit",
  "privacy",
];

async function conversation(): Promise<{ visitor: Visitor; id: string; question: string }> {
  const question = unique("Kan noen hjelpe meg?");
  const visitor = await Visitor.chatting(stage.browser, stage.address);
  await visitor.write(question);
  return { visitor, id: (await stage.agent.conversation(question)).id, question };
}

describe("axe finds nothing", () => {
  it.each([
    ["light", { colorScheme: "light" as const }],
    ["dark", { colorScheme: "dark" as const }],
    ["on a small phone", { viewport: { width: 320, height: 640 } }],
  ])("in inbox, conversation and overlays, %s", async (_, options) => {
    const { visitor, id, question } = await conversation();
    const app = await AgentApp.open(stage.browser, "/app/", { reducedMotion: "reduce", ...options });
    await app.page.getByRole("heading", { name: "Logg inn" }).waitFor();
    expect(await violations(app.page)).toEqual([]);
    await app.close();
    const inside = await AgentApp.signIn(stage.browser, { reducedMotion: "reduce", ...options });
    await inside.goto("/app/inbox/all");
    await inside.row(question).waitFor();
    expect(await violations(inside.page)).toEqual([]);
    await inside.row(question).click();
    await inside.message(question).waitFor();
    await inside.answer("Ja, straks");
    await inside
      .message("Ja, straks")
      .getByText(/Sendt|Levert|Lest/)
      .waitFor();
    await inside.page.getByText("Kladden er lagret").waitFor({ state: "detached" });
    expect(await violations(inside.page)).toEqual([]);
    await inside.page.locator(".messages").focus();
    await inside.page.keyboard.press("?");
    await inside.page.getByRole("dialog", { name: "Hurtigtaster" }).waitFor();
    expect(await violations(inside.page)).toEqual([]);
    await inside.page.keyboard.press("Escape");
    for (const key of ["s", "a", "t"]) {
      await inside.page.keyboard.press(key);
      await inside.page.locator(".popover").waitFor();
      expect(await violations(inside.page), key).toEqual([]);
      await inside.page.keyboard.press("Escape");
      await inside.page.locator(".popover").waitFor({ state: "detached" });
    }
    await inside.page.getByRole("button", { name: "Internt notat" }).click();
    await inside.text.pressSequentially("Se her, @");
    await inside.page.getByRole("listbox").waitFor();
    expect(await violations(inside.page)).toEqual([]);
    expect(id).not.toBe("");
    await Promise.all([inside.close(), visitor.close()]);
  });

  it("in all settings and in search", async () => {
    const app = await AgentApp.signIn(stage.browser, { reducedMotion: "reduce" });
    for (const section of SECTIONS) {
      await app.goto(`/app/settings/${section}`);
      await app.page.locator(".settings-body > *").first().waitFor();
      await app.page.locator(".settings-body .spinner").first().waitFor({ state: "detached" });
      expect(await violations(app.page), section).toEqual([]);
    }
    await app.goto("/app/search?q=hei");
    await app.page.locator(".list-pane .spinner").waitFor({ state: "detached" });
    expect(await violations(app.page)).toEqual([]);
    expect(app.complaints).toEqual([]);
    await app.close();
  });
});

describe("small screens", () => {
  it("never scroll sideways at 320 pixels, and lead from list to conversation and back", async () => {
    const { visitor, id, question } = await conversation();
    const app = await AgentApp.signIn(stage.browser, { viewport: { width: 320, height: 640 } });
    const width = () => app.page.evaluate(() => document.documentElement.scrollWidth);
    for (const path of ["/app/inbox/all", `/app/inbox/all/${id}`, ...SECTIONS.map((each) => `/app/settings/${each}`)]) {
      await app.goto(path);
      await app.page.locator(".row, .message, .settings-body > *").first().waitFor({ state: "attached" });
      expect(await width(), path).toBeLessThanOrEqual(320);
    }
    await app.goto("/app/inbox/all");
    await app.row(question).click();
    await app.message(question).waitFor();
    await app.page.getByRole("button", { name: "Tilbake" }).click();
    await app.row(question).waitFor();
    await app.page.getByRole("button", { name: "Åpne menyen" }).click();
    await app.page.getByRole("link", { name: "Avsluttet", exact: true }).click();
    await app.page.getByRole("heading", { name: "Avsluttet" }).waitFor();
    await Promise.all([app.close(), visitor.close()]);
  });
});

describe("languages", () => {
  it.each([
    ["nb", "Logg inn", "Glemt passordet?"],
    ["nn", "Logg inn", "Gløymt passordet?"],
    ["da", "Log ind", "Glemt adgangskoden?"],
    ["sv", "Logga in", "Glömt lösenordet?"],
    ["fi", "Kirjaudu sisään", "Unohditko salasanan?"],
    ["en", "Sign in", "Forgotten your password?"],
  ])("%s is spoken before and after signing in", async (locale, title, forgotten) => {
    const app = await AgentApp.open(stage.browser, "/app/", { locale: locale === "en" ? "en-GB" : locale });
    await app.page.getByRole("heading", { name: title }).waitFor();
    await app.page.getByRole("link", { name: forgotten }).waitFor();
    expect(await app.page.evaluate(() => document.documentElement.lang)).toBe(locale);
    expect(await app.page.locator("main").textContent()).not.toMatch(/[a-z]+\.[a-z_]+|\{/);
    await app.close();
  });

  it("change at once when the agent changes them, everywhere", async () => {
    const app = await AgentApp.signIn(stage.browser);
    await app.goto("/app/settings/profile");
    await app.page.getByLabel("Språk").selectOption("fi");
    await app.page.getByRole("button", { name: "Lagre" }).click();
    await app.page.getByRole("heading", { name: "Asetukset" }).waitFor();
    const other = await app.tab("/app/inbox/mine");
    await other.getByRole("heading", { name: "Omat", exact: true }).waitFor();
    await other.goto(`${new URL(other.url()).origin}/app/settings/profile`);
    await other.getByLabel("Kieli").selectOption("nb");
    await other.getByRole("button", { name: "Tallenna" }).click();
    await other.getByRole("heading", { name: "Innstillinger" }).waitFor();
    await app.close();
  });
});
