// Choices that belong to this browser: theme, desktop notifications, sound. And the agent's own, kept on the server.
import { computed, effect, signal } from "@preact/signals";

export type Theme = "auto" | "light" | "dark";

function kept<T extends string | boolean>(key: string, first: T) {
  const name = `svardesk.${key}`;
  const text = localStorage.getItem(name);
  const value = signal<T>(text === null ? first : (JSON.parse(text) as T));
  effect(() => {
    if (value.value !== first || localStorage.getItem(name) !== null)
      localStorage.setItem(name, JSON.stringify(value.value));
  });
  return value;
}

export class PrefsStore {
  readonly theme = kept<Theme>("theme", "auto");
  readonly sound = kept<boolean>("sound", false);
  readonly desktop = kept<boolean>("desktop", false);
  /** On wide screens the right panel stands beside the conversation, as the agent left it … */
  readonly #besides = kept<boolean>("panel", true);
  /** … on narrow ones it lies over it and is there only when called. */
  readonly #drawer = signal(false);
  readonly #wide = matchMedia("(min-width: 1181px)");
  readonly wide = signal(this.#wide.matches);
  readonly panel = computed(() => (this.wide.value ? this.#besides.value : this.#drawer.value));
  /** Single-key shortcuts can be switched off: speech input would press them by accident. */
  readonly shortcuts = kept<boolean>("shortcuts", true);
  /** Enter sends, Shift+Enter breaks the line; or Ctrl+Enter sends. */
  readonly enterSends = kept<boolean>("enter", false);

  constructor() {
    this.#wide.addEventListener("change", () => {
      this.wide.value = this.#wide.matches;
      this.#drawer.value = false;
    });
    effect(() => {
      if (this.theme.value === "auto") delete document.documentElement.dataset.theme;
      else document.documentElement.dataset.theme = this.theme.value;
    });
  }

  showPanel(shown: boolean): void {
    if (this.wide.value) this.#besides.value = shown;
    else this.#drawer.value = shown;
  }

  /** Asks the browser; false when the person or the browser said no. */
  async askDesktop(): Promise<boolean> {
    if (!("Notification" in window)) return false;
    const answer = await Notification.requestPermission();
    this.desktop.value = answer === "granted";
    return this.desktop.value;
  }
}
