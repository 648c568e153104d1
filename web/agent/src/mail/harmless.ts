// The formatted form of a mail, cleaned once more in the browser that shows it. The server has done so already; two
// cleaners that were written by different people rarely miss the same thing.
import DOMPurify, { type Config, type WindowLike } from "dompurify";

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
};

/** A mail ready to be shown: its markup, and about how high it stands at 700 pixels' width. */
export interface Harmless {
  page: string;
  height: number;
}

const escaped = (text: string) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

/**
 * Cleans a mail's page and puts it into one of our own. `frame` is the window in which it is taken apart: one whose policy
 * lets a mail have its styles. `pictures`: those from elsewhere too.
 */
export function harmless(frame: Window, html: string, pictures: boolean, title: string, lang: string): Harmless {
  const purify = DOMPurify(frame as unknown as WindowLike);
  if (!purify.isSupported) throw new Error("This browser cannot clean a mail.");
  let height = 40;
  purify.addHook("afterSanitizeAttributes", (node) => {
    height += heightOf(node);
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
  return { page: page(purify.sanitize(html, CONFIG), pictures, title, lang), height };
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
img:not([src]) { padding: 1px 6px; border: 1px dashed #b4bfbd; color: #5f6c6a; font-size: 13px; }
a { color: #0b6a5d; } blockquote { margin: 0 0 0 8px; padding-left: 12px; border-left: 2px solid #cbd2d9; }
</style></head><body>${body}</body></html>`;
}

const SPACED = new Set(["P", "LI", "H1", "H2", "H3", "H4", "BLOCKQUOTE", "TR", "PRE", "BR", "HR"]);

/** How much higher an element makes the mail, guessed: no script runs in the frame that could tell. */
function heightOf(node: Element): number {
  if (node.tagName === "IMG")
    return node.hasAttribute("src") ? Math.min(Number.parseInt(node.getAttribute("height") ?? "", 10) || 120, 500) : 20;
  let own = 0;
  for (const child of node.childNodes)
    if (child.nodeType === Node.TEXT_NODE) own += (child.textContent ?? "").trim().length;
  return (SPACED.has(node.tagName) ? 22 : 0) + 22 * Math.floor(own / 80) + (own && node.tagName === "DIV" ? 22 : 0);
}
