// The live line as the app sees it: which state it is in, what was missed while it was away.
import { computed, signal } from "@preact/signals";
import { type ClientFrame, Link, type LinkState, type ServerFrame } from "@svardesk/wire";

const SHORT_MS = 1_500;
const SHOW_MS = 6_000;

export interface CaughtUp {
  /** Null after a whole new snapshot: nobody counts what is replaced. */
  missed: number | null;
  awayMs: number;
}

export interface LiveOptions {
  url: () => string;
  onFrame: (frame: ServerFrame) => void;
  /** The line is open again: say once more what we look at, read again what frames cannot repeat. */
  onWelcome: () => void;
  onSignedOut: () => void;
  WebSocket?: new (url: string) => WebSocket;
}

export class LiveStore {
  readonly state = signal<LinkState>("idle");
  readonly caughtUp = signal<CaughtUp | null>(null);
  readonly cut = signal(false);
  /** Whether what is on the screen may be old. */
  readonly behind = computed(() => this.cut.value || this.state.value === "catching_up");
  readonly newBuild = signal(false);
  readonly link: Link<ServerFrame>;
  /** What the server was when this page met it first. */
  #build = "";
  #lostAt: number | null = null;
  #cutTimer: ReturnType<typeof setTimeout> | undefined;
  #hide: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly options: LiveOptions) {
    this.link = new Link<ServerFrame>({
      url: options.url,
      hello: (resume) => ({ t: "hello", resume }) satisfies ClientFrame,
      onFrame: (frame) => this.#frame(frame),
      onState: (state) => this.#changed(state),
      finalCodes: [4401],
      onFinal: options.onSignedOut,
      ...(options.WebSocket ? { WebSocket: options.WebSocket } : {}),
    });
  }

  start(): void {
    this.link.start();
  }
  stop(): void {
    this.link.stop();
    this.#mended();
    this.#lostAt = null;
  }

  say(frame: ClientFrame): boolean {
    return this.link.send(frame);
  }

  #changed(state: LinkState): void {
    this.state.value = state;
    if (state === "waiting" || state === "connecting") {
      this.#lostAt ??= Date.now();
      // A blink of the line is not worth a word. The clock runs through all tries, or quick ones would hide a long cut.
      this.#cutTimer ??= setTimeout(() => {
        this.cut.value = true;
      }, SHORT_MS);
    } else this.#mended();
  }

  #mended(): void {
    clearTimeout(this.#cutTimer);
    this.#cutTimer = undefined;
    this.cut.value = false;
  }

  #frame(frame: ServerFrame): void {
    if (frame.t === "welcome") {
      this.#build ||= frame.build;
      this.newBuild.value = frame.build !== this.#build;
      this.options.onWelcome();
      // The very first welcome has nothing to catch up with.
      if (this.link.resume === null) this.#lostAt = null;
    } else if (frame.t === "caught_up") this.#back(frame.missed);
    else if (frame.t === "refetch") this.#back(null);
    else if (frame.t === "signed_out") this.options.onSignedOut();
    this.options.onFrame(frame);
  }

  #back(missed: number | null): void {
    const awayMs = this.#lostAt === null ? 0 : Date.now() - this.#lostAt;
    this.#lostAt = null;
    if (!missed && missed !== null && awayMs < SHORT_MS) return;
    if (missed !== null && awayMs === 0) return;
    this.caughtUp.value = { missed, awayMs };
    clearTimeout(this.#hide);
    this.#hide = setTimeout(() => {
      this.caughtUp.value = null;
    }, SHOW_MS);
  }
}
