// The contact form in a real browser: without JavaScript and with it, in a shop's frame, for everybody, to the agent's screen.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import axe from "axe-core";
import type { BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AgentApp } from "./agent_app";
import { desk, prepare, type Row, unique, until } from "./harness";

const stage = prepare();
const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==",
  "base64",
);

interface Form {
  id: string;
  key: string;
}

let form: Form;
const shop = createServer((_, response) => {
  const { url } = desk();
  response.writeHead(200, { "Content-Type": "text/html; charset=utf-8" });
  response.end(`<!doctype html><html lang="nb"><head><title>Butikk</title></head><body><main><h1>Butikk</h1>
<iframe src="${url}/form/${form.key}" title="Kontakt" width="700" height="1200"></iframe></main></body></html>`);
});
const origin = (): string => `http://localhost:${(shop.address() as AddressInfo).port}`;

beforeAll(async () => {
  await new Promise<void>((resolve) => shop.listen(0, "127.0.0.1", resolve));
  const made = await stage.agent.call<{ form: Form }>("POST", "/forms", {
    name: "Prøveskjema",
    languages: ["nb", "fi", "en"],
    texts: { nb: { title: "Skriv til Prøvehuset", intro: "Vi svarer alle." } },
    answers: ["email", "phone"],
    origins: [origin()],
    topics: [{ key: "invoice", labels: { nb: "Faktura" } }],
    fields: [
      { key: "order", type: "order", labels: { nb: "Ordrenummer" }, patterns: ["FN-####"] },
      {
        key: "where",
        type: "choice",
        labels: { nb: "Hvor?" },
        choices: [{ key: "web", labels: { nb: "På nett" } }],
      },
      { key: "picture", type: "file", labels: { nb: "Bilde" } },
    ],
  });
  form = made.form;
});
afterAll(() => {
  shop.closeAllConnections();
  shop.close();
});

async function open(options: BrowserContextOptions = {}, query = ""): Promise<Page> {
  const context = await stage.browser.newContext({ locale: "nb-NO", reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  await page.goto(`${desk().url}/form/${form.key}${query}`);
  return page;
}

async function fill(page: Page, message: string): Promise<void> {
  await page.getByLabel("Navn").fill("Ola Hansen");
  await page.getByLabel("E-postadresse").fill(`ola-${Date.now()}@kunde.example`);
  await page.getByLabel("Hva gjelder det?").selectOption({ label: "Faktura" });
  await page.getByLabel("Hva kan vi hjelpe deg med?").fill(message);
}

/** The page has been open for as long as a person needs: the server's clock, not ours, decides. */
const patiently = () => new Promise((resolve) => setTimeout(resolve, 3_100));
const send = (page: Page) => page.getByRole("button", { name: "Send" }).click();
const conversation = async (text: string): Promise<Row & { number: number; channel: string }> =>
  (await stage.agent.conversation(text)) as Row & { number: number; channel: string };

/** Runs axe; what it finds, as "rule: element". */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const { axe: tool } = window as unknown as { axe: typeof axe };
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    const result = await tool.run(document, { runOnly: tags });
    return result.violations.flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.html}`));
  });
}

const overflow = (page: Page) =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

describe("without JavaScript", () => {
  it("what is wrong is said, and what is right arrives with its file", async () => {
    const page = await open({ javaScriptEnabled: false });
    const text = unique("Uten skript");
    await fill(page, text);
    await page.getByLabel("Ordrenummer").fill("1");
    await patiently();
    await send(page);
    const summary = page.getByRole("alert");
    await summary.getByText("Skjemaet er ikke sendt ennå").waitFor();
    await summary.getByRole("link", { name: "Skriv nummeret slik: FN-1234" }).click();
    expect(page.url()).toContain("#f_order");
    expect(await page.getByLabel("Hva kan vi hjelpe deg med?").inputValue()).toBe(text);
    await page.getByLabel("Ordrenummer").fill("FN-4711");
    await page.getByLabel("Bilde").setInputFiles({ name: "kvittering.png", mimeType: "image/png", buffer: PNG });
    await send(page);
    await page.getByRole("heading", { name: "Takk, vi har fått meldingen din" }).waitFor();
    const row = await conversation(text);
    expect(await page.locator(".number").innerText()).toBe(`Saksnummeret ditt er ${row.number}`);
    expect(row.channel).toBe("form");
    const [message] = await stage.agent.messages(row.id);
    expect(message?.attachments.map((file) => [file.name, file.media_type])).toEqual([["kvittering.png", "image/png"]]);
    await page.reload();
    expect(await page.locator(".number").innerText()).toBe(`Saksnummeret ditt er ${row.number}`);
    await page.context().close();
  });
});

describe("with JavaScript", () => {
  it("pressing twice sends once, and the summary has the focus", async () => {
    const page = await open();
    await send(page);
    await page.locator(".summary").waitFor();
    expect(await page.evaluate(() => document.activeElement?.className)).toBe("summary");
    const text = unique("To trykk");
    await fill(page, text);
    await patiently();
    const posts: string[] = [];
    page.on("request", (request) => void (request.method() === "POST" && posts.push(request.url())));
    await page.getByRole("button", { name: "Send" }).dblclick();
    await page.getByRole("heading", { name: "Takk, vi har fått meldingen din" }).waitFor();
    expect(posts).toHaveLength(1);
    await conversation(text);
    await page.context().close();
  });

  it("works with the keyboard alone", async () => {
    const page = await open();
    const text = unique("Bare tastatur");
    const keys = page.keyboard;
    for (let languages = 0; languages < 3; languages += 1) await keys.press("Tab");
    await keys.type("Kari");
    await keys.press("Tab");
    await keys.type(`kari-${Date.now()}@kunde.example`);
    await keys.press("Tab"); // the phone number
    await keys.press("Tab"); // how to answer
    await keys.press("Tab");
    await keys.press("F"); // the topic
    for (let fields = 0; fields < 4; fields += 1) await keys.press("Tab");
    await keys.type(text);
    await keys.press("Tab");
    await patiently();
    await keys.press("Enter");
    await page.getByRole("heading", { name: "Takk, vi har fått meldingen din" }).waitFor();
    await conversation(text);
    await page.context().close();
  });

  it("stands in a listed shop's frame, and in no other's", async () => {
    const page = await (await stage.browser.newContext({ locale: "nb-NO" })).newPage();
    await page.goto(origin());
    const frame = page.frameLocator("iframe");
    const text = unique("I rammen");
    await frame.getByLabel("E-postadresse").fill(`ramme-${Date.now()}@kunde.example`);
    await frame.getByLabel("Hva gjelder det?").selectOption({ label: "Faktura" });
    await frame.getByLabel("Hva kan vi hjelpe deg med?").fill(text);
    await patiently();
    await frame.getByRole("button", { name: "Send" }).click();
    await frame.getByRole("heading", { name: "Takk, vi har fått meldingen din" }).waitFor();
    await conversation(text);
    const complaints: string[] = [];
    page.on("console", (message) => void complaints.push(message.text()));
    await page.goto(origin().replace("localhost", "127.0.0.1"));
    await until("the browser to refuse the frame", async () =>
      complaints.some((one) => one.includes("frame-ancestors")) ? true : undefined,
    );
    await page.context().close();
  });
});

describe("everybody can use it", () => {
  it.each([
    ["light", { colorScheme: "light" as const }],
    ["dark", { colorScheme: "dark" as const }],
    ["on a small phone", { viewport: { width: 320, height: 568 }, hasTouch: true, isMobile: true }],
    ["on a small phone in the dark", { viewport: { width: 320, height: 568 }, colorScheme: "dark" as const }],
  ])("axe finds nothing, %s", async (_, options: BrowserContextOptions) => {
    const page = await open(options);
    const complaints: string[] = [];
    page.on("console", (message) => void (message.type() === "error" && complaints.push(message.text())));
    expect(await violations(page)).toEqual([]);
    expect(await overflow(page)).toBe(0);
    const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(background).toBe(options.colorScheme === "dark" ? "rgb(17, 23, 22)" : "rgb(245, 246, 246)");
    await page.getByLabel("Ordrenummer").fill("x".repeat(60));
    await send(page);
    await page.locator(".summary").waitFor();
    expect(await violations(page)).toEqual([]);
    expect(await overflow(page)).toBe(0);
    await page.getByLabel("Ordrenummer").fill("");
    await fill(page, unique("Til kvitteringen"));
    await patiently();
    await send(page);
    await page.getByRole("heading", { name: "Takk, vi har fått meldingen din" }).waitFor();
    expect(await violations(page)).toEqual([]);
    expect(await overflow(page)).toBe(0);
    expect(complaints.filter((one) => !one.includes("422"))).toEqual([]);
    await page.context().close();
  });

  it("speaks the reader's language, and another at a press", async () => {
    const page = await open({ locale: "fi-FI" });
    expect(await page.locator("html").getAttribute("lang")).toBe("fi");
    await page.getByRole("button", { name: "Lähetä" }).waitFor();
    await page.getByRole("link", { name: "English" }).click();
    await page.getByRole("button", { name: "Send" }).waitFor();
    expect(await page.locator("html").getAttribute("lang")).toBe("en");
    await page.context().close();
  });
});

describe("at the desk", () => {
  it("the agent reads what was filled in, and why no answer can go out", async () => {
    const page = await open();
    const text = unique("Ring meg opp");
    await page.getByLabel("Telefonnummer").fill("+47 22 22 55 55");
    await page.getByLabel("Ring meg").check();
    await page.getByLabel("Hva gjelder det?").selectOption({ label: "Faktura" });
    await page.getByLabel("Ordrenummer").fill("FN-4711");
    await page.getByLabel("Hva kan vi hjelpe deg med?").fill(text);
    await patiently();
    await send(page);
    await page.getByRole("heading", { name: "Takk, vi har fått meldingen din" }).waitFor();
    await page.context().close();
    const row = await conversation(text);
    const app = await AgentApp.signIn(stage.browser);
    await app.goto("/app/inbox/all");
    await app.row(text).click();
    const message = app.message(text);
    await message.waitFor();
    expect(await message.locator("dl.filled > div").allInnerTexts()).toEqual([
      "Gjelder\nFaktura",
      "Ordrenummer\nFN-4711",
      "Telefon\n+4722225555",
      "Vil ha svar\nOppringning",
    ]);
    await app.page.getByText("Kunden har bare oppgitt telefonnummer").waitFor();
    const call = app.page.getByRole("link", { name: "Ring +4722225555" });
    expect(await call.getAttribute("href")).toBe("tel:+4722225555");
    // What is written here is a note: an answer would reach nobody.
    expect(await app.page.getByRole("button", { name: "Svar", exact: true }).isDisabled()).toBe(true);
    expect(await app.page.getByRole("button", { name: "Send", exact: true }).count()).toBe(0);
    const note = unique("Ringte og avtalte ny faktura");
    await app.text.fill(note);
    await app.page.getByRole("button", { name: "Lagre notat" }).click();
    await app.message(note).waitFor();
    expect(await violations(app.page)).toEqual([]);
    expect((await stage.agent.messages(row.id)).filter((one) => one.kind === "answer")).toEqual([]);
    expect(app.complaints).toEqual([]);
    await app.close();
  });

  it("an owner makes a form, and people can use it", async () => {
    const app = await AgentApp.signIn(stage.browser);
    await app.goto("/app/settings/forms");
    const { page } = app;
    const name = unique("Retur");
    await page.getByLabel("Navn på skjemaet").last().fill(name);
    await page.getByRole("button", { name: "Lag skjema" }).click();
    const box = page.getByRole("region", { name });
    await box.getByText("Uten postkasse kan ingen svare på e-post.").waitFor();
    await box.getByLabel("Svenska").check();
    await box.getByLabel("Overskrift").fill("Send noe tilbake");
    await box.getByRole("button", { name: "Legg til emne" }).click();
    await box.getByLabel("Emne 1", { exact: true }).fill("Bytte");
    await box.getByRole("button", { name: "Legg til spørsmål" }).click();
    await box.getByLabel("Spørsmål 1", { exact: true }).fill("Størrelse");
    await box.getByLabel("Svar på spørsmål 1").selectOption({ label: "Valg" });
    await box.getByLabel("Svar å velge mellom").fill("Liten\nStor\n");
    await box.getByLabel("Skriv tekstene på").selectOption({ label: "Svenska" });
    await box.getByLabel("Svar å velge mellom").fill("Liten\nStor (sv)");
    expect(await violations(page)).toEqual([]);
    await box.getByRole("button", { name: "Lagre" }).click();
    await page.getByText("Lagret", { exact: false }).first().waitFor();
    const address = await box.getByRole("link", { name: "Se skjemaet" }).getAttribute("href");
    const tab = await app.tab(`${address}?lang=sv`);
    expect(await tab.getByLabel("Størrelse").locator("option").allInnerTexts()).toEqual([
      "Välj …",
      "Liten",
      "Stor (sv)",
    ]);
    await tab.goto(`${desk().url}${address}?lang=nb`);
    await tab.getByRole("heading", { name: "Send noe tilbake" }).waitFor();
    await page.setViewportSize({ width: 320, height: 700 });
    expect(await overflow(page)).toBe(0);
    expect(app.complaints).toEqual([]);
    await app.close();
  });

  it("the demo shop has one in its page", async () => {
    const page = await (await stage.browser.newContext({ locale: "nb-NO" })).newPage();
    await page.goto(`${desk().url}/demo/shop/kundeservice`);
    await page.frameLocator("iframe.form").getByRole("heading", { name: "Skriv til Fjordnett" }).waitFor();
    await page.context().close();
  });
});
