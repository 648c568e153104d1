// Choices that belong to this browser: theme, desktop notifications, sound. And the agent's own, kept on the server.
import { effect, signal } from "@preact/signals";

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
  readonly panel = kept<boolean>("panel", true);
  /** Single-key shortcuts can be switched off: speech input would press them by accident. */
  readonly shortcuts = kept<boolean>("shortcuts", true);
  /** Enter sends, Shift+Enter breaks the line; or Ctrl+Enter sends. */
  readonly enterSends = kept<boolean>("enter", false);

  constructor() {
    effect(() => {
      if (this.theme.value === "auto") delete document.documentElement.dataset.theme;
      else document.documentElement.dataset.theme = this.theme.value;
    });
  }

  /** Asks the browser; false when the person or the browser said no. */
  async askDesktop(): Promise<boolean> {
    if (!("Notification" in window)) return false;
    const answer = await Notification.requestPermission();
    this.desktop.value = answer === "granted";
    return this.desktop.value;
  }
}
