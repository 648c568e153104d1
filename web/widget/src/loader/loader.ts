import { inkOn } from "../shared/ink";
import { type Attributes, read, TO_PAGE, type ToFrame, type ToPage } from "../shared/protocol";
import { PHONE, STYLE } from "./style";
import { localeOf, WORDS } from "./texts";

/** `window.svardeskSettings`, set by the page before the loader runs; each also as `data-…` of the script element. */
export interface Settings {
  widget?: string;
  locale?: string;
  position?: "left" | "right";
  launcher?: "default" | "none";
  theme?: "auto" | "light" | "dark";
  /** Colour of launcher, header and own messages, as `#rrggbb`. */
  accent?: string;
  /** A JWT that the shop's server signed: who the visitor is. */
  token?: string;
}

type Listener = (detail: unknown) => void;
export type Command = [name: string, ...values: unknown[]];

export interface Svardesk {
  (...command: Command): void;
  q?: Iterable<unknown>[];
  loaded?: boolean;
  open(): void;
  close(): void;
  toggle(): void;
  setUser(token: string): void;
  setLocale(tag: string): void;
  setAttributes(attributes: Attributes): void;
  reset(): void;
  on(name: string, listener: Listener): void;
  off(name: string, listener: Listener): void;
}

/** Session storage of the page, written only once the visitor has opened the chat: 2 open, 1 closed after talking, 0. */
const KEY = "svardesk";
const CHAT = "M21 11.5a8.4 8.4 0 0 1-12.2 7.5L3 21l2-5.8A8.4 8.4 0 1 1 21 11.5Z";
const DOWN = "m6 9 6 6 6-6";

/**
 * Puts the launcher into the page and returns the page's handle on the chat.
 *
 * @param script the loader's own script element; its origin is the desk's.
 * @returns undefined when the page names no widget, or when the loader already ran.
 */
export function start(script: HTMLScriptElement | null): Svardesk | undefined {
  const page = window as unknown as { svardesk?: Svardesk; svardeskSettings?: Settings };
  const settings: Settings = { ...script?.dataset, ...page.svardeskSettings };
  const { widget } = settings;
  if (page.svardesk?.loaded || !script) return;
  if (!widget) {
    console.warn("svardesk: data-widget?");
    return;
  }

  const desk = new URL(script.src).origin;
  const html = document.documentElement;
  const phone = matchMedia(PHONE);
  const viewport = window.visualViewport;
  const listeners: Record<string, Listener[]> = {};
  let locale = localeOf(settings.locale || html.lang);
  let { token } = settings;
  let attributes: Attributes | undefined;
  let frame: HTMLIFrameElement | undefined;
  let ready = false;
  let shown = false;
  let takeFocus = false;
  let unread = 0;
  let talking = false;
  let resetFirst = false;
  let seen = "";
  let overflow: string | undefined;

  const make = <K extends keyof HTMLElementTagNameMap>(tag: K) => document.createElement(tag);
  const draw = (tag: string) => document.createElementNS("http://www.w3.org/2000/svg", tag);
  const host = make("svardesk-chat" as "div");
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  root.adoptedStyleSheets = [sheet];
  const button = make("button");
  const badge = make("b");
  const panel = make("div");
  const svg = draw("svg");
  const path = draw("path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.append(path);
  button.append(svg, badge);
  panel.role = "dialog";
  panel.ariaLabel = "Chat";
  root.append(panel, button);
  if (settings.position === "left") panel.className = button.className = "l";
  if (/^#[\da-f]{6}$/i.test(settings.accent as string)) {
    host.style.setProperty("--a", settings.accent as string);
    host.style.setProperty("--i", inkOn(settings.accent as string));
  } else settings.accent = undefined;

  const storage = (value?: string): string | null => {
    try {
      if (value) sessionStorage.setItem(KEY, value);
      return sessionStorage.getItem(KEY);
    } catch {
      return null; // a page that may not store: the chat simply does not follow to the next one
    }
  };
  const remember = () => storage(shown ? "2" : talking ? "1" : "0");
  const emit = (name: string, detail: unknown = {}): void => {
    for (const listener of listeners[name] || []) listener(detail);
  };
  const tell = (message: ToFrame): void => {
    if (ready) frame?.contentWindow?.postMessage({ svardesk: 1, ...message }, desk);
  };
  const here = () => ({ url: location.href.slice(0, 2000), title: document.title.slice(0, 300) });
  const full = (): boolean => shown && phone.matches;

  const paint = (): void => {
    const [open, close, words] = WORDS[locale] as (typeof WORDS)["nb"] & object;
    const count = shown ? 0 : unread;
    button.ariaLabel = shown ? close : count ? `${open}. ${words.replace("{n}", `${count}`)}` : open;
    button.ariaExpanded = `${shown}`;
    // A chat that covers the page closes itself, once it is there; until then, or when it never comes, the button does.
    button.hidden = full() ? ready : settings.launcher === "none";
    badge.hidden = !count;
    badge.textContent = `${count}`;
    panel.hidden = !shown;
    panel.ariaModal = full() ? "true" : null;
    path.setAttribute("d", shown ? DOWN : CHAT);
    resize();
  };

  // A full-screen chat follows the visual viewport, or the phone's keyboard would cover what one writes.
  const resize = (): void => {
    const view = full() && viewport;
    panel.style.height = view ? `${view.height}px` : "";
    panel.style.top = view ? `${view.offsetTop}px` : "";
    // The page behind it does not scroll; what the page itself had set comes back.
    const { style } = html;
    if (full()) {
      overflow ??= style.overflow;
      style.overflow = "hidden";
    } else if (overflow !== undefined) {
      style.overflow = overflow;
      overflow = undefined;
    }
  };

  const load = (): void => {
    ready = false;
    frame?.remove();
    frame = make("iframe");
    frame.title = "Chat";
    frame.src = `${desk}/widget/frame?${new URLSearchParams({ w: widget, locale, parent: location.origin })}`;
    panel.append(frame);
  };

  const show = (on: boolean, focus: boolean): void => {
    if (on === shown) return;
    shown = on;
    takeFocus = focus;
    if (on && !ready) load(); // also again, when it did not come the last time
    paint();
    tell(on ? { t: "shown", modal: full(), focus } : { t: "hidden" });
    remember();
    if (focus) (on ? frame : button)?.focus();
    emit(on ? "open" : "close");
  };

  const heard = (event: MessageEvent): void => {
    if (!frame || event.source !== frame.contentWindow || event.origin !== desk) return;
    const message = read<ToPage>(TO_PAGE, event.data);
    if (message?.t === "ready") {
      ready = true;
      paint();
      if (resetFirst) tell({ t: "reset" });
      resetFirst = false;
      tell({
        t: "init",
        shown,
        modal: full(),
        focus: takeFocus,
        page: here(),
        token,
        attributes,
        theme: settings.theme,
        accent: settings.accent,
      });
    } else if (message?.t === "close") show(false, true);
    else if (message?.t === "unread") {
      unread = message.count;
      paint();
      emit("unread", { count: unread });
    } else if (message?.t === "talking") {
      talking = message.on;
      remember();
    } else if (message?.t === "event") emit(message.name, message.detail);
  };

  const api = ((name: string, ...values: unknown[]) => {
    const method = (api as unknown as Record<string, unknown>)[name];
    if (typeof method === "function") method(...values);
    else console.warn("svardesk: unknown", name);
  }) as Svardesk;
  Object.assign(api, {
    loaded: true,
    open: () => show(true, true),
    close: () => show(false, true),
    toggle: () => show(!shown, true),
    setUser(value: string) {
      token = value;
      tell({ t: "user", token: value });
    },
    setLocale(tag: string) {
      locale = localeOf(tag);
      if (frame) load();
      paint();
    },
    setAttributes(values: Attributes) {
      attributes = { ...attributes, ...values };
      tell({ t: "attributes", attributes });
    },
    reset() {
      token = attributes = undefined;
      unread = 0;
      // Before anything was opened there is nothing to forget on this page; what an earlier page left is forgotten by
      // the frame, which is fetched for it only if the chat was opened in this tab.
      resetFirst = !ready;
      if (!frame && storage()) load();
      tell({ t: "reset" });
      show(false, false);
      paint();
    },
    on(name: string, listener: Listener) {
      listeners[name] = [...(listeners[name] || []), listener];
    },
    off(name: string, listener: Listener) {
      listeners[name] = (listeners[name] || []).filter((one) => one !== listener);
    },
  } satisfies Partial<Svardesk>);

  button.onclick = () => show(!shown, true);
  root.addEventListener("keydown", (event) => {
    if ((event as KeyboardEvent).key === "Escape") show(false, true);
  });
  addEventListener("message", heard);
  for (const name of ["resize", "scroll"]) viewport?.addEventListener(name, resize);
  phone.addEventListener("change", () => {
    if (shown) tell({ t: "shown", modal: full(), focus: false });
    paint();
  });
  // Pages that change without loading tell nobody; two strings compared every other second cost nothing.
  setInterval(() => {
    const before = seen;
    seen = location.href + document.title;
    if (seen !== before) tell({ t: "page", page: here() });
  }, 2000);

  const waiting = page.svardesk?.q || [];
  page.svardesk = api;
  const mount = (): void => {
    paint();
    document.body.append(host);
    // The chat follows the visitor from page to page, but only one that was opened in this tab.
    const before = storage() || "0";
    if (before > "1" && !phone.matches) show(true, false);
    else if (before > "0") load();
    for (const command of waiting) api(...(command as Command));
    dispatchEvent(new Event("svardesk:ready"));
  };
  if (document.body) mount();
  else document.addEventListener("DOMContentLoaded", mount);
  return api;
}
