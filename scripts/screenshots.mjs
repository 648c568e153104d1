// Takes the README's pictures: node scripts/screenshots.mjs URL FOLDER EMAIL PASSWORD, against a desk that runs with its demo.
import { createRequire } from "node:module";

const { chromium } = createRequire(new URL("../web/package.json", import.meta.url))("playwright-core");
const [url, folder, email, password] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: process.env.SVARDESK_CHROMIUM || process.env.CHROMIUM || "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-dev-shm-usage", "--font-render-hinting=none"],
});
const locale = { locale: "nb-NO", timezoneId: "Europe/Oslo", reducedMotion: "reduce", deviceScaleFactor: 1.2 };
const MOST = 250_000; // bytes: a README is read on trains

async function take(page, name) {
  await page.evaluate(() => document.fonts.ready);
  await page.mouse.move(1, 1); // nothing is hovered over
  const { length } = await page.screenshot({ path: `${folder}/${name}.png` });
  process.stdout.write(`   ${name}.png, ${Math.round(length / 1000)} kB\n`);
  if (length > MOST) throw new Error(`${name}.png is heavier than ${MOST / 1000} kB`);
}

async function agent(options) {
  const context = await browser.newContext({ ...locale, viewport: { width: 1240, height: 720 }, ...options });
  const page = await context.newPage();
  await page.goto(`${url}/app/`);
  await page.getByLabel("E-post").fill(email);
  await page.getByLabel("Passord").fill(password);
  await page.getByRole("button", { name: "Logg inn", exact: true }).click();
  await page.locator(".sidebar").waitFor({ state: "attached" });
  return page;
}

async function open(page, name) {
  await page.goto(`${url}/app/inbox/all`);
  const row = page.locator(".row", { hasText: name }).first();
  await page.locator(".row").first().hover();
  // The list is virtual: what lies further down is drawn when it is scrolled to.
  for (let turn = 0; turn < 30 && (await row.count()) === 0; turn++) {
    await page.mouse.wheel(0, 400);
    await page.waitForTimeout(100);
  }
  await row.click();
  await page.locator(".message").first().waitFor();
  await page.waitForTimeout(600);
}

const shop = await (await browser.newContext({ ...locale, viewport: { width: 1240, height: 720 } })).newPage();
await shop.goto(`${url}/demo/shop`);
await shop.locator("svardesk-chat button").click();
const chat = shop.frameLocator("svardesk-chat iframe");
await chat.locator("#text").fill("Hei! Passer Fjell 55 på en vegg av gips?");
await chat.locator("#text").press("Enter");
await chat.getByText("Sendt").or(chat.getByText("Levert")).first().waitFor();

const light = await agent({ colorScheme: "light" });
await open(light, "Ola Hansen");
await take(light, "inbox");
await light.goto(`${url}/app/search?q=faktura`);
await light.locator(".hit").first().click();
await light.locator(".message").first().waitFor();
await take(light, "search");
await light.goto(`${url}/app/settings/widgets`);
await light.locator(".once").first().waitFor();
await take(light, "settings");

const dark = await agent({ colorScheme: "dark" });
await open(dark, "Fjell 55 på en vegg");
await dark.locator(".composer textarea").fill("Hei! Ja, med gipsplugger. Veggfestet må være av typen VESA 200.");
await dark.getByText("Kladden er lagret").waitFor();
await take(dark, "inbox-dark");
await dark.locator(".composer textarea").press("Control+Enter");
await chat.getByText("VESA 200").waitFor();
await shop.waitForTimeout(400);
await take(shop, "shop");
await shop.setViewportSize({ width: 390, height: 760 });
await shop.waitForTimeout(400);
await take(shop, "widget-phone");

const phone = await agent({ colorScheme: "light", viewport: { width: 390, height: 760 } });
await open(phone, "Ola Hansen");
await take(phone, "phone");
await browser.close();
