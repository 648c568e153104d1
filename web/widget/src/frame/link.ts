import type { Frame } from "./types";

export type Line = "connecting" | "live" | "polling" | "lost";

interface Hooks {
  /** What to say first on a new socket; null when there is no session yet. */
  hello(): object | null;
  frame(frame: Frame): void;
  line(line: Line): void;
  /** Sockets seem to be blocked: fetch the present state by HTTP. */
  poll(): Promise<void>;
}

const SILENCE = 60_000;
const POLL = 4_000;

/**
 * The live line: one socket with hello, heartbeat and back-off with jitter. After two sockets in a row that never got a
 * welcome it polls over HTTP beside further tries, so that the chat also works behind proxies that block sockets.
 */
export class Link {
  #socket: WebSocket | null = null;
  #welcome = false;
  #failures = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;
  #poll: ReturnType<typeof setTimeout> | undefined;
  #stopped = true;

  constructor(
    readonly url: string,
    readonly hooks: Hooks,
  ) {}

  start(): void {
    this.#stopped = false;
    this.#failures = 0;
    this.#connect();
  }

  stop(): void {
    this.#stopped = true;
    this.#drop();
    clearTimeout(this.#retry);
    clearTimeout(this.#poll);
    this.#poll = undefined;
  }

  /** The network is back or the tab is seen again: do not wait for the back-off. */
  hurry(): void {
    if (!this.#stopped && !this.#welcome) {
      this.#failures = Math.min(this.#failures, 2);
      this.#connect();
    }
  }

  /** The network is gone; the browser would notice only minutes later. */
  cut(): void {
    if (!this.#stopped && this.#socket) this.#closed();
  }

  send(frame: object): boolean {
    if (!this.#welcome || this.#socket?.readyState !== 1) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  #connect(): void {
    clearTimeout(this.#retry);
    this.#drop();
    const hello = this.hooks.hello();
    if (!hello) return;
    let socket: WebSocket;
    try {
      socket = new WebSocket(this.url);
    } catch {
      this.#closed();
      return;
    }
    this.#socket = socket;
    socket.onopen = () => socket.send(JSON.stringify(hello));
    socket.onmessage = (event) => this.#heard(event.data);
    socket.onclose = () => {
      if (this.#socket === socket) this.#closed();
    };
    this.#listen();
  }

  #heard(data: unknown): void {
    let frame: Frame;
    try {
      frame = JSON.parse(data as string) as Frame;
    } catch {
      return;
    }
    if (frame.t === "ping") this.#socket?.send('{"t":"pong"}');
    if (frame.t === "welcome") {
      this.#welcome = true;
      this.#failures = 0;
      clearTimeout(this.#poll);
      this.#poll = undefined;
      this.hooks.line("live");
    }
    this.#listen();
    this.hooks.frame(frame);
  }

  /** A line that says nothing for a minute is dead, whatever the browser believes; the server pings every 25 s. */
  #listen(): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#closed(), this.#welcome ? SILENCE : 10_000);
  }

  #drop(): void {
    clearTimeout(this.#silence);
    const socket = this.#socket;
    this.#socket = null;
    this.#welcome = false;
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }
  }

  #closed(): void {
    this.#drop();
    if (this.#stopped) return;
    this.#failures++;
    if (this.#poll === undefined) this.hooks.line("lost");
    const pause = Math.min(30_000, 400 * 2 ** this.#failures) * (0.5 + Math.random() / 2);
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#connect(), pause);
    if (this.#failures > 1 && this.#poll === undefined) this.#turn(0);
  }

  #turn(pause: number): void {
    this.#poll = setTimeout(async () => {
      try {
        await this.hooks.poll();
        if (this.#poll !== undefined) this.hooks.line("polling");
      } catch {
        if (this.#poll !== undefined) this.hooks.line("lost");
      }
      if (this.#poll !== undefined) this.#turn(document.hidden ? POLL * 4 : POLL);
    }, pause);
  }
}
