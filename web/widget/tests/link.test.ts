import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Link } from "../src/frame/link";

class FakeSocket {
  static all: FakeSocket[] = [];
  static get last() {
    return FakeSocket.all.at(-1)!;
  }
  readyState = 1;
  sent: string[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;
  constructor(readonly url: string) {
    FakeSocket.all.push(this);
  }
  send(text: string) {
    this.sent.push(text);
  }
  close() {
    this.readyState = 3;
  }
  say(frame: object) {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }
  welcome() {
    this.onopen?.();
    this.say({ t: "welcome" });
  }
}

function setUp(poll = async () => {}) {
  const lines: string[] = [];
  const frames: string[] = [];
  const polled = vi.fn(poll);
  const link = new Link("wss://desk/widget/v1/socket", {
    hello: () => ({ t: "hello", token: "x", resume: "1:5" }),
    frame: (frame) => frames.push(frame.t),
    line: (line) => lines.push(line),
    poll: polled,
  });
  link.start();
  return { link, lines, frames, polled };
}

beforeEach(() => {
  vi.useFakeTimers();
  FakeSocket.all = [];
  vi.stubGlobal("WebSocket", FakeSocket);
});
afterEach(() => {
  vi.useRealTimers();
});

describe("link", () => {
  it("says hello with the resume token and answers pings", () => {
    const { lines, frames } = setUp();
    FakeSocket.last.welcome();
    FakeSocket.last.say({ t: "ping" });
    expect(FakeSocket.last.sent).toEqual(['{"t":"hello","token":"x","resume":"1:5"}', '{"t":"pong"}']);
    expect(lines).toEqual(["live"]);
    expect(frames).toEqual(["welcome", "ping"]);
  });

  it("says nothing before the welcome", () => {
    const { link } = setUp();
    expect(link.send({ t: "typing", on: true })).toBe(false);
    FakeSocket.last.welcome();
    expect(link.send({ t: "typing", on: true })).toBe(true);
  });

  it("comes back after a cut, with pauses that grow and never exceed half a minute", () => {
    const { lines } = setUp();
    FakeSocket.last.welcome();
    FakeSocket.last.onclose?.();
    expect(lines).toEqual(["live", "lost"]);
    for (let turn = 2; turn < 12; turn++) {
      vi.advanceTimersByTime(30_000);
      expect(FakeSocket.all.length).toBeGreaterThanOrEqual(turn);
    }
  });

  it("takes a minute of silence for the end of the line", () => {
    const { lines } = setUp();
    FakeSocket.last.welcome();
    vi.advanceTimersByTime(59_000);
    FakeSocket.last.say({ t: "ping" });
    vi.advanceTimersByTime(59_999);
    expect(lines).toEqual(["live"]);
    vi.advanceTimersByTime(1);
    expect(lines).toEqual(["live", "lost"]);
  });

  it("polls every four seconds while sockets are blocked, and stops when one gets through", async () => {
    const { lines, polled } = setUp();
    FakeSocket.last.onclose?.();
    await vi.advanceTimersByTimeAsync(1_000);
    FakeSocket.last.onclose?.();
    await vi.advanceTimersByTimeAsync(0);
    expect(polled).toHaveBeenCalledTimes(1);
    expect(lines.at(-1)).toBe("polling");
    await vi.advanceTimersByTimeAsync(4_000);
    expect(polled).toHaveBeenCalledTimes(2);
    FakeSocket.last.welcome();
    expect(lines.at(-1)).toBe("live");
    await vi.advanceTimersByTimeAsync(9_000);
    expect(polled).toHaveBeenCalledTimes(2);
  });

  it("says that the line is lost when polling fails too", async () => {
    const { lines } = setUp(async () => {
      throw new Error("no");
    });
    FakeSocket.last.onclose?.();
    await vi.advanceTimersByTimeAsync(1_000);
    FakeSocket.last.onclose?.();
    await vi.advanceTimersByTimeAsync(0);
    expect(lines.at(-1)).toBe("lost");
  });

  it("does not wait for the back-off when the network is back", () => {
    const { link } = setUp();
    FakeSocket.last.welcome();
    link.cut();
    expect(FakeSocket.all).toHaveLength(1);
    link.hurry();
    expect(FakeSocket.all).toHaveLength(2);
  });
});
