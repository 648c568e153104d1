// The widget for everybody: six languages, screen readers (axe), the keyboard alone, small screens, nobody at the desk.
import axe from "axe-core";
import type { Frame, Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { prepare, unique, until, Visitor } from "./harness";

const stage = prepare();

describe("languages", () => {
  it.each([
    ["no", "Åpne chat", "Skriv en melding", "Hei! Hva kan vi hjelpe deg med?"],
    ["nn", "Opne chat", "Skriv ei melding", "Hei! Kva kan vi hjelpe deg med?"],
    ["da-DK", "Åbn chat", "Skriv en besked", "Hej! Hvad kan vi hjælpe dig med?"],
    ["sv", "Öppna chatten", "Skriv ett meddelande", "Hej! Vad kan vi hjälpa dig med?"],
    ["fi", "Avaa chat", "Kirjoita viesti", "Hei! Miten voimme auttaa sinua?"],
    ["en-GB", "Open chat", "Write a message", "Hi! What can we help you with?"],
  ])("%s is spoken where the page speaks it", async (lang, open, write, welcome) => {
    const visitor = await Visitor.visit(await stage.browser.newContext(), stage.shop.page(stage.widget, { lang }));
    expect(await visitor.page.locator("svardesk-chat button").getAttribute("aria-label")).toBe(open);
    await visitor.open();
    expect(await visitor.chat.locator("#text").getAttribute("placeholder")).toBe(write);
    expect(await visitor.chat.locator(".welcome").textContent()).toBe(welcome);
    expect(await visitor.chat.locator("main").textContent()).not.toMatch(/widget\.|\{/);
    await visitor.close();
  });

  it("can be changed while the chat is open", async () => {
    const visitor = await Visitor.chatting(stage.browser, stage.address);
    await visitor.page.evaluate(() =>
      (window as unknown as { svardesk(...c: unknown[]): void }).svardesk("setLocale", "fi"),
    );
    await visitor.chat.getByText("Hei! Miten voimme auttaa sinua?").waitFor();
    await visitor.close();
  });
});

describe("everybody can use it", () => {
  /** Runs axe in the page and in the chat; what it finds, as "rule: element". */
  async function violations(page: Page): Promise<string[]> {
    const found: string[] = [];
    for (const frame of page.frames() as Frame[]) {
      await frame.evaluate(axe.source);
      found.push(
        ...(await frame.evaluate(async () => {
          const { axe: tool } = window as unknown as { axe: typeof axe };
          const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
          const result = await tool.run(document, { runOnly: tags, iframes: false });
          return result.violations.flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.html}`));
        })),
      );
    }
    return found;
  }

  it.each([
    ["light", { colorScheme: "light" as const }],
    ["dark", { colorScheme: "dark" as const }],
    ["on a small phone", { viewport: { width: 320, height: 568 }, hasTouch: true, isMobile: true }],
  ])("axe finds nothing, %s", async (_, options) => {
    const visitor = await Visitor.chatting(stage.browser, stage.address, { reducedMotion: "reduce", ...options });
    expect(await violations(visitor.page)).toEqual([]);
    const text = unique("Hei");
    await visitor.write(text);
    const row = await stage.agent.conversation(text);
    await stage.agent.answer(row.id, "Hei! Se www.fjordnett.example 😊");
    await visitor.sees(`> ${text}`, "< Hei! Se www.fjordnett.example (åpnes i ny fane) 😊");
    await visitor.chat.locator("#emoji").click();
    await visitor.page.context().setOffline(true);
    await visitor.write("venter");
    await visitor.chat.getByText("Du er ikke på nett.").waitFor();
    await visitor.chat.locator("#emoji").click();
    expect(await violations(visitor.page)).toEqual([]);
    await visitor.close();
  });

  it("with the keyboard alone", async () => {
    const visitor = await Visitor.visit(await stage.browser.newContext(), stage.address);
    const { page, chat } = visitor;
    const focused = async () =>
      page
        .frames()[1]
        ?.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.id);
    await page.keyboard.press("Tab"); // the page's own link
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await visitor.ready();
    expect(await focused()).toBe("text");
    await page.keyboard.type("Første linje");
    await page.keyboard.press("Shift+Enter");
    await page.keyboard.type("andre linje");
    await page.keyboard.press("Enter");
    await visitor.sees("> Første linje\nandre linje");
    await page.keyboard.press("Tab");
    expect(await focused()).toBe("Legg ved fil (inntil 10 MB)");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Shift+Tab");
    expect(
      await chat
        .locator(".emoji button")
        .first()
        .evaluate((one) => one === document.activeElement),
    ).toBe(true);
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    expect(await chat.locator("#text").inputValue()).toBe("🙏");
    await page.keyboard.press("Escape");
    expect(await focused()).toBe("Sett inn emoji");
    await page.keyboard.press("Escape");
    await until(
      "the focus to be back on the button",
      async () =>
        (await page.evaluate(() => document.activeElement?.shadowRoot?.activeElement?.tagName)) === "BUTTON" ||
        undefined,
    );
    expect(await page.locator("svardesk-chat div").isVisible()).toBe(false);
    await visitor.close();
  });

  it("on 320 pixels it fills the page, keeps the focus inside and needs no sideways scrolling", async () => {
    const options = { viewport: { width: 320, height: 568 }, hasTouch: true, isMobile: true };
    const visitor = await Visitor.chatting(stage.browser, stage.address, options);
    const { page, chat } = visitor;
    // Whole pixels, once the chat has grown to its place: the last frame of growing may lack a millionth of one.
    const size = async () => {
      const box = await page.locator("svardesk-chat iframe").boundingBox();
      return [Math.round(box?.width ?? 0), Math.round(box?.height ?? 0)];
    };
    await expect.poll(size).toEqual([320, 568]);
    await visitor.write(`https://fjordnett.example/${"lang".repeat(40)}`);
    await visitor.state("Sendt");
    const wide = await page
      .frames()[1]
      ?.evaluate(() =>
        [...document.querySelectorAll("*")]
          .filter((one) => one.getBoundingClientRect().right > innerWidth + 0.5 && !one.closest(".sr"))
          .map((one) => one.className),
      );
    expect(wide).toEqual([]);
    const stops = new Set<string>();
    for (let turn = 0; turn < 14; turn++) {
      await page.keyboard.press("Tab");
      expect(await page.evaluate(() => document.activeElement?.tagName)).toBe("SVARDESK-CHAT");
      stops.add((await page.frames()[1]?.evaluate(() => document.activeElement?.outerHTML.slice(0, 60))) ?? "");
    }
    expect(stops.size).toBeGreaterThanOrEqual(6);
    await chat.getByRole("button", { name: "Lukk chat" }).click();
    await page.locator("svardesk-chat button").waitFor({ state: "visible" });
    await visitor.close();
  });

  it("when nobody is there it says so and takes an address", async () => {
    const visitor = await Visitor.chatting(stage.browser, stage.address);
    const text = unique("Er noen der?");
    await visitor.write(text);
    const row = await stage.agent.conversation(text);
    await visitor.chat.locator("#address").fill("ikke en adresse");
    await visitor.chat.getByRole("button", { name: "Lagre" }).click();
    await visitor.chat.getByText("Skriv en e-postadresse eller et telefonnummer.").waitFor();
    await visitor.chat.locator("#address").fill("nora@kunde.example");
    await visitor.chat.getByRole("button", { name: "Lagre" }).click();
    await visitor.chat.getByText("Takk! Vi tar kontakt så snart vi er tilbake.").waitFor();
    const { contact } = await stage.agent.call<{
      contact: { identities: { value?: string; trust: string; kind: string }[] };
    }>("GET", `/conversations/${row.id}`);
    expect(JSON.stringify(contact)).toContain("nora@kunde.example");
    await visitor.close();
  });
});
