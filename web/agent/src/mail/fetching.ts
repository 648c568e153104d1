// Formatted mails and originals: fetched with the app's own line, so that what is refused is said in words.
import type { AppStore } from "../stores/app";
import type { harmless } from "./harmless";

export interface Formatted {
  html: string;
  /** Pictures from elsewhere that were left out. */
  heldBack: number;
  clean: typeof harmless;
}

/** The formatted form of a mail, and what cleans it. `pictures`: with those from elsewhere. */
export async function formatted(
  app: AppStore,
  messageId: string,
  pictures: boolean,
  signal: AbortSignal,
): Promise<Formatted> {
  const [response, cleaner] = await Promise.all([
    app.api.http.fetch(`/mails/${messageId}/page`, pictures ? { pictures: true } : {}, signal),
    // Few mails are looked at that way: the cleaner comes when it is wanted.
    import("./harmless"),
  ]);
  const heldBack = Number(response.headers.get("X-Svardesk-Held-Back")) || 0;
  return { heldBack, html: await response.text(), clean: cleaner.harmless };
}

/** Hands the mail over as it came in. */
export async function downloadOriginal(app: AppStore, messageId: string, name: string): Promise<void> {
  const response = await app.api.http.fetch(`/mails/${messageId}/raw`);
  const url = URL.createObjectURL(await response.blob());
  const link = document.createElement("a");
  link.href = url;
  link.download = `${name.replace(/[^\p{L}\p{N} ._-]/gu, "").trim() || "e-post"}.eml`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
