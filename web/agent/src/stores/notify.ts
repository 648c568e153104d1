// Calls the agent back when something needs them and they are not looking.
import type { PrefsStore } from "./prefs";
import type { RowChange } from "./rows";

export interface NotifyOptions {
  prefs: PrefsStore;
  concerns: (change: RowChange) => boolean;
  looking: (conversationId: string) => boolean;
  words: (change: RowChange) => { title: string; body: string };
  open: (conversationId: string) => void;
}

const SILENT_MS = 1_500;

export class Notifier {
  #soundedAt = 0;
  #audio: AudioContext | null = null;
  constructor(readonly options: NotifyOptions) {}

  changed(change: RowChange): void {
    const { row, before } = change;
    // An unknown row may be an old conversation that a colleague has just changed: news are the customer's last words.
    const news = before ? row.last_customer_seq > before.last_customer_seq : row.last_seq === row.last_customer_seq;
    if (!news || !this.options.concerns(change) || this.options.looking(row.id)) return;
    const { title, body } = this.options.words(change);
    this.call(row.id, title, body);
  }

  /** Something runs out; whoever has it before their eyes sees it there. */
  warn(row: { id: string }, title: string, body: string): void {
    if (!this.options.looking(row.id)) this.call(row.id, title, body);
  }

  call(conversationId: string, title: string, body: string): void {
    const { prefs, open } = this.options;
    if (prefs.sound.value) this.sound();
    if (!prefs.desktop.value || !("Notification" in window) || Notification.permission !== "granted") return;
    // One per conversation: a later message replaces the earlier call.
    const shown = new Notification(title, { body, tag: conversationId, silent: true });
    shown.onclick = () => {
      window.focus();
      open(conversationId);
      shown.close();
    };
  }

  /** Two soft tones, made here: nothing is fetched. */
  sound(): void {
    const now = Date.now();
    if (now - this.#soundedAt < SILENT_MS) return;
    this.#soundedAt = now;
    this.#audio ??= new AudioContext();
    const audio = this.#audio;
    for (const [index, pitch] of [660, 880].entries()) {
      const tone = audio.createOscillator();
      const gain = audio.createGain();
      const at = audio.currentTime + index * 0.13;
      tone.frequency.value = pitch;
      gain.gain.setValueAtTime(0, at);
      gain.gain.linearRampToValueAtTime(0.12, at + 0.02);
      gain.gain.exponentialRampToValueAtTime(0.001, at + 0.28);
      tone.connect(gain).connect(audio.destination);
      tone.start(at);
      tone.stop(at + 0.3);
    }
  }
}
