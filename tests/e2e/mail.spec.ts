// Mail in a real browser: a mailbox is set up, a mail comes, is looked at safely, answered, undone, answered, and arrives.
import axe from "axe-core";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AgentApp } from "./agent_app";
import { Agent, launch, unique, until } from "./harness";
import { MailServer, ORGANISATION, PASSWORD, plainText, tracker } from "./mail_server";

interface Box {
  mailbox: { id: string; name: string; state: { status: string } };
}

const stage = {} as {
  browser: Awaited<ReturnType<typeof launch>>;
  agent: Agent;
  mail: MailServer;
  pictures: Awaited<ReturnType<typeof tracker>>;
};

beforeAll(async () => {
  [stage.browser, stage.agent, stage.mail, stage.pictures] = await Promise.all([
    launch(),
    Agent.signIn(),
    MailServer.start("trygg.example"),
    tracker(),
  ]);
});
afterAll(async () => {
  const { items } = await stage.agent.call<{ items: Box[] }>("GET", "/mailboxes");
  for (const { mailbox } of items) await stage.agent.call("DELETE", `/mailboxes/${mailbox.id}`);
  await stage.browser?.close();
  stage.pictures?.close();
  await stage.mail?.stop();
});

/** A mailbox that works: the one of the first test, or, when a test runs alone, one that is made here. */
async function connected(): Promise<void> {
  const { items } = await stage.agent.call<{ items: Box[] }>("GET", "/mailboxes");
  if (items.length) return;
  const server = (port: number) => ({ host: "127.0.0.1", port, encryption: "none" });
  await stage.agent.call("POST", "/mailboxes", {
    ...{ name: "Kundeservice", address: ORGANISATION, password: PASSWORD, start: "all", hold_seconds: 8 },
    ...{ imap: server(stage.mail.ports.imap), smtp: server(stage.mail.ports.submission) },
    ...{ authserv: ["mail.fjordnett.example"], signatures: { nb: "Vennlig hilsen\nFjordnett" } },
  });
}

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const { axe: tool } = window as unknown as { axe: typeof axe };
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    const result = await tool.run(document, { runOnly: tags, iframes: false });
    return result.violations.flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.html.slice(0, 300)}`));
  });
}

/** A mail with formatting, a picture elsewhere, and what must never run. */
async function mailed(subject: string, from = "Kari Nordmann <kari@trygg.example>"): Promise<void> {
  await stage.mail.deliver({
    from,
    subject,
    text: "Hei, fakturaen er feil.\n\nMvh\nKari Nordmann\nTlf. 900 00 000",
    html: `<div style="font-family: Arial"><p>Hei, <span style="color: rgb(255, 0, 0)">fakturaen</span> er feil.</p>
      <img src="${stage.pictures.url}" width="40" height="40" alt="logo"><img src="x" onerror="parent.postMessage('evil', '*')">
      <script>top.document.title = "evil"</script><a href="https://butikk.example/">Til butikken</a>
      <iframe src="https://ond.example/"></iframe><form action="/x"><input name="a"></form></div>`,
  });
}

describe("mail", () => {
  it("is set up by an owner in the settings, tested, and told that it works", async () => {
    const app = await AgentApp.signIn(stage.browser, { reducedMotion: "reduce" });
    const { page } = app;
    await app.goto("/app/settings/mailboxes");
    await page.getByText("Ingen postkasser ennå").waitFor();
    expect(await violations(page)).toEqual([]);
    await page.getByRole("button", { name: "Ny postkasse" }).click();
    await page.getByLabel("E-postadresse").fill(ORGANISATION);
    await page.getByLabel("Avsendernavn").fill("Fjordnett");
    await page.getByLabel("Navn i Svardesk").fill("Kundeservice");
    await page.getByRole("radio", { name: /En annen leverandør/ }).check();
    expect(await page.getByLabel("Server for innkommende (IMAP)").last().inputValue()).toBe("imap.fjordnett.example");
    await page.getByLabel("Passord til postkassen").fill("feil passord");
    for (const [at, port] of [stage.mail.ports.imap, stage.mail.ports.submission].entries()) {
      const line = page.locator(".server-line").nth(at);
      await line.locator("input").first().fill("127.0.0.1");
      await line.getByLabel("Port").fill(`${port}`);
      await line.getByLabel("Kryptering").selectOption("none");
    }
    await page.getByLabel("Sekunder et svar kan angres").fill("8");
    await page.getByLabel("Signatur", { exact: true }).fill("Vennlig hilsen\nFjordnett");
    await page.getByText("Mer", { exact: true }).click();
    await page.getByLabel("Servere vi stoler på om avsenderen").fill("mail.fjordnett.example");
    expect(await violations(page)).toEqual([]);
    await page.getByRole("button", { name: "Lagre og test" }).click();
    // A wrong password is told in plain words, and loudly everywhere.
    await page.getByText("Vi kan ikke lese postkassen.").waitFor();
    expect(await page.locator(".box-health").textContent()).toContain("Brukernavnet eller passordet ble ikke godtatt.");
    await until("the reader to be refused", async () => {
      const { items } = await stage.agent.call<{ items: Box[] }>("GET", "/mailboxes");
      return items[0]?.mailbox.state.status === "disconnected" || undefined;
    });
    await app.goto("/app/inbox/mine");
    await page.getByText(/Kundeservice har ikke kunnet leses siden/).waitFor();
    expect(await violations(page)).toEqual([]);
    await page.getByRole("link", { name: "Se på postkassen" }).click();
    await page.locator(".box-trouble").waitFor();
    await page.getByRole("button", { name: "Endre" }).click();
    await page.getByLabel("Passord til postkassen").fill(PASSWORD);
    await page.getByRole("button", { name: "Lagre", exact: true }).click();
    await page.getByRole("button", { name: "Test forbindelsen" }).click();
    await page.getByText("Vi kan lese postkassen.").waitFor();
    await page.getByText("Vi kan sende.").waitFor();
    await until("the reader to be let in", async () => {
      const { items } = await stage.agent.call<{ items: Box[] }>("GET", "/mailboxes");
      return items[0]?.mailbox.state.status === "ok" || undefined;
    });
    await page.reload();
    await page.locator(".box-status.works").waitFor();
    expect(await page.locator(".mail-alarm").count()).toBe(0);
    expect(app.complaints).toEqual([]);
    await app.close();
  });

  it("comes in, is looked at without telling its sender, answered, undone, answered again, and arrives once", async () => {
    await connected();
    const app = await AgentApp.signIn(stage.browser);
    const { page } = app;
    await app.goto("/app/inbox/all");
    const subject = unique("Faktura feil");
    await mailed(subject);
    await app.row(subject).click();
    const message = app.message("Hei, fakturaen er feil.");
    await message.waitFor();
    expect(await message.locator(".mail-address").textContent()).toBe("kari@trygg.example");
    await message.getByRole("button", { name: "Bekreftet domene" }).waitFor();
    expect(await message.getByText("900 00 000").count()).toBe(0);
    await message.getByRole("button", { name: "Signatur" }).click();
    await message.getByText("900 00 000").waitFor();

    await message.getByRole("button", { name: "Vis formatert" }).click();
    await page.getByText("Ett bilde er holdt tilbake.").waitFor();
    const inside = page.frameLocator(".mail-frame iframe").frameLocator("iframe");
    await inside.getByText("fakturaen").waitFor();
    expect(await inside.locator("span").evaluate((span) => getComputedStyle(span).color)).toBe("rgb(255, 0, 0)");
    expect(await inside.locator("script, iframe, form, input, [onerror]").count()).toBe(0);
    expect(await inside.locator("a").evaluate((a: HTMLAnchorElement) => [a.target, a.rel])).toEqual([
      "_blank",
      "noopener noreferrer nofollow",
    ]);
    expect(stage.pictures.seen).toEqual([]);
    await page.getByRole("button", { name: "Vis bilder" }).click();
    await until("the picture", async () => stage.pictures.seen[0]);
    expect(stage.pictures.seen).toEqual(["/pixel.gif"]);
    expect(await page.title()).not.toBe("evil");

    const answer = unique("Vi retter det i dag.");
    await app.answer(answer);
    await app
      .message(answer)
      .getByText(/Sendes om \d s/)
      .waitFor();
    await app.message(answer).getByRole("button", { name: "Angre" }).click();
    await until("the text to be back", async () => (await app.text.inputValue()) === answer || undefined);
    await app.message(answer).getByText("Trukket tilbake").waitFor();
    await page.getByText("Åpen").first().waitFor();

    await page.getByRole("button", { name: "Kopi", exact: true }).click();
    await page.getByLabel("Kopi", { exact: true }).fill("per@postkasse.example,");
    const better = unique("Vi har rettet det, og sendt ny.");
    await app.answer(better);
    await app
      .message(better)
      .getByText(/Sendes om/)
      .waitFor();
    await app.message(better).getByText("Sendt", { exact: true }).waitFor({ timeout: 25_000 });
    const found = await until("the answer in the customer's mailbox", async () => {
      const mails = await stage.mail.customers();
      return mails.some((raw) => plainText(raw).includes(better)) ? mails : undefined;
    });
    // Once to Kari, once to Per; what was undone to nobody.
    const texts = found.map(plainText);
    expect(texts.filter((text) => text.includes(better)).length).toBe(2);
    expect(texts.filter((text) => text.includes(answer)).length).toBe(0);
    const raw = found.find((one) => plainText(one).includes(better)) ?? "";
    expect(raw).toMatch(/^Subject: Re: /m);
    expect(raw).toMatch(/^Cc: per@postkasse\.example/m);
    expect(raw).toMatch(/^In-Reply-To: /m);
    expect(plainText(raw)).toContain("Vennlig hilsen");
    expect(app.complaints.filter((text) => !/Blocked script execution/.test(text))).toEqual([]);
    await app.close();
  });

  it("waits until the time that was chosen, and asks when the customer writes first", async () => {
    await connected();
    const app = await AgentApp.signIn(stage.browser);
    const { page } = app;
    await app.goto("/app/inbox/all");
    const subject = unique("Når kommer dere?");
    await mailed(subject);
    await app.row(subject).click();
    await app.message("Hei, fakturaen er feil.").waitFor();
    const answer = unique("I morgen.");
    await app.text.fill(answer);
    await page.getByRole("button", { name: "Andre måter å sende på" }).click();
    await page.getByRole("menuitem", { name: /Mandag kl\. 08:00/ }).click();
    await app
      .message(answer)
      .getByText(/Sendes mandag .* kl\. 08:00/)
      .waitFor();
    const raw = await page.evaluate(async () => {
      const id = location.pathname.split("/").at(-1);
      const detail = await (await fetch(`/api/v1/conversations/${id}`)).json();
      const inbound = detail.messages.find((one: { kind: string }) => one.kind === "inbound");
      return (await fetch(`/api/v1/mails/${inbound.id}/raw`)).text();
    });
    const id = /^Message-ID: (.*)$/m.exec(raw)?.[1]?.trim() ?? "";
    await stage.mail.deliver({
      from: "Kari Nordmann <kari@trygg.example>",
      subject: `SV: ${subject}`,
      text: "Glem det, jeg fant det ut.",
      headers: { "In-Reply-To": id, References: id },
    });
    await app.message("Glem det, jeg fant det ut.").waitFor();
    await app.message(answer).getByText("Kunden har skrevet siden.").waitFor();
    await app.message(answer).getByRole("button", { name: "Avbryt" }).click();
    await app.message(answer).getByText("Trukket tilbake").waitFor();
    await app.close();
  });

  it("shows machines and strangers as what they are", async () => {
    await connected();
    const app = await AgentApp.signIn(stage.browser);
    await app.goto("/app/inbox/all");
    const subject = unique("Automatisk svar");
    await stage.mail.deliver({
      from: "Ola Borte <ola@annet.example>",
      subject,
      text: "Jeg er på ferie.",
      headers: { "Auto-Submitted": "auto-replied" },
    });
    const row = app.page.locator(".row.idle", { hasText: subject });
    await row.click();
    await app.page.locator(".message.automatic", { hasText: "Fraværsmelding" }).waitFor();
    await app.page.getByRole("button", { name: "Ubekreftet avsender" }).focus();
    await app.page.getByText(/Vi kan ikke vite om e-posten virkelig kom/).waitFor();
    await app.close();
  });
});

describe("mail for everybody", () => {
  it.each([
    ["light", { colorScheme: "light" as const }],
    ["dark", { colorScheme: "dark" as const }],
    ["on a small phone", { viewport: { width: 320, height: 640 } }],
  ])("axe finds nothing and nothing scrolls sideways, %s", async (_, options) => {
    await connected();
    const app = await AgentApp.signIn(stage.browser, { reducedMotion: "reduce", ...options });
    const { page } = app;
    const width = () =>
      page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    await app.goto("/app/inbox/all");
    const subject = unique("For alle");
    await mailed(
      subject,
      "En kunde med et svært langt navn som aldri tar slutt <en.svaert.lang.adresse.uten.slutt@trygg.example>",
    );
    await app.row(subject).click();
    await page.locator(".message.mail").first().waitFor();
    await page.locator(".mail-line").first().click();
    await page.locator(".folded-button").first().click();
    await page.getByRole("button", { name: "Vis formatert" }).click();
    await page.locator(".mail-frame").waitFor();
    await page.getByRole("button", { name: "Kopi", exact: true }).click();
    await page.getByRole("button", { name: "Emne", exact: true }).click();
    await page.getByLabel("Kopi", { exact: true }).fill("feil, per@postkasse.example,");
    await page.getByLabel("Kopi", { exact: true }).press("Enter");
    await page.getByText("feil er ingen e-postadresse.").waitFor();
    expect(await violations(page)).toEqual([]);
    expect(await width()).toBe(0);
    await page.getByRole("button", { name: "Fjern feil" }).click();
    await app.text.fill("Hei");
    await page.getByText("Kladden er lagret").waitFor();
    await page.getByRole("button", { name: "Andre måter å sende på" }).click();
    await page.locator(".popover").waitFor();
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await app.goto("/app/settings/mailboxes");
    await page.locator(".mailbox").waitFor();
    expect(await violations(page)).toEqual([]);
    expect(await width()).toBe(0);
    await page.getByRole("button", { name: "Endre" }).click();
    await page.getByText("Mer", { exact: true }).click();
    expect(await violations(page)).toEqual([]);
    expect(await width()).toBe(0);
    await app.close();
  });
});
