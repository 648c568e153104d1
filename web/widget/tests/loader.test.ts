import realConsole from "node:console";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Svardesk, start } from "../src/loader/loader";
import { localeOf, WORDS } from "../src/loader/texts";

const CATALOGUES = import.meta.glob("../../../src/svardesk/locale/*/LC_MESSAGES/widget.po", {
  query: "?raw",
  import: "default",
  eager: true,
}) as Record<string, string>;

type Page = { svardesk?: unknown; svardeskSettings?: object };
const page = window as unknown as Page;

/** Runs the loader as if the page had pasted `<script src="https://desk.example/widget.js" data-widget="key">`. */
function run(settings?: object, queue?: unknown[][]) {
  page.svardeskSettings = settings;
  if (queue) page.svardesk = { q: queue };
  const script = document.createElement("script");
  // happy-dom would fetch a script that has a src
  Object.defineProperty(script, "src", { value: "https://desk.example/widget.js" });
  script.dataset.widget = "key";
  const api = start(script) as Svardesk;
  const root = document.querySelector("svardesk-chat")!.shadowRoot!;
  return { api, root, button: root.querySelector("button")!, frame: () => root.querySelector("iframe") };
}

/** What the frame says, from its window and origin unless told otherwise. */
function say(frame: HTMLIFrameElement, data: object, origin = "https://desk.example", source = frame.contentWindow) {
  const event = new MessageEvent("message", { data: { svardesk: 1, ...data }, origin });
  Object.defineProperty(event, "source", { value: source });
  window.dispatchEvent(event);
}

beforeEach(() => {
  document.documentElement.lang = "nb-NO";
  // happy-dom loads no frames, and says so on the console that was there before the tests' own
  vi.spyOn(realConsole, "error").mockImplementation(() => {});
  sessionStorage.clear();
});
afterEach(() => {
  document.querySelector("svardesk-chat")?.remove();
  delete page.svardesk;
  delete page.svardeskSettings;
});

describe("before it is opened", () => {
  it("there is a button, and neither a frame nor anything stored", () => {
    const { button, frame } = run();
    expect(button.ariaLabel).toBe("Åpne chat");
    expect(frame()).toBeNull();
    expect(sessionStorage.length + localStorage.length).toBe(0);
    expect(document.cookie).toBe("");
  });

  it("attributes, users and languages may be set without fetching anything", () => {
    const { api, frame, button } = run();
    api.setUser("jwt");
    api.setAttributes({ cart: 3 });
    api.reset();
    api.setLocale("sv-SE");
    expect(frame()).toBeNull();
    expect(button.ariaLabel).toBe("Öppna chatten");
  });
});

describe("commands", () => {
  it("that the page queued are run in order, and ready is announced after them", () => {
    const heard: string[] = [];
    window.addEventListener("svardesk:ready", () => heard.push("ready"), { once: true });
    const { frame } = run({}, [
      ["on", "open", () => heard.push("open")],
      ["on", "close", () => heard.push("close")],
      ["open"],
      ["close"],
    ]);
    expect(heard).toEqual(["open", "close", "ready"]);
    expect(frame()).not.toBeNull();
  });

  it("work as a function and as methods, and off stops listening", () => {
    const { api } = run();
    const heard = vi.fn();
    api.on("open", heard);
    api("open");
    api.close();
    api.off("open", heard);
    api.toggle();
    expect(heard).toHaveBeenCalledOnce();
  });

  it("that do not exist are named in the console, not thrown", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    run({}, [["fly"]]);
    expect(warn).toHaveBeenCalledWith("svardesk: unknown", "fly");
  });

  it("of a second copy of the loader do nothing", () => {
    run();
    const script = document.createElement("script");
    expect(start(script)).toBeUndefined();
    expect(document.querySelectorAll("svardesk-chat")).toHaveLength(1);
  });
});

describe("the frame", () => {
  it("is made at the first opening, once, with widget, locale and origin", () => {
    const { api, frame } = run({ locale: "fi" });
    api.open();
    const first = frame();
    expect(first?.src).toBe(
      `https://desk.example/widget/frame?w=key&locale=fi&parent=${encodeURIComponent(location.origin)}`,
    );
    say(first!, { t: "ready" });
    api.close();
    api.open();
    expect(frame()).toBe(first);
  });

  it("is fetched again at the next opening when it did not come, and on phones the button can close it meanwhile", () => {
    vi.stubGlobal("matchMedia", () => ({ matches: true, addEventListener: () => {} }));
    const { button, frame } = run({ launcher: "none" });
    button.click();
    const first = frame();
    expect(button.hidden).toBe(false);
    button.click();
    button.click();
    expect(frame()).not.toBe(first);
    say(frame()!, { t: "ready" });
    expect(button.hidden).toBe(true);
  });

  it("gets what the page knew before, when it is ready", () => {
    const { api, frame } = run({ token: "jwt", theme: "dark", accent: "#123456" });
    api.setAttributes({ plan: "fiber" });
    api.open();
    const post = vi.fn();
    Object.defineProperty(frame()!, "contentWindow", { value: { postMessage: post } });
    say(frame()!, { t: "ready" });
    expect(post).toHaveBeenCalledOnce();
    const [message, target] = post.mock.calls[0] as unknown as [Record<string, unknown>, string];
    expect(target).toBe("https://desk.example");
    expect(message).toMatchObject({
      t: "init",
      shown: true,
      token: "jwt",
      attributes: { plan: "fiber" },
      theme: "dark",
      accent: "#123456",
    });
  });

  it("is heard only from its own window, its own origin and in known shapes", () => {
    const { api, frame, root } = run();
    api.open();
    api.close();
    const badge = root.querySelector("b")!;
    say(frame()!, { t: "unread", count: 4 }, "https://evil.example");
    say(frame()!, { t: "unread", count: 4 }, undefined, window as never);
    say(frame()!, { t: "unread", count: "4" });
    say(frame()!, { t: "unread", count: null });
    say(frame()!, { t: "toString" });
    say(frame()!, { t: "unread", count: 4, svardesk: 2 });
    expect(badge.hidden).toBe(true);
    say(frame()!, { t: "unread", count: 4 });
    expect(badge.hidden).toBe(false);
    expect(badge.textContent).toBe("4");
    expect(root.querySelector("button")!.ariaLabel).toBe("Åpne chat. Uleste meldinger: 4");
  });

  it("closes the panel, and the focus goes back to the button", () => {
    const { api, frame, root, button } = run();
    api.open();
    expect(button.ariaExpanded).toBe("true");
    say(frame()!, { t: "close" });
    expect(root.querySelector("div")!.hidden).toBe(true);
    expect(root.activeElement).toBe(button);
  });

  it("is opened again on the next page only if it was open on this one", () => {
    const first = run();
    first.api.open();
    expect(sessionStorage.getItem("svardesk")).toBe("2");
    say(first.frame()!, { t: "talking", on: true });
    first.api.close();
    expect(sessionStorage.getItem("svardesk")).toBe("1");
    document.querySelector("svardesk-chat")!.remove();
    delete page.svardesk;
    const second = run();
    expect(second.frame()).not.toBeNull();
    expect(second.root.querySelector("div")!.hidden).toBe(true);
  });
});

describe("words", () => {
  it("are those of the catalogue in all six languages", () => {
    for (const [locale, words] of Object.entries(WORDS)) {
      const po = CATALOGUES[`../../../src/svardesk/locale/${locale}/LC_MESSAGES/widget.po`] ?? "";
      const found = ["open", "close", "unread"].map(
        (key) => new RegExp(`msgid "widget.${key}"\\nmsgstr "(.*)"`).exec(po)?.[1],
      );
      expect(words).toEqual(found);
    }
  });

  it("follow the page's language", () => {
    expect(["no", "nb-NO", "nn", "DA-dk", "sv_FI", "fi", "de", "", null].map(localeOf)).toEqual([
      "nb",
      "nb",
      "nn",
      "da",
      "sv",
      "fi",
      "en",
      "nb",
      "nb",
    ]);
  });
});
