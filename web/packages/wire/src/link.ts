// The live line to the server: a WebSocket that says hello with the last known position, answers heartbeats, notices
// silence and sleep, and comes back by itself with growing pauses. It knows frames only by `t` and `resume`.

export type LinkState = "idle" | "connecting" | "catching_up" | "online" | "waiting" | "stopped";

export interface AnyFrame {
  t: string;
  resume?: string | undefined;
}

export interface LinkOptions<In extends AnyFrame> {
  url: () => string;
  /** The first frame of every connection; `resume` is the last position whose frame has been applied. */
  hello: (resume: string | null) => object;
  onFrame: (frame: In) => void;
  onState?: (state: LinkState) => void;
  /** Close codes after which trying again is pointless, e.g. 4401 (not signed in). */
  finalCodes?: readonly number[];
  onFinal?: (code: number) => void;
  /** Silence after which the line counts as dead, in milliseconds. */
  silenceMs?: number;
  WebSocket?: new (url: string) => WebSocket;
  random?: () => number;
}

const FIRST_PAUSE_MS = 400;
const LONGEST_PAUSE_MS = 15_000;
const WATCH_MS = 5_000;

export class Link<In extends AnyFrame> {
  state: LinkState = "idle";
  /** "<epoch>:<position>" of the last applied frame, or null before the first. */
  resume: string | null = null;
  readonly #options: LinkOptions<In>;
  #socket: WebSocket | null = null;
  #attempt = 0;
  #heardAt = 0;
  #lastTick = 0;
  #saidNull = true;
  /** Where a line without a position began to listen, until a snapshot's position has been held against it. */
  #began: string | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #watch: ReturnType<typeof setInterval> | undefined;
  readonly #wake = () => this.nudge();

  constructor(options: LinkOptions<In>) {
    this.#options = options;
  }

  start(): void {
    if (this.state !== "idle" && this.state !== "stopped") return;
    globalThis.addEventListener?.("online", this.#wake);
    globalThis.addEventListener?.("pageshow", this.#wake);
    globalThis.document?.addEventListener("visibilitychange", this.#wake);
    this.#lastTick = Date.now();
    this.#watch = setInterval(() => this.#tick(), WATCH_MS);
    this.#attempt = 0;
    this.#connect();
  }

  stop(): void {
    globalThis.removeEventListener?.("online", this.#wake);
    globalThis.removeEventListener?.("pageshow", this.#wake);
    globalThis.document?.removeEventListener("visibilitychange", this.#wake);
    clearInterval(this.#watch);
    clearTimeout(this.#retry);
    this.#drop();
    this.#set("stopped");
  }

  /**
   * Takes the position of a snapshot, unless frames have already given a later one. A snapshot that was read before a line
   * without a position began to listen leaves a gap between the two: the line begins again where the snapshot stands.
   */
  adopt(resume: string): void {
    const began = this.#began;
    this.#began = null;
    if (began !== null && before(resume, began)) {
      this.resume = resume;
      this.#reconnectNow();
    } else this.resume ??= resume;
  }

  /** False when the line is not open; the caller says it again after the next welcome if it still matters. */
  send(frame: object): boolean {
    if (this.#socket?.readyState !== 1) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  /** Something happened that makes a look worth while: the tab is seen again, the network came back. */
  nudge(): void {
    if (globalThis.document?.visibilityState === "hidden") return;
    if (this.state === "waiting") {
      this.#attempt = 0;
      this.#connect();
    } else if (this.#socket && Date.now() - this.#heardAt > this.#silence / 2) {
      // The server pings every 25 s: longer silence means that the machine slept or the line is cut.
      this.#reconnectNow();
    }
  }

  get #silence(): number {
    return this.#options.silenceMs ?? 60_000;
  }

  #connect(): void {
    clearTimeout(this.#retry);
    this.#drop();
    this.#set("connecting");
    const Socket = this.#options.WebSocket ?? globalThis.WebSocket;
    const socket = new Socket(this.#options.url());
    this.#socket = socket;
    this.#heardAt = Date.now();
    socket.onopen = () => {
      this.#saidNull = this.resume === null;
      this.#began = null;
      socket.send(JSON.stringify(this.#options.hello(this.resume)));
    };
    socket.onmessage = (event: MessageEvent<string>) => {
      if (this.#socket === socket) this.#receive(event.data);
    };
    socket.onclose = (event: CloseEvent) => {
      if (this.#socket === socket) this.#closed(event.code);
    };
  }

  #receive(data: string): void {
    this.#heardAt = Date.now();
    const frame = JSON.parse(data) as In;
    if (frame.t === "ping") {
      this.send({ t: "pong" });
      return;
    }
    if (frame.t === "welcome") {
      this.#attempt = 0;
      this.#set(this.#saidNull ? "online" : "catching_up");
    } else if (frame.t === "refetch") {
      // What we had is too old; the snapshot that follows or the next frame gives the new position.
      this.resume = null;
    }
    this.#options.onFrame(frame);
    if (frame.t === "welcome" && frame.resume && this.#saidNull) {
      this.#began = frame.resume;
      // The snapshot may have been faster than this welcome.
      if (this.resume !== null) this.adopt(this.resume);
      else this.resume = frame.resume;
    } else if (frame.resume && frame.t !== "welcome") {
      // A welcome that answers an old position does not move it: the missed frames are still to come.
      this.resume = frame.resume;
    }
    if (frame.t === "caught_up" || frame.t === "refetch") this.#set("online");
  }

  #closed(code: number): void {
    this.#socket = null;
    if (this.#options.finalCodes?.includes(code)) {
      this.stop();
      this.#options.onFinal?.(code);
      return;
    }
    this.#set("waiting");
    const ceiling = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#attempt);
    this.#attempt += 1;
    // Half fixed, half random: after a restart of the server not everybody comes back in the same moment.
    const pause = ceiling / 2 + ((this.#options.random ?? Math.random)() * ceiling) / 2;
    this.#retry = setTimeout(() => this.#connect(), pause);
  }

  #tick(): void {
    const now = Date.now();
    const slept = now - this.#lastTick > WATCH_MS * 4;
    this.#lastTick = now;
    if (!this.#socket) return;
    if (now - this.#heardAt > this.#silence || (slept && now - this.#heardAt > this.#silence / 2)) this.#reconnectNow();
  }

  #reconnectNow(): void {
    this.#attempt = 0;
    this.#connect();
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  #set(state: LinkState): void {
    if (this.state === state) return;
    this.state = state;
    this.#options.onState?.(state);
  }
}

/** Whether a position lies before another one; positions of different epochs cannot be compared, so the server decides. */
function before(one: string, other: string): boolean {
  const [epoch, at] = one.split(":");
  const [otherEpoch, otherAt] = other.split(":");
  return epoch !== otherEpoch || Number(at) < Number(otherAt);
}
