// Takes the README's pictures: node scripts/screenshots.mjs URL FOLDER EMAIL PASSWORD, against a desk that runs with its demo.
import { createRequire } from "node:module";

const { chromium } = createRequire(new URL("../web/package.json", import.meta.url))("playwright-core");
const [url, folder, email, password] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: process.env.SVARDESK_CHROMIUM || process.env.CHROMIUM || "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-dev-shm-usage", "--font-render-hinting=none"],
});
const locale = { locale: "nb-NO", timezoneId: "Europe/Oslo", reducedMotion: "reduce", deviceScaleFactor: 2 };

async function take(page, name) {
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: `${folder}/${name}.png` });
  console.log(`   ${name}.png`);
}

async function agent(options) {
  const context = await browser.newContext({ ...locale, viewport: { width: 1280, height: 760 }, ...options });
  const page = await context.newPage();
  await page.goto(`${url}/app/`);
  await page.getByLabel("E-post").fill(email);
  await page.getByLabel("Passord").fill(password);
  await page.getByRole("button", { name: "Logg inn", exact: true }).click();
  await page.locator(".sidebar").waitFor({ state: "attached" });
  return page;
}

/** Opens the first conversation in which the desk has answered. */
async function open(page) {
  await page.goto(`${url}/app/inbox/all`);
  await page.locator(".row").nth(1).click();
  await page.locator(".message").first().waitFor();
}

const shop = await (await browser.newContext({ ...locale, viewport: { width: 1280, height: 760 } })).newPage();
await shop.goto(`${url}/demo/shop`);
await shop.locator("svardesk-chat button").click();
const chat = shop.frameLocator("svardesk-chat iframe");
await chat.locator("#text").fill("Hei! Passer Fjell 55 på en vegg av gips?");
await chat.locator("#text").press("Enter");
await chat.getByText("Sendt").or(chat.getByText("Levert")).first().waitFor();

const light = await agent({ colorScheme: "light" });
await open(light);
await light.waitForTimeout(500);
await take(light, "inbox");
await light.keyboard.press("?");
await light.getByRole("dialog").waitFor();
await take(light, "shortcuts");
await light.keyboard.press("Escape");
await light.goto(`${url}/app/search?q=faktura`);
await light.locator(".hit").first().waitFor();
await take(light, "search");

const dark = await agent({ colorScheme: "dark" });
await dark.goto(`${url}/app/inbox/all`);
await dark.locator(".row", { hasText: "Fjell 55 på en vegg" }).click();
await dark.locator(".message").first().waitFor();
await dark.locator(".composer textarea").fill("Hei! Ja, med gipsplugger. Veggfestet må være av typen VESA 200.");
await dark.getByText("Kladden er lagret").waitFor();
await take(dark, "inbox-dark");
await dark.locator(".composer textarea").press("Control+Enter");
await dark.locator(".message.mine").waitFor();
await chat.getByText("VESA 200").waitFor();
await shop.waitForTimeout(400);
await take(shop, "shop");

const phone = await agent({ colorScheme: "light", viewport: { width: 390, height: 760 } });
await open(phone);
await phone.waitForTimeout(300);
await take(phone, "phone");
await browser.close();
