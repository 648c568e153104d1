// One person in two conversations: agents are asked, merge, and take it back, each seeing at once what the other does.
import { createHmac } from "node:crypto";
import axe from "axe-core";
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { AgentApp } from "./agent_app";
import { desk, prepare, unique, until } from "./harness";

const stage = prepare();

/** A visitor without a browser: what the widget's frame would send. */
class Guest {
  private constructor(readonly token: string) {}

  static async come(userToken?: string): Promise<Guest> {
    const body = { widget: stage.widget.key, parent: stage.shop.origin, locale: "nb", user_token: userToken };
    const opened = await Guest.send("session", body);
    return new Guest(opened.visitor_token as string);
  }

  write(body: string): Promise<unknown> {
    return Guest.send("messages", { client_id: crypto.randomUUID(), body }, this.token);
  }

  leaveAddress(email: string): Promise<unknown> {
    return Guest.send("address", { email }, this.token);
  }

  private static async send(path: string, body: object, token?: string): Promise<Record<string, unknown>> {
    const response = await fetch(`${desk().url}/widget/v1/${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...(token ? { Authorization: `Bearer ${token}` } : {}) },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
    return text ? JSON.parse(text) : {};
  }
}

/** What a shop's server signs. */
async function signed(claims: object): Promise<string> {
  const secret = await stage.agent.secret(stage.widget);
  const now = Math.floor(Date.now() / 1000);
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const body = `${part({ alg: "HS256", typ: "JWT" })}.${part({ aud: stage.widget.key, iat: now, exp: now + 600, ...claims })}`;
  return `${body}.${createHmac("sha256", secret).update(body).digest("base64url")}`;
}

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const { axe: tool } = window as unknown as { axe: typeof axe };
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    const result = await tool.run(document, { runOnly: tags });
    return result.violations.flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.html.slice(0, 300)}`));
  });
}

it("a suggestion turns up live, is put aside and back, merged, seen by a colleague and undone by her", async () => {
  const name = unique("Kari Vik");
  const email = `kari-${Date.now()}@vik.example`;
  const [known, asked] = [unique("Hvor er pakken min?"), unique("Hei, det er meg igjen")];
  const customer = await Guest.come(await signed({ sub: unique("kunde"), name, email }));
  await customer.write(known);
  const guest = await Guest.come();
  await guest.write(asked);
  const first = await stage.agent.conversation(known);
  const second = await stage.agent.conversation(asked);
  const wide = { viewport: { width: 1500, height: 900 }, reducedMotion: "reduce" as const };
  const eva = await AgentApp.signIn(stage.browser, wide);
  const colleague = await AgentApp.signIn(stage.browser, wide);
  for (const app of [eva, colleague]) {
    await app.goto(`/app/inbox/all/${second.id}`);
    await app.message(asked).waitFor();
  }
  const panel = (app: AgentApp) => app.page.getByRole("complementary", { name: "Kundepanel" });
  const maybe = (app: AgentApp) => panel(app).getByText("Kan være samme person som");
  expect(await maybe(eva).count()).toBe(0);

  await guest.leaveAddress(email);
  for (const app of [eva, colleague]) {
    await maybe(app).waitFor();
    await panel(app).getByText(`Samme e-postadresse, men ikke bekreftet for begge: ${email}`).waitFor();
  }
  expect(await violations(eva.page)).toEqual([]);

  await panel(eva).getByRole("button", { name: "Ikke samme person" }).click();
  await maybe(eva).waitFor({ state: "detached" });
  await maybe(colleague).waitFor({ state: "detached" });
  await eva.page.getByRole("status").getByRole("button", { name: "Angre" }).click();
  await maybe(colleague).waitFor();

  await maybe(eva).waitFor();
  await panel(eva).getByRole("button", { name: "Slå sammen" }).click();
  for (const app of [eva, colleague]) {
    await panel(app).getByText(`Slått sammen med ${name} av Eva Eier`).waitFor();
    await panel(app).getByRole("heading", { name }).waitFor();
    await app.row(asked).getByText(name).waitFor();
    await panel(app).getByRole("link", { name: known }).waitFor();
    await maybe(app).waitFor({ state: "detached" });
  }
  expect(await panel(eva).locator(".identities li").count(), "the address once, and both browsers").toBe(3);
  expect(await violations(eva.page)).toEqual([]);

  await panel(colleague)
    .getByRole("button", { name: `Angre sammenslåingen med ${name}` })
    .click();
  for (const app of [eva, colleague]) {
    await panel(app).getByRole("heading", { name: "Ukjent besøkende" }).waitFor();
    await app.row(asked).getByText("Ukjent besøkende").waitFor();
    await panel(app).getByText("Ingen tidligere samtaler.").waitFor();
    expect(await maybe(app).count(), "nobody is asked again").toBe(0);
  }
  const fresh = await until("both to be as before", async () => {
    const rows = await Promise.all(
      [first, second].map(({ id }) => stage.agent.call<Opened>("GET", `/conversations/${id}`)),
    );
    return rows.map(({ contact }) => [contact.id, contact.name]);
  });
  expect(fresh).toEqual([
    [first.contact.id, name],
    [second.contact.id, null],
  ]);
  expect([...eva.complaints, ...colleague.complaints]).toEqual([]);
  await Promise.all([eva.close(), colleague.close()]);
});

interface Opened {
  contact: { id: string; name: string | null };
}
