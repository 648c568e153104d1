// The widget in a shop on another origin, under a strict policy, against a real desk.
import { createHmac } from "node:crypto";
import type { Page, Request } from "playwright-core";
import { describe, expect, it } from "vitest";
import { type AgentSocket, prepare, unique, until, Visitor } from "./harness";

const stage = prepare();

/** Everything that a page and its frames have stored. */
async function stored(page: Page) {
  const inFrames = await Promise.all(
    page
      .frames()
      .map((frame) =>
        frame.evaluate(async () => [
          ...Object.keys(localStorage),
          ...Object.keys(sessionStorage),
          ...(await indexedDB.databases()).map((one) => one.name),
          ...(await caches.keys().catch(() => [])),
        ]),
      ),
  );
  return [...inFrames.flat(), ...(await page.context().cookies())];
}

describe("before it is opened", () => {
  it("nothing is stored and nothing fetched but the loader, whatever the page tells the widget", async () => {
    const context = await stage.browser.newContext();
    const requests: string[] = [];
    context.on("request", (request) => requests.push(new URL(request.url()).pathname));
    const code = `
      window.svardesk = function () { (svardesk.q = svardesk.q || []).push(arguments); };
      svardesk("setUser", "x.y.z"); svardesk("setAttributes", { plan: "fiber" }); svardesk("setLocale", "sv"); svardesk("reset");`;
    const visitor = await Visitor.visit(context, stage.shop.page(stage.widget, { code }));
    await visitor.page.mouse.wheel(0, 500);
    await visitor.page.evaluate(() => {
      dispatchEvent(new Event("online"));
      document.dispatchEvent(new Event("visibilitychange"));
    });
    await visitor.page.waitForTimeout(2_500); // longer than the loader's look at the address
    expect(requests.filter((path) => path !== "/favicon.ico")).toEqual(["/", "/settings.js", "/widget.js"]);
    expect(await stored(visitor.page)).toEqual([]);
    await visitor.close();
  });
});

describe("the first opening", () => {
  it("takes at most three requests, one socket and 25 kB with everything", async () => {
    const context = await stage.browser.newContext();
    const visitor = await Visitor.visit(context, stage.address);
    await visitor.page.waitForLoadState("networkidle");
    const requests: Request[] = [];
    const sockets: string[] = [];
    visitor.page.on("requestfinished", (request) => requests.push(request));
    visitor.page.on("websocket", (socket) => sockets.push(new URL(socket.url()).pathname));
    await visitor.open();
    await visitor.page.waitForLoadState("networkidle");
    const loader = await (
      await fetch(`${stage.shop.deskUrl}/widget.js`, { headers: { "Accept-Encoding": "gzip" } })
    ).arrayBuffer();
    const sizes = await Promise.all(
      requests.map(async (request) => [
        `${request.method()} ${new URL(request.url()).pathname}`,
        (await request.sizes()).responseBodySize,
      ]),
    );
    const total = sizes.reduce((sum, [, size]) => sum + (size as number), 0);
    console.warn(
      "first opening:",
      sizes.map(([name, size]) => `${name} ${size} B`).join(", "),
      `= ${total} B (limit 25000)`,
    );
    expect(loader.byteLength).toBeGreaterThan(1000);
    expect(requests.length).toBeLessThanOrEqual(3);
    expect(sockets).toEqual(["/widget/v1/socket"]);
    expect(total).toBeLessThanOrEqual(25_000);
    expect(total).toBeGreaterThan(15_000);
    await visitor.close();
  });

  it("breaks no policy, neither the shop's nor its own", async () => {
    const visitor = await Visitor.chatting(stage.browser, stage.address);
    await visitor.write("Hei");
    await visitor.chat.locator("#emoji").click();
    await visitor.state("Sendt");
    expect(visitor.complaints).toEqual([]);
    await visitor.close();
  });
});

describe("a conversation", () => {
  it("goes to the agent and back, with typing, states and receipts", async () => {
    const live: AgentSocket = await stage.agent.socket(stage.browser);
    const visitor = await Visitor.chatting(stage.browser, stage.address);
    const question = unique("Når kommer montøren?");
    await visitor.chat.locator("#text").pressSequentially("Når");
    await visitor.write(question);
    const row = await stage.agent.conversation(question);
    await visitor.state("Levert");
    await live.say({ t: "open", conversation_id: row.id });
    await visitor.chat.locator("#text").pressSequentially("og");
    await until("the visitor's typing", async () => live.frames.find((frame) => frame.t === "visitor_typing"));
    await visitor.chat.locator("#text").fill("");
    await live.say({ t: "typing", conversation_id: row.id });
    await visitor.chat.getByText("Eva skriver").waitFor();
    await stage.agent.call("PUT", `/conversations/${row.id}/read`, { seq: 1 });
    await visitor.state("Lest");
    await stage.agent.answer(row.id, "I morgen kl. 10. Se https://fjordnett.example/avtale.");
    await visitor.sees(`> ${question}`, "< I morgen kl. 10. Se https://fjordnett.example/avtale (åpnes i ny fane).");
    expect(await visitor.chat.locator(".body a").getAttribute("href")).toBe("https://fjordnett.example/avtale");
    expect(await visitor.chat.locator(".typing i").count()).toBe(0);
    await until("the agent's answer to be read", async () =>
      (await stage.agent.messages(row.id)).find((message) => message.kind === "answer" && message.state === "read"),
    );
    await stage.agent.change(row.id, { status: "closed" });
    await visitor.chat.getByText("Samtalen er avsluttet. Skriv gjerne igjen.").waitFor();
    await live.close();
    await visitor.close();
  });

  it("shows a badge while the chat is closed, and follows to the shop's next page", async () => {
    const visitor = await Visitor.chatting(stage.browser, stage.address);
    const question = unique("Har dere Havn 7?");
    await visitor.write(question);
    const row = await stage.agent.conversation(question);
    await visitor.chat.locator("#text").press("Escape");
    await stage.agent.answer(row.id, "Ja, 37 på lager.");
    const button = visitor.page.locator("svardesk-chat button");
    await until("the badge", async () =>
      (await button.getAttribute("aria-label")) === "Åpne chat. Uleste meldinger: 1" ? true : undefined,
    );
    await visitor.page.reload();
    await until("the badge on the next page", async () =>
      (await button.getAttribute("aria-label")) === "Åpne chat. Uleste meldinger: 1" ? true : undefined,
    );
    await visitor.open();
    await visitor.sees(`> ${question}`, "< Ja, 37 på lager.");
    await visitor.page.reload();
    await visitor.sees(`> ${question}`, "< Ja, 37 på lager."); // it was open, so it is open again
    await visitor.close();
  });

  it("shows earlier messages when asked to, and stays where the reader was", async () => {
    const visitor = await Visitor.chatting(stage.browser, stage.address);
    const first = unique("Det aller første");
    await visitor.write(first);
    const row = await stage.agent.conversation(first);
    for (let n = 1; n <= 60; n++) await stage.agent.answer(row.id, `Svar nummer ${n}`);
    await visitor.page.reload(); // the chat opens again by itself
    await visitor.ready();
    await visitor.chat.getByText("Svar nummer 60", { exact: true }).waitFor();
    expect((await visitor.said())[0]).toBe("< Svar nummer 11");
    const earlier = visitor.chat.getByRole("button", { name: "Vis tidligere meldinger" });
    const mark = visitor.chat.getByText("Svar nummer 11", { exact: true });
    await earlier.scrollIntoViewIfNeeded();
    const place = (await mark.boundingBox())?.y ?? 0;
    await earlier.press("Enter");
    await visitor.chat.getByText(first).waitFor();
    await earlier.waitFor({ state: "detached" });
    const said = await visitor.said();
    expect(said.length).toBe(61);
    expect([said[0], said[1], said[60]]).toEqual([`> ${first}`, "< Svar nummer 1", "< Svar nummer 60"]);
    // The button's own line has gone from above it, nothing else has moved.
    expect(Math.abs(((await mark.boundingBox())?.y ?? 0) - place)).toBeLessThan(60);
    expect(await visitor.chat.locator("#log").evaluate((log) => log === document.activeElement)).toBe(true);
    expect(visitor.complaints).toEqual([]);
    await visitor.close();
  });

  it("is one conversation in two tabs", async () => {
    const first = await Visitor.chatting(stage.browser, stage.address);
    const second = await Visitor.visit(first.page.context(), stage.address);
    await second.open();
    const [one, two] = [unique("fra den ene"), unique("fra den andre")];
    await first.write(one);
    await second.sees(`> ${one}`);
    await second.write(two);
    await first.sees(`> ${one}`, `> ${two}`);
    const row = await stage.agent.conversation(two);
    await stage.agent.answer(row.id, "Til begge.");
    for (const tab of [first, second]) await tab.sees(`> ${one}`, `> ${two}`, "< Til begge.");
    expect((await stage.agent.messages(row.id)).filter((message) => message.kind === "inbound")).toHaveLength(2);
    await first.close();
  });

  it("carries files, and says no before uploading what is too large or of a wrong kind", async () => {
    const visitor = await Visitor.chatting(stage.browser, stage.address);
    const uploads: string[] = [];
    visitor.page.on("request", (request) => request.url().endsWith("/widget/v1/files") && uploads.push(request.url()));
    const files = visitor.chat.locator("#files");
    await files.setInputFiles([{ name: "stor.pdf", mimeType: "application/pdf", buffer: Buffer.alloc(10_485_761) }]);
    await visitor.chat.getByText("«stor.pdf» er for stor. Hver fil kan være inntil 10 MB.").waitFor();
    await files.setInputFiles([{ name: "virus.exe", mimeType: "application/x-msdownload", buffer: Buffer.alloc(9) }]);
    await visitor.chat.getByText("Vi kan ikke ta imot «virus.exe».").waitFor();
    expect(uploads).toEqual([]);
    const png = Buffer.from(
      "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
      "base64",
    );
    await files.setInputFiles([{ name: "rødt lys.png", mimeType: "image/png", buffer: png }]);
    // Sent before its upload is through, a file would be uploaded again with the message.
    await visitor.chat.locator("li", { hasText: "rødt lys.png", hasNot: visitor.chat.locator("progress") }).waitFor();
    const text = unique("Ruteren lyser rødt");
    await visitor.write(text);
    const row = await stage.agent.conversation(text);
    const [message] = await stage.agent.messages(row.id);
    expect(message?.attachments).toMatchObject([{ name: "rødt lys.png", size: png.length, media_type: "image/png" }]);
    expect(uploads).toHaveLength(1);
    await until(
      "the picture",
      async () =>
        (await visitor.chat
          .locator("img")
          .evaluateAll((all) => all.some((one) => (one as HTMLImageElement).naturalWidth > 0))) || undefined,
    );
    await visitor.close();
  });
});

describe("without a line", () => {
  it("messages wait, survive a reload, and go out once and in order", async () => {
    const visitor = await Visitor.chatting(stage.browser, stage.address);
    const context = visitor.page.context();
    const first = unique("Før bruddet");
    await visitor.write(first);
    const row = await stage.agent.conversation(first);
    await context.setOffline(true);
    const waiting = [1, 2, 3].map((n) => unique(`Uten nett ${n}`));
    for (const text of waiting) await visitor.write(text);
    await visitor.chat.getByText("Du er ikke på nett.").waitFor();
    await visitor.state("Venter på nett");
    // The tab dies; the next one finds the page again but not yet the desk's interface.
    await visitor.page.close();
    await context.setOffline(false);
    await context.route("**/widget/v1/**", (route) => route.abort("internetdisconnected"));
    const next = await Visitor.visit(context, stage.address);
    await next.page.locator("svardesk-chat button").click();
    await next.chat.getByText("Vi får ikke kontakt akkurat nå, men prøver igjen.").waitFor();
    await next.sees(...waiting.map((text) => `> ${text}`));
    await context.unroute("**/widget/v1/**");
    await next.sees(...[first, ...waiting].map((text) => `> ${text}`));
    await next.state("Sendt");
    const got = (await stage.agent.messages(row.id)).filter((message) => message.kind === "inbound");
    expect(got.map((message) => message.body)).toEqual([first, ...waiting]);
    await next.close();
  });

  it("an answer that got lost on the way doubles nothing", async () => {
    const visitor = await Visitor.chatting(stage.browser, stage.address);
    let lost = 0;
    await visitor.page.route("**/widget/v1/messages", async (route) => {
      if (lost++ < 2) {
        await route.fetch();
        await route.abort("connectionreset");
      } else await route.continue();
    });
    const texts = [unique("Bare én gang"), unique("Og så denne")];
    for (const text of texts) await visitor.write(text);
    await visitor.sees(...texts.map((text) => `> ${text}`));
    const row = await stage.agent.conversation(texts[1] as string);
    expect((await stage.agent.messages(row.id)).map((message) => message.body)).toEqual(texts);
    expect(lost).toBeGreaterThanOrEqual(3);
    await visitor.close();
  });

  it("a refused message says so, can be tried again and be deleted", async () => {
    const visitor = await Visitor.chatting(stage.browser, stage.address);
    await visitor.page.route("**/widget/v1/messages", (route) =>
      route.fulfill({ status: 422, body: '{"error":{"code":"invalid","message":"No","fields":{}}}' }),
    );
    const [again, away] = [unique("Prøv meg igjen"), unique("Slett meg")];
    await visitor.write(again);
    await visitor.write(away);
    await until(
      "both to be refused",
      async () => (await visitor.chat.getByText("Ikke sendt").count()) === 2 || undefined,
    );
    await visitor.page.unroute("**/widget/v1/messages");
    await visitor.chat.locator(".bubble", { hasText: away }).getByText("Slett", { exact: true }).click();
    await visitor.chat.locator(".bubble", { hasText: again }).getByText("Prøv igjen").click();
    await visitor.state("Sendt");
    await visitor.sees(`> ${again}`);
    await visitor.close();
  });

  it("answers come by polling when sockets are blocked", async () => {
    const context = await stage.browser.newContext();
    await context.routeWebSocket(/widget\/v1\/socket/, (socket) => socket.close());
    const visitor = await Visitor.visit(context, stage.address);
    await visitor.open();
    const question = unique("Kommer jeg gjennom?");
    await visitor.write(question);
    const row = await stage.agent.conversation(question);
    await stage.agent.answer(row.id, "Ja.");
    await visitor.sees(`> ${question}`, "< Ja.");
    await visitor.close();
  });

  it("works where the browser refuses to store anything", async () => {
    const context = await stage.browser.newContext();
    await context.addInitScript(() => {
      const refuse = {
        get: () => {
          throw new DOMException("refused", "SecurityError");
        },
      };
      for (const name of ["localStorage", "sessionStorage", "indexedDB"]) Object.defineProperty(window, name, refuse);
      Object.defineProperty(navigator, "locks", refuse);
      (window as { BroadcastChannel?: unknown }).BroadcastChannel = () => {
        throw new DOMException("refused", "SecurityError");
      };
    });
    const visitor = await Visitor.visit(context, stage.address);
    await visitor.open();
    const question = unique("Uten lager");
    await visitor.write(question);
    const row = await stage.agent.conversation(question);
    await stage.agent.answer(row.id, "Går fint.");
    await visitor.sees(`> ${question}`, "< Går fint.");
    await visitor.close();
  });
});

describe("who it is", () => {
  const sign = (claims: object, secret: string) => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const body = `${part({ alg: "HS256", typ: "JWT" })}.${part(claims)}`;
    return `${body}.${createHmac("sha256", secret).update(body).digest("base64url")}`;
  };
  const token = (sub: string, secret: string, change: object = {}) => {
    const now = Math.floor(Date.now() / 1000);
    return sign({ sub, aud: stage.widget.key, iat: now, exp: now + 600, name: "Nora Nordmann", ...change }, secret);
  };
  const settings = (jwt: string) => ({ code: `window.svardeskSettings = { token: ${JSON.stringify(jwt)} };` });

  it("a signed visitor finds the conversation in another browser; an anonymous one and reset find nothing", async () => {
    const secret = await stage.agent.secret(stage.widget);
    const sub = unique("kunde");
    const first = await Visitor.chatting(stage.browser, stage.shop.page(stage.widget, settings(token(sub, secret))));
    const question = unique("Hvor er pakken min?");
    await first.write(question);
    const row = await stage.agent.conversation(question);
    expect(row.contact.name).toBe("Nora Nordmann");
    const elsewhere = await Visitor.chatting(
      stage.browser,
      stage.shop.page(stage.widget, settings(token(sub, secret))),
    );
    await elsewhere.sees(`> ${question}`);
    const other = await Visitor.chatting(
      stage.browser,
      stage.shop.page(stage.widget, settings(token(unique("annen"), secret))),
    );
    await other.sees();
    const nobody = await Visitor.chatting(stage.browser, stage.address);
    await nobody.sees();
    await elsewhere.page.evaluate(() => (window as unknown as { svardesk: { reset(): void } }).svardesk.reset());
    await until("the storage to be empty", async () =>
      (await stored(elsewhere.page)).filter((name) => /token|read|draft/.test(`${name}`)).length ? undefined : true,
    );
    await elsewhere.open();
    await elsewhere.sees();
    const again = unique("Ny samtale");
    await elsewhere.write(again);
    expect((await stage.agent.conversation(again)).id).not.toBe(row.id);
    await elsewhere.page.goto(stage.address);
    await elsewhere.sees(`> ${again}`);
    for (const visitor of [first, elsewhere, other, nobody]) await visitor.close();
  });

  it("a token that is not good is told to the page, and the chat goes on without", async () => {
    const secret = await stage.agent.secret(stage.widget);
    const bad = [
      token("a", "another secret"),
      token("a", secret, { aud: "another widget" }),
      token("a", secret, { exp: 1_700_000_000 }),
    ];
    for (const jwt of bad) {
      const visitor = await Visitor.visit(
        await stage.browser.newContext(),
        stage.shop.page(stage.widget, settings(jwt)),
      );
      const refused = visitor.page.evaluate(
        () =>
          new Promise((resolve) =>
            (
              window as unknown as { svardesk: { on(name: string, heard: (detail: unknown) => void): void } }
            ).svardesk.on("user_refused", resolve),
          ),
      );
      await visitor.open();
      expect(await refused).toMatchObject({ code: expect.stringMatching(/^user_token_/) });
      const text = unique("Likevel");
      await visitor.write(text);
      expect((await stage.agent.conversation(text)).contact.name).not.toBe("Nora Nordmann");
      await visitor.close();
    }
  });

  it("a site that is not on the list gets neither the chat nor a session", async () => {
    const elsewhere = await stage.agent.widget(["https://annen.example"]);
    const visitor = await Visitor.visit(await stage.browser.newContext(), stage.shop.page(elsewhere));
    await visitor.page.locator("svardesk-chat button").click();
    await visitor.chat.getByText("Chatten er ikke tilgjengelig på denne siden.").waitFor();
    const response = await fetch(`${stage.shop.deskUrl}/widget/v1/session`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Origin: stage.shop.deskUrl },
      body: JSON.stringify({
        widget: elsewhere.key,
        parent: stage.shop.origin,
        locale: "nb",
        page: { url: "", title: "" },
      }),
    });
    expect(response.status).toBe(403);
    expect((await response.json()).error.code).toBe("origin_refused");
    await visitor.close();
  });
});
