// Messenger and the Facebook page in a real browser, with the stand-in for Meta: set up, a question, its time, an answer,
// read; outside the time; a comment, a public answer without personal data, a private one.
import axe from "axe-core";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AgentApp } from "./agent_app";
import { Graph } from "./graph";
import { Agent, launch, until } from "./harness";

interface PageView {
  id: string;
  kind: string;
  version: number;
}

const HOUR = 3_600_000;
const stage = {} as { browser: Awaited<ReturnType<typeof launch>>; agent: Agent; graph: Graph };

beforeAll(async () => {
  [stage.browser, stage.agent, stage.graph] = await Promise.all([launch(), Agent.signIn(), Graph.start()]);
});
afterAll(async () => {
  const { pages, apps } = await stage.agent.call<{ pages: PageView[]; apps: { id: string }[] }>("GET", "/meta");
  for (const page of pages) await stage.agent.call("DELETE", `/meta/pages/${page.id}`);
  for (const app of apps) await stage.agent.call("DELETE", `/meta/apps/${app.id}`);
  await stage.browser?.close();
  await stage.graph?.stop();
});

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const { axe: tool } = window as unknown as { axe: typeof axe };
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    const result = await tool.run(document, { runOnly: tags, iframes: false });
    return result.violations.flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.html.slice(0, 300)}`));
  });
}

/** Light and dark, wide and as narrow as a small phone; the page fits and nothing is hard to read. */
async function everywhere(page: Page, name: string): Promise<void> {
  for (const [scheme, width] of [
    ["light", 1280],
    ["dark", 1280],
    ["light", 320],
  ] as const) {
    await page.evaluate((theme) => document.documentElement.setAttribute("data-theme", theme), scheme);
    await page.setViewportSize({ width, height: 800 });
    const shots = process.env.SVARDESK_SHOTS;
    if (shots) await page.screenshot({ path: `${shots}/${name}-${scheme}-${width}.png` });
    expect(await violations(page), `${name} ${scheme} ${width}`).toEqual([]);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(wide, `${name} ${width}`).toBeLessThanOrEqual(0);
  }
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.evaluate(() => document.documentElement.setAttribute("data-theme", "light"));
}

/** A page that works: the one of the first test, or, when a test runs alone, one that is made here. */
async function connected(): Promise<void> {
  const { pages } = await stage.agent.call<{ pages: PageView[] }>("GET", "/meta");
  if (pages.length) return;
  const { told } = stage.graph;
  const app = await stage.agent.call<{ id: string; addresses: { webhook: string } }>("POST", "/meta/apps", {
    ...{ name: "Kundeservice", app_id: told.app_id, app_secret: told.app_secret, graph_url: told.url },
  });
  await stage.graph.control("connect", { url: app.addresses.webhook });
  await stage.agent.call("POST", `/meta/apps/${app.id}/pages`, { page_id: told.page_id, page_token: told.page_token });
}

describe("Messenger and Facebook", () => {
  it("are set up by an owner, step by step, and told that they work", async () => {
    const { graph } = stage;
    const app = await AgentApp.signIn(stage.browser, { reducedMotion: "reduce" });
    const { page } = app;
    await app.goto("/app/settings/meta");
    await page.getByLabel("App-ID", { exact: true }).fill(graph.told.app_id);
    await page.getByLabel("Apphemmelighet").fill(graph.told.app_secret);
    await page.getByText("Mer", { exact: true }).click();
    await page.getByLabel("Adressen til Graph API").fill(graph.told.url);
    await page.getByRole("button", { name: "Lagre og gå videre" }).click();
    // What is pasted at Meta stands there to be copied.
    const webhook = await page.locator(".once", { hasText: "Callback-adresse" }).locator("code").textContent();
    const verify = await page.locator(".once", { hasText: "Verifiseringskode" }).locator("code").textContent();
    const verified = await graph.control<{ verified: boolean }>("verify", { url: webhook, verify_token: verify });
    expect(verified.verified).toBe(true);
    await graph.control("connect", { url: webhook });
    await page.getByText("Har du et sidetoken fra før?").click();
    await page.getByLabel("Side-ID").fill(graph.told.page_id);
    await page.getByLabel("Sidetoken").fill("feil token, dessverre");
    await page.getByRole("button", { name: "Koble til", exact: true }).click();
    await page.getByText("Meta gir oss ikke siden med dette tokenet.").waitFor();
    await page.getByLabel("Sidetoken").fill(graph.told.page_token);
    await page.getByRole("button", { name: "Koble til", exact: true }).click();
    const card = page.locator(".mailbox", { hasText: graph.told.page_name });
    await card.locator(".box-status.works").waitFor();
    await card.getByRole("button", { name: "Test forbindelsen" }).click();
    await card.getByText("Meta sender oss alt fra siden.").waitFor();
    await everywhere(page, "settings");
    // What people see before they write goes to Meta and is read from there.
    await card.getByText("Det kunden ser før den første meldingen").click();
    await card.getByRole("button", { name: "Foreslå en hilsen" }).click();
    await card.getByText("Hei, Kari!").waitFor();
    await everywhere(page, "profile");
    await card.getByRole("button", { name: "Lagre hos Meta" }).click();
    await page.getByText("Lagret hos Meta").waitFor();
    expect(app.complaints).toEqual([]);
    await app.close();
  });

  it("a question comes in with its time, is answered, read, and reacted to", async () => {
    await connected();
    const { graph } = stage;
    const kari = await graph.person("Kari Nordmann");
    const asked = await graph.control<{ mid: string }>("writes", { psid: kari, text: "Når kommer pakken min?" });
    const app = await AgentApp.signIn(stage.browser, { reducedMotion: "reduce" });
    const { page } = app;
    await app.goto("/app/inbox/all");
    await app.row("Når kommer pakken min?").click();
    await page.locator(".window-clock.free", { hasText: /Fritt svar i 23 t \d+ min|Fritt svar i 1 d/ }).waitFor();
    await app.answer("Den kommer i morgen.");
    expect((await graph.sent(kari, "Den kommer i morgen.")).text).toBe("Den kommer i morgen.");
    await graph.control("reads", { psid: kari });
    await app.message("Den kommer i morgen.").locator(".state.read").waitFor();
    await graph.control("edits", { mid: asked.mid, text: "Når kommer den røde pakken min?" });
    await app.message("den røde pakken").getByRole("button", { name: "redigert" }).click();
    await page.locator(".edits", { hasText: "Når kommer pakken min?" }).waitFor();
    await graph.control("reacts", { psid: kari, mid: asked.mid, emoji: "❤️" });
    await page.locator(".reactions", { hasText: "❤️" }).waitFor();
    await graph.control("answered_elsewhere", { psid: kari, text: "Hei fra telefonen" });
    await app
      .message("Hei fra telefonen")
      .getByText(/Sendt fra/)
      .waitFor();
    await everywhere(page, "messenger");
    // Another program has the conversation until somebody here takes it over.
    await graph.control("owner", { psid: kari, app_id: "263902037430900" });
    await page.getByText("Meta Business Suite har samtalen.").waitFor();
    await everywhere(page, "standby");
    // Meta gives it only to the page's default app.
    await page.getByRole("button", { name: "Overta samtalen" }).click();
    await page.getByText("Det andre programmet gir ikke fra seg samtalen.").waitFor();
    await graph.control("set_page", { default_app: graph.told.app_id });
    await page.getByRole("button", { name: "Overta samtalen" }).click();
    await page.getByText("Svardesk har samtalen igjen").waitFor();
    await page.getByText("Meta Business Suite har samtalen.").waitFor({ state: "detached" });
    expect(app.complaints).toEqual([]);
    await app.close();
  });

  it("a question that is too old says so before anybody types", async () => {
    await connected();
    const { graph } = stage;
    const ola = await graph.person("Ola Hansen");
    await graph.control("writes", { psid: ola, text: "Er dere der?", at: Date.now() - 30 * HOUR });
    const app = await AgentApp.signIn(stage.browser, { reducedMotion: "reduce" });
    const { page } = app;
    await app.goto("/app/inbox/all");
    await app.row("Er dere der?").click();
    await page.locator(".window-clock.closed").waitFor();
    await page.getByText("Det er for lenge siden kunden skrev til at vi kan svare her.").waitFor();
    expect(await page.getByRole("button", { name: "Svar", exact: true }).isDisabled()).toBe(true);
    await everywhere(page, "closed");
    // With Meta's permission a person may write for seven days.
    const { pages } = await stage.agent.call<{ pages: PageView[] }>("GET", "/meta");
    const messenger = pages.find((each) => each.kind === "messenger") as PageView;
    await stage.agent.call("PATCH", `/meta/pages/${messenger.id}`, { human_agent: true });
    await page.reload();
    await page.locator(".window-clock.people", { hasText: /Bare svar skrevet av deg, i 5 d/ }).waitFor();
    await page.getByRole("button", { name: "Svar", exact: true }).click();
    await app.answer("Ja, beklager at det tok tid.");
    await graph.sent(ola, "beklager at det tok tid");
    expect(await graph.read("misuse")).toEqual([]);
    await app.close();
  });

  it("a comment is answered in public without personal data, and in private once", async () => {
    await connected();
    const { graph } = stage;
    const liv = await graph.person("Liv Berg");
    const post = await graph.control<{ id: string }>("posts", { text: "Høstsalg hos oss hele uken" });
    await graph.control("comments", { post: post.id, psid: liv, text: "Hvor er pakken min?" });
    const app = await AgentApp.signIn(stage.browser, { reducedMotion: "reduce" });
    const { page } = app;
    await app.goto("/app/inbox/all");
    await app.row("Hvor er pakken min?").click();
    await page.locator(".post-card", { hasText: "Høstsalg hos oss hele uken" }).waitFor();
    await page.locator(".public-badge", { hasText: "Offentlig" }).waitFor();
    await app.text.fill("Hei! Er 13097248022 ditt nummer?");
    await page.getByText("Svaret er offentlig. Ta ut dette før du sender:").waitFor();
    expect(await page.getByRole("button", { name: "Send", exact: true }).isDisabled()).toBe(true);
    await everywhere(page, "comment");
    await page.getByRole("button", { name: /Ta ut: Fødselsnummer/ }).click();
    await page.locator(".found-data").waitFor({ state: "detached" });
    await app.text.fill("Hei! Vi svarer deg på Messenger.");
    await app.text.press("Control+Enter");
    const comment = app.message("Hvor er pakken min?");
    await until("the public answer at the page", async () =>
      JSON.stringify(await graph.read("state")).includes("Vi svarer deg på Messenger.") ? true : undefined,
    );
    await comment.getByRole("button", { name: "Svar privat" }).click();
    await page.locator(".target-line.privately").waitFor();
    await app.text.fill("Hei Liv, hva er ordrenummeret?");
    await app.text.press("Control+Enter");
    await until("the private reply", async () =>
      JSON.stringify(await graph.read("sent")).includes("hva er ordrenummeret?") ? true : undefined,
    );
    await comment.getByText("Privat svar er sendt").waitFor();
    await page.getByRole("link", { name: "Samtalen fortsetter på Messenger" }).first().click();
    await app.message("Hei Liv, hva er ordrenummeret?").waitFor();
    await page.getByRole("link", { name: "Svar på en kommentar på Facebook" }).waitFor();
    // What needs no answer is set aside by one key, and nobody waits.
    await graph.control("comments", {
      post: post.id,
      psid: await graph.person("Per Dal"),
      text: "Har dere åpent på søndag?",
    });
    await app.goto("/app/inbox/all");
    await app.row("Har dere åpent på søndag?").click();
    await page.locator("article.comment.open", { hasText: "Har dere åpent på søndag?" }).press("n");
    await page.locator("article.comment:not(.open)", { hasText: "Har dere åpent på søndag?" }).waitFor();
    expect(app.complaints).toEqual([]);
    await app.close();
  });
});
