// The formatted form of a mail, cleaned once more in the browser that shows it. The server has done so already; two
// cleaners that were written by different people rarely miss the same thing.
import DOMPurify, { type Config } from "dompurify";

const PICTURE = /^data:image\/(?:png|jpe?g|gif|webp|avif|bmp);base64,/i;
const REMOTE = /^https?:\/\//i;
/** What in a style could fetch something; nothing in a mail needs it. */
const FETCHES = /url\s*\(|image-set|@import|expression|\\/i;

const CONFIG: Config = {
  USE_PROFILES: { html: true },
  ALLOWED_URI_REGEXP: /^(?:https?:|mailto:|tel:)/i,
  ALLOW_DATA_ATTR: false,
  ALLOW_UNKNOWN_PROTOCOLS: false,
  FORBID_TAGS: [
    ...["style", "form", "input", "button", "textarea", "select", "option", "dialog", "audio", "video", "source"],
    ...["track", "picture", "map", "area", "template", "slot"],
  ],
  FORBID_ATTR: ["background", "srcset", "poster", "id", "name", "class", "usemap", "ping", "popover", "slot"],
  RETURN_TRUSTED_TYPE: false,
  RETURN_DOM_FRAGMENT: true,
};

/** A mail ready to be shown: its markup, about how high it stands at 700 pixels' width, and what no wall may let in. */
export interface Harmless {
  page: string;
  height: number;
}

const escaped = (text: string) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

/** Cleans a mail's page and puts it into one of our own. `pictures`: those from elsewhere too. */
export function harmless(html: string, pictures: boolean, title: string, lang: string): Harmless {
  const purify = DOMPurify(window);
  purify.addHook("afterSanitizeAttributes", (node) => {
    if (node.tagName === "IMG") {
      const source = node.getAttribute("src") ?? "";
      if (!PICTURE.test(source) && !(pictures && REMOTE.test(source))) node.removeAttribute("src");
    } else node.removeAttribute("src");
    if (FETCHES.test(node.getAttribute("style") ?? "")) node.removeAttribute("style");
    if (node.tagName === "A") {
      node.setAttribute("target", "_blank");
      node.setAttribute("rel", "noopener noreferrer nofollow");
    }
  });
  const body = purify.sanitize(html, CONFIG) as unknown as DocumentFragment;
  const box = body.ownerDocument.createElement("div");
  box.append(body);
  return { page: page(box.innerHTML, pictures, title, lang), height: height(box) };
}

function page(body: string, pictures: boolean, title: string, lang: string): string {
  const more = pictures ? " https: http:" : "";
  return `<!doctype html>
<html lang="${escaped(lang)}"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:${more}; base-uri 'none'; form-action 'none'">
<meta name="referrer" content="no-referrer"><title>${escaped(title)}</title><style>
html { color-scheme: light; background: #fff; }
body { margin: 12px; font: 15px/1.5 system-ui, sans-serif; color: #1a1d21; overflow-wrap: anywhere; }
img { max-width: 100%; height: auto; } table { max-width: 100%; } pre { white-space: pre-wrap; }
a { color: #0b6a5d; } blockquote { margin: 0 0 0 8px; padding-left: 12px; border-left: 2px solid #cbd2d9; }
</style></head><body>${body}</body></html>`;
}

const BLOCKS = "p, li, h1, h2, h3, h4, blockquote, tr, pre, div:not(:has(p, div, table, ul, ol))";

/** How high it stands, guessed: no script runs in the frame that could tell. */
function height(box: Element): number {
  let guessed = 40;
  for (const block of box.querySelectorAll(BLOCKS))
    guessed += 12 + 23 * Math.ceil((block.textContent ?? "").length / 95);
  for (const picture of box.querySelectorAll("img[src]"))
    guessed += Math.min(Number.parseInt(picture.getAttribute("height") ?? "", 10) || 120, 500);
  const lines = (box.textContent ?? "").length / 95 + box.querySelectorAll("br").length;
  return Math.max(guessed, 40 + lines * 23);
}
