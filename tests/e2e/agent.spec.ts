// The agent app in a real browser, against a real desk, with real visitors in the widget.
import { describe, expect, it } from "vitest";
import { AgentApp, totp } from "./agent_app";
import { prepare, unique, until, Visitor } from "./harness";

const stage = prepare();

/** A visitor who has written `text`, and the conversation that came of it. */
async function written(text: string) {
  const visitor = await Visitor.chatting(stage.browser, stage.address);
  await visitor.write(text);
  return { visitor, row: await stage.agent.conversation(text) };
}

/** A colleague who came by an invitation link, through the page that it opens. */
async function invited(name: string, role = "agent"): Promise<AgentApp> {
  const email = `${name.split(" ")[0]?.toLowerCase()}-${Date.now()}@prove.example`;
  const { url } = await stage.agent.call<{ url: string }>("POST", "/invitations", { email, role, team_ids: [] });
  const app = await AgentApp.open(stage.browser, new URL(url).pathname);
  await app.page.getByRole("heading", { name: "Velkommen til Prøvehuset" }).waitFor();
  expect(await app.page.getByText(email).count()).toBe(1);
  await app.page.getByLabel("Navn").fill(name);
  await app.page.getByLabel("Velg passord").fill("fire ord på rad 1905");
  await app.page.getByRole("button", { name: "Bli med" }).click();
  await app.page.getByRole("heading", { name: "Mine", exact: true }).waitFor();
  return app;
}

describe("the first conversation", () => {
  it("a visitor writes, an agent sees it at once and answers, the visitor reads it", async () => {
    const app = await AgentApp.signIn(stage.browser);
    await app.goto("/app/inbox/unassigned");
    await app.page.getByRole("heading", { name: "Ikke tildelt" }).waitFor();
    const question = unique("Hei, passer ruteren?");
    const { visitor } = await written(question);
    await app.row(question).click();
    await app.message(question).waitFor();

    await visitor.chat.locator("#text").pressSequentially("mer", { delay: 20 });
    await app.page.getByText("skriver …").waitFor();
    await visitor.chat.locator("#text").fill("");

    const answer = unique("Ja, den passer.");
    await app.answer(answer);
    await app.message(answer).waitFor();
    await visitor.sees(`> ${question}`, `< ${answer}`);
    await app.message(answer).getByText("Lest").waitFor();
    expect(await app.text.inputValue()).toBe("");
    expect(app.complaints).toEqual([]);
    await Promise.all([app.close(), visitor.close()]);
  });

  it("counts what is new and marks it read once it has been seen", async () => {
    const app = await AgentApp.signIn(stage.browser);
    await app.goto("/app/inbox/all");
    const question = unique("Er noen der?");
    const { visitor, row } = await written(question);
    await app.page.locator(".row.unread", { hasText: question }).waitFor();
    await app.row(question).click();
    await app.message(question).waitFor();
    await until(
      "the row to be read",
      async () => (await app.page.locator(".row.unread", { hasText: question }).count()) === 0 || undefined,
    );
    // The row is read on the screen first; the desk is told right after.
    await until("the desk to know it", async () => {
      const { conversation } = await stage.agent.call<{ conversation: { read_seq: number } }>(
        "GET",
        `/conversations/${row.id}`,
      );
      return conversation.read_seq > 0 || undefined;
    });
    await Promise.all([app.close(), visitor.close()]);
  });
});

describe("the line", () => {
  it("an answer written without a network waits, survives a reload and goes out once", async () => {
    const question = unique("Når kommer teknikeren?");
    const { visitor, row } = await written(question);
    const app = await AgentApp.signIn(stage.browser);
    await app.goto(`/app/inbox/all/${row.id}`);
    await app.message(question).waitFor();
    await app.cutLine();
    await app.page.getByText("Ingen kontakt med serveren.").waitFor();
    const answer = unique("I morgen mellom 8 og 12.");
    await app.answer(answer);
    await app.page.locator(".message.pending", { hasText: answer }).getByText("Venter på nett").waitFor();
    // The tab dies with the answer in it.
    await app.page.close();
    const page = await app.tab(`/app/inbox/all/${row.id}`);
    await page
      .locator(".message", { hasText: answer })
      .getByText("Sendt")
      .or(page.locator(".message", { hasText: answer }).getByText("Levert"))
      .or(page.locator(".message", { hasText: answer }).getByText("Lest"))
      .waitFor();
    await visitor.sees(`> ${question}`, `< ${answer}`);
    const said = await stage.agent.messages(row.id);
    expect(said.filter((message) => message.body === answer).length).toBe(1);
    await Promise.all([app.close(), visitor.close()]);
  });

  it("catches up by itself after a cut and says what it fetched", async () => {
    const question = unique("Hallo?");
    const { visitor, row } = await written(question);
    const app = await AgentApp.signIn(stage.browser);
    await app.goto(`/app/inbox/all/${row.id}`);
    await app.message(question).waitFor();
    await app.cutLine();
    await app.page.getByText("Det du ser, kan være gammelt.").waitFor();
    const more = unique("Hører dere meg?");
    await visitor.write(more);
    await until("the desk to have it", async () => (await stage.agent.messages(row.id)).find((m) => m.body === more));
    await app.mendLine();
    await app.message(more).waitFor();
    await app.row(more).waitFor();
    await app.page.getByText(/Tilbake på nett\. .*(hentet|tapt)/).waitFor();
    await Promise.all([app.close(), visitor.close()]);
  });

  it("never lets an answer out on a stale view without saying so", async () => {
    const question = unique("Koster det noe?");
    const { visitor, row } = await written(question);
    const app = await AgentApp.signIn(stage.browser);
    await app.goto(`/app/inbox/all/${row.id}`);
    await app.message(question).waitFor();
    await app.cutLine();
    const answer = unique("Nei, det er gratis.");
    await app.answer(answer);
    const change = unique("Glem det, jeg fant det ut selv");
    await visitor.write(change);
    await until("the desk to have it", async () => (await stage.agent.messages(row.id)).find((m) => m.body === change));
    await app.mendLine();
    const held = app.page.locator(".message.pending", { hasText: answer });
    await held.getByText("Les det før du sender.").waitFor();
    expect((await stage.agent.messages(row.id)).some((message) => message.body === answer)).toBe(false);
    await held.getByRole("button", { name: "Rediger" }).click();
    expect(await app.text.inputValue()).toBe(answer);
    await app.answer(unique("Så bra!"));
    await until("the answer", async () =>
      (await stage.agent.messages(row.id)).some((m) => m.body.startsWith("Så bra!")) ? true : undefined,
    );
    await Promise.all([app.close(), visitor.close()]);
  });
});

describe("colleagues", () => {
  it("see each other, are warned of double answers, and can be mentioned", async () => {
    const question = unique("Jeg vil flytte abonnementet");
    const { visitor, row } = await written(question);
    const eva = await AgentApp.signIn(stage.browser);
    const kari = await invited("Kari Kollega");
    await Promise.all([eva.goto(`/app/inbox/all/${row.id}`), kari.goto(`/app/inbox/all/${row.id}`)]);
    await Promise.all([eva.message(question).waitFor(), kari.message(question).waitFor()]);

    await kari.text.pressSequentially("Hei, det ordner vi", { delay: 5 });
    await eva.page.getByText("Kari Kollega svarer kunden nå.").waitFor();

    await eva.answer("Jeg svarer også");
    const held = eva.page.locator(".message.pending", { hasText: "Jeg svarer også" });
    await held.getByText("Kari Kollega svarer kunden akkurat nå.").waitFor();
    await held.getByRole("button", { name: "Forkast" }).click();
    await kari.text.press("Control+Enter");
    await eva.message("Hei, det ordner vi").waitFor();

    await kari.goto("/app/settings/profile");
    await eva.page.getByRole("button", { name: "Internt notat" }).click();
    await eva.text.pressSequentially("Kan du ta resten, @Kar", { delay: 5 });
    await eva.page.getByRole("option", { name: "Kari Kollega" }).waitFor();
    await eva.text.press("Enter");
    expect(await eva.text.inputValue()).toBe("Kan du ta resten, @Kari Kollega ");
    await eva.text.press("Control+Enter");
    await kari.page.getByText("en kollega har nevnt deg i et notat").waitFor();
    await kari.page.getByRole("button", { name: "Åpne", exact: true }).click();
    await kari.page.locator(".message.note .mention", { hasText: "@Kari Kollega" }).waitFor();
    await visitor.sees(`> ${question}`, "< Hei, det ordner vi");
    expect([...eva.complaints, ...kari.complaints]).toEqual([]);
    await Promise.all([eva.close(), kari.close(), visitor.close()]);
  });

  it("an observer reads and cannot write", async () => {
    const { visitor, row } = await written(unique("Hei"));
    const app = await invited("Olav Observatør", "observer");
    await app.goto(`/app/inbox/all/${row.id}`);
    await app.page.getByText("Du kan lese samtalen, men ikke svare.").waitFor();
    expect(await app.text.count()).toBe(0);
    expect(await app.page.getByRole("button", { name: "Avslutt" }).count()).toBe(0);
    await Promise.all([app.close(), visitor.close()]);
  });
});

describe("the work on a conversation", () => {
  it("is done with the keyboard alone: take, tag, snooze, close, open again", async () => {
    const tag = unique("Frakt");
    await stage.agent.call("POST", "/tags", { name: tag, colour: "blue" });
    const question = unique("Hvor er pakken?");
    const { visitor, row } = await written(question);
    const app = await AgentApp.signIn(stage.browser);
    await app.goto(`/app/inbox/unassigned/${row.id}`);
    await app.message(question).waitFor();
    const { keyboard } = app.page;
    await app.page.locator(".messages").focus();
    await keyboard.press("i");
    await app.page.getByText("Eva Eier tok samtalen").waitFor();
    expect(await app.row(question).count()).toBe(0);
    await keyboard.press("t");
    await keyboard.type(tag);
    await keyboard.press("Enter");
    await app.page.locator(".thread-head .chip", { hasText: tag }).waitFor();
    await keyboard.press("Escape");
    await keyboard.press("s");
    await app.page.getByRole("menuitem", { name: /^I morgen\s*08:00$/ }).waitFor();
    await keyboard.press("i");
    await keyboard.press("ArrowDown");
    await keyboard.press("Escape");
    await keyboard.press("s");
    await app.page.getByRole("menuitem", { name: /^I morgen/ }).press("Enter");
    await app.page.locator(".thread-head .status", { hasText: "Utsatt til i morgen kl. 08:00" }).waitFor();
    await keyboard.press("e");
    await app.page.locator(".thread-head .status", { hasText: "Avsluttet" }).waitFor();
    await keyboard.press("e");
    await app.page.locator(".thread-head .status", { hasText: "Åpen" }).waitFor();
    const fresh = await stage.agent.call<{ conversation: { status: string; tags: string[] } }>(
      "GET",
      `/conversations/${row.id}`,
    );
    expect([fresh.conversation.status, fresh.conversation.tags.length]).toEqual(["open", 1]);
    expect(app.complaints).toEqual([]);
    await Promise.all([app.close(), visitor.close()]);
  });

  it("keeps a draft on the server and shows it at the next desk", async () => {
    const { visitor, row } = await written(unique("Hei"));
    const app = await AgentApp.signIn(stage.browser);
    await app.goto(`/app/inbox/all/${row.id}`);
    await app.text.waitFor();
    await app.text.fill("Halvferdig svar");
    await app.page.getByText("Kladden er lagret").waitFor();
    const other = await AgentApp.signIn(stage.browser);
    await other.goto(`/app/inbox/all/${row.id}`);
    await until("the draft", async () =>
      (await other.text.inputValue().catch(() => "")) === "Halvferdig svar" ? true : undefined,
    );
    await Promise.all([app.close(), other.close(), visitor.close()]);
  });

  it("keeps a draft that another window went on with, and none of what was sent without a network", async () => {
    const { visitor, row } = await written(unique("Hei"));
    const draft = async () =>
      (await stage.agent.call<{ draft: { body: string } | null }>("GET", `/conversations/${row.id}`)).draft;
    const app = await AgentApp.signIn(stage.browser);
    await app.goto(`/app/inbox/all/${row.id}`);
    await app.text.waitFor();
    await app.text.fill("Dette vinduet skriver");
    const elsewhere = { kind: "answer", body: "Det andre vinduet var først", file_ids: [], version: 0 };
    await stage.agent.call("PUT", `/conversations/${row.id}/draft`, elsewhere);
    await app.page.getByText("Kladden er lagret").waitFor();
    expect((await draft())?.body).toBe("Dette vinduet skriver");

    await app.cutLine();
    await app.text.press("Control+Enter");
    await app.page.locator(".message.pending").waitFor();
    expect((await draft())?.body).toBe("Dette vinduet skriver");
    await app.mendLine();
    await until("the draft to go", async () => ((await draft()) === null ? true : undefined));
    expect((await stage.agent.messages(row.id)).filter(({ body }) => body === "Dette vinduet skriver")).toHaveLength(1);
    await app.page.reload();
    await app.message("Dette vinduet skriver").waitFor();
    expect(await app.text.inputValue()).toBe("");
    await Promise.all([app.close(), visitor.close()]);
  });

  it("sends files, and shows pictures in place", async () => {
    const { visitor, row } = await written(unique("Har dere en brosjyre?"));
    const app = await AgentApp.signIn(stage.browser);
    await app.goto(`/app/inbox/all/${row.id}`);
    await app.text.waitFor();
    const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    await app.page.locator(".composer input[type=file]").setInputFiles([
      { name: "blå.png", mimeType: "image/png", buffer: Buffer.from(pixel, "base64") },
      { name: "priser.txt", mimeType: "text/plain", buffer: Buffer.from("Fiber 500: 599 kr") },
    ]);
    await app.page.locator(".upload", { hasText: "priser.txt" }).locator(".spinner").waitFor({ state: "detached" });
    await app.answer("Her er den");
    await app.page.locator(".attachment-image img[alt='blå.png']").waitFor();
    const drawn = await app.page.locator(".attachment-image img").evaluate(async (image: HTMLImageElement) => {
      await image.decode();
      return image.naturalWidth;
    });
    expect(drawn).toBe(1);
    const [said] = (await stage.agent.messages(row.id)).filter((message) => message.kind === "answer");
    expect(said?.attachments.map((file) => [file.name, file.size])).toEqual([
      ["blå.png", 70],
      ["priser.txt", 17],
    ]);
    await app.page.getByRole("button", { name: "Vis blå.png større" }).click();
    await app.page.getByRole("dialog", { name: "blå.png" }).waitFor();
    expect(app.complaints).toEqual([]);
    await Promise.all([app.close(), visitor.close()]);
  });
});

describe("finding", () => {
  it("finds words by their beginning, marks them, and opens the conversation", async () => {
    const mark = `fakturanummer${Date.now()}`;
    const { visitor, row } = await written(`Jeg har ${mark} foran meg`);
    const app = await AgentApp.signIn(stage.browser);
    await app.page.keyboard.press("/");
    await app.page.getByRole("searchbox").fill(mark.slice(0, -2));
    const hit = app.page.locator(".hit", { hasText: "foran meg" });
    await hit.locator("mark", { hasText: mark }).waitFor();
    await hit.click();
    await app.message(mark).waitFor();
    expect(new URL(app.page.url()).pathname).toBe(`/app/search/${row.id}`);
    await Promise.all([app.close(), visitor.close()]);
  });

  it("saves a filter as a view that everybody gets", async () => {
    const name = unique("Chat uten eier");
    const app = await AgentApp.signIn(stage.browser);
    await app.goto("/app/inbox/unassigned");
    await app.page.getByRole("button", { name: "Filtrer" }).click();
    await app.page.getByLabel("Kanal").selectOption("webchat");
    await app.page.getByRole("button", { name: "Lagre som visning" }).click();
    await app.page.getByLabel("Navn på visningen").fill(name);
    await app.page.getByLabel("Del med alle").check();
    await app.page.getByRole("button", { name: "Lagre", exact: true }).click();
    await app.page.getByRole("heading", { name }).waitFor();
    const other = await invited("Siri Seer");
    await other.page.getByRole("link", { name }).click();
    await other.page.getByRole("heading", { name }).waitFor();
    await Promise.all([app.close(), other.close()]);
  });

  it("renames a view and gives it the filters that are tried in it", async () => {
    const { visitor } = await written(unique("Denne er åpen"));
    const [name, renamed] = [unique("Mitt syn"), unique("Vårt syn")];
    const app = await AgentApp.signIn(stage.browser);
    await app.goto("/app/inbox/closed");
    await app.page.getByRole("button", { name: "Filtrer" }).click();
    await app.page.getByRole("button", { name: "Lagre som visning" }).click();
    await app.page.getByLabel("Navn på visningen").fill(name);
    await app.page.getByRole("button", { name: "Lagre", exact: true }).click();
    await app.page.getByRole("heading", { name }).waitFor();
    expect(await app.row("Denne er åpen").count()).toBe(0);

    await app.page.getByRole("button", { name: "Valg for visningen" }).click();
    await app.page.getByRole("menuitem", { name: "Gi nytt navn" }).click();
    await app.page.getByLabel("Navn på visningen").fill(renamed);
    await app.page.getByRole("button", { name: "Lagre", exact: true }).click();
    await app.page.getByRole("heading", { name: renamed }).waitFor();
    await app.page.getByRole("link", { name: renamed }).waitFor();

    await app.page.getByRole("button", { name: "Filtrer" }).click();
    await app.page.getByLabel("Visning", { exact: true }).selectOption("Alle");
    await app.row("Denne er åpen").first().waitFor();
    await app.page.getByRole("button", { name: "Angre endringene" }).click();
    await app.page.getByRole("button", { name: "Angre endringene" }).waitFor({ state: "detached" });
    expect(await app.row("Denne er åpen").count()).toBe(0);
    await app.page.getByLabel("Visning", { exact: true }).selectOption("Alle");
    await app.page.getByRole("button", { name: "Oppdater visningen" }).click();
    await app.page.waitForURL((url) => url.search === "");
    await app.page.reload();
    await app.page.getByRole("heading", { name: renamed }).waitFor();
    await app.row("Denne er åpen").first().waitFor();
    expect(app.complaints).toEqual([]);
    await Promise.all([app.close(), visitor.close()]);
  });

  it("opens all conversations of a customer who was found, and comes back", async () => {
    const question = unique("Hvor er pakken?");
    const { visitor, row } = await written(question);
    const other = await written(unique("Noe helt annet"));
    const name = unique("Ragnhild Kveld");
    await stage.agent.call("PATCH", `/contacts/${row.contact.id}`, { name });
    const app = await AgentApp.signIn(stage.browser);
    await app.page.keyboard.press("/");
    await app.page.getByRole("searchbox").fill(name);
    await app.page.getByRole("link", { name }).click();
    await app.page.getByRole("heading", { level: 1, name }).waitFor();
    await app.row(question).click();
    await app.message(question).waitFor();
    expect(await app.page.locator(".list-pane .row").count()).toBe(1);
    expect(new URL(app.page.url()).searchParams.get("contact_id")).toBe(row.contact.id);
    const more = unique("Er dere der?");
    await visitor.write(more);
    await app.row(more).waitFor();
    await app.page.locator(".list-pane").getByRole("button", { name: "Tilbake" }).click();
    await app.page.getByRole("searchbox").waitFor();
    expect(await app.page.getByRole("searchbox").inputValue()).toBe(name);
    await app.goto(`/app/inbox/all?contact_id=${row.contact.id}`);
    await app.page.getByRole("heading", { level: 1, name }).waitFor();
    await Promise.all([app.close(), visitor.close(), other.visitor.close()]);
  });
});

describe("signing in", () => {
  it("takes a code after two-step sign-in was set up, and each code once", async () => {
    const app = await invited("Tore Totrinn");
    await app.goto("/app/settings/security");
    await app.page.getByRole("button", { name: "Slå på" }).click();
    const secret = (await app.page.locator("code.secret").textContent()) ?? "";
    const drawn = await app.page.locator("img.qr").evaluate(async (image: HTMLImageElement) => {
      await image.decode();
      return image.naturalWidth;
    });
    expect(drawn).toBeGreaterThan(20);
    await app.page.getByLabel("Kode").fill(totp(secret));
    await app.page.getByRole("button", { name: "Bekreft" }).click();
    await app.page.getByText("Reservekodene dine").waitFor();
    const codes = await app.page.locator(".codes code").allTextContents();
    expect(codes.length).toBe(10);
    const email = await app.page.evaluate(async () => (await (await fetch("/api/v1/session")).json()).agent.email);
    await app.page.getByRole("button", { name: /status og profil/ }).click();
    await app.page.getByRole("menuitem", { name: "Logg ut" }).click();
    await app.enter({ email, password: "fire ord på rad 1905" });
    await app.page.getByRole("heading", { name: "Bekreft at det er deg" }).waitFor();
    await app.page.getByLabel("Kode").fill("000000");
    await app.page.getByRole("button", { name: "Logg inn", exact: true }).click();
    await app.page.getByText("Koden er feil eller brukt.").waitFor();
    await app.page.getByLabel("Kode").fill(codes[0] ?? "");
    await app.page.getByRole("button", { name: "Logg inn", exact: true }).click();
    await app.page.getByRole("navigation", { name: "Hovedmeny" }).waitFor();
    await app.close();
  });

  it("says so when the password is wrong, and when the session has ended elsewhere", async () => {
    const wrong = await AgentApp.open(stage.browser);
    await wrong.enter({ email: "ingen@prove.example", password: "feil" });
    await wrong.page.getByText("E-postadressen eller passordet er feil.").waitFor();
    await wrong.close();

    const app = await invited("Rolf Reise");
    const other = await app.tab("/app/settings/security");
    await other.getByRole("button", { name: "Logg ut alle steder" }).click();
    await other.getByRole("heading", { name: "Logg inn" }).waitFor();
    await app.page.getByText("Du ble logget ut.").waitFor();
    await app.close();
  });

  it("sets a new password by a link", async () => {
    const app = await invited("Nina Nypassord");
    const id = await app.page.evaluate(async () => (await (await fetch("/api/v1/session")).json()).agent.id);
    const email = await app.page.evaluate(async () => (await (await fetch("/api/v1/session")).json()).agent.email);
    await app.close();
    const { url } = await stage.agent.call<{ url: string }>("POST", `/agents/${id}/password-reset`);
    const reset = await AgentApp.open(stage.browser, new URL(url).pathname);
    await reset.page.getByLabel("Nytt passord").fill("kort");
    await reset.page.getByLabel("Nytt passord").fill("helt nye ord i vinden 77");
    await reset.page.getByRole("button", { name: "Bytt passord" }).click();
    await reset.page.getByText("Passordet er byttet. Du kan logge inn.").waitFor();
    await reset.page.getByRole("link", { name: "Til pålogging" }).click();
    await reset.enter({ email, password: "helt nye ord i vinden 77" });
    await reset.page.getByRole("navigation", { name: "Hovedmeny" }).waitFor();
    await reset.close();
  });
});
