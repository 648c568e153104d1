import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Link, type LinkState } from "../src/link";

class FakeSocket {
  static made: FakeSocket[] = [];
  readyState = 0;
  sent: unknown[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  closed = false;
  constructor(readonly url: string) {
    FakeSocket.made.push(this);
  }
  send(text: string) {
    this.sent.push(JSON.parse(text));
  }
  close() {
    this.closed = true;
  }
  open() {
    this.readyState = 1;
    this.onopen?.();
  }
  says(frame: object) {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }
  drops(code = 1006) {
    this.readyState = 3;
    this.onclose?.({ code });
  }
}

const last = () => FakeSocket.made.at(-1)!;

describe("Link", () => {
  let frames: object[];
  let states: LinkState[];
  let finals: number[];
  let link: Link<{ t: string; resume?: string }>;

  beforeEach(() => {
    vi.useFakeTimers();
    FakeSocket.made = [];
    frames = [];
    states = [];
    finals = [];
    link = new Link({
      url: () => "ws://desk/socket",
      hello: (resume) => ({ t: "hello", resume }),
      onFrame: (frame) => frames.push(frame),
      onState: (state) => states.push(state),
      finalCodes: [4401],
      onFinal: (code) => finals.push(code),
      WebSocket: FakeSocket as unknown as new (url: string) => WebSocket,
      random: () => 1,
    });
    link.start();
  });
  afterEach(() => {
    link.stop();
    vi.useRealTimers();
  });

  it("says hello with the last position and moves it with every frame", () => {
    last().open();
    expect(last().sent).toEqual([{ t: "hello", resume: null }]);
    last().says({ t: "welcome", resume: "e:5" });
    expect(link.resume).toBe("e:5");
    last().says({ t: "conversation", resume: "e:6" });
    expect(link.resume).toBe("e:6");
    expect(link.state).toBe("online");
  });

  it("comes back by itself and does not let a welcome skip what was missed", () => {
    last().open();
    last().says({ t: "welcome", resume: "e:5" });
    last().drops();
    expect(link.state).toBe("waiting");
    vi.advanceTimersByTime(400);
    last().open();
    expect(last().sent).toEqual([{ t: "hello", resume: "e:5" }]);
    last().says({ t: "welcome", resume: "e:9" });
    expect(link.resume).toBe("e:5");
    expect(link.state).toBe("catching_up");
    last().says({ t: "conversation", resume: "e:7" });
    last().says({ t: "caught_up", missed: 2, resume: "e:9" });
    expect(link.resume).toBe("e:9");
    expect(states).toEqual(["connecting", "online", "waiting", "connecting", "catching_up", "online"]);
  });

  it("begins again where the snapshot stands when it was read before the line listened", () => {
    last().open();
    last().says({ t: "welcome", resume: "e:9" });
    link.adopt("e:7");
    expect(FakeSocket.made.length).toBe(2);
    last().open();
    expect(last().sent).toEqual([{ t: "hello", resume: "e:7" }]);
    link.adopt("e:5");
    expect(FakeSocket.made.length, "only the first snapshot is held against it").toBe(2);
    expect(link.resume).toBe("e:7");
  });

  it("does the same when the snapshot was faster than the welcome", () => {
    last().open();
    link.adopt("e:7");
    last().says({ t: "welcome", resume: "e:9" });
    expect(FakeSocket.made.length).toBe(2);
    last().open();
    expect(last().sent).toEqual([{ t: "hello", resume: "e:7" }]);
  });

  it("stays on the line when the snapshot is as new as its welcome", () => {
    last().open();
    last().says({ t: "welcome", resume: "e:9" });
    link.adopt("e:9");
    expect(FakeSocket.made.length).toBe(1);
    expect(link.resume).toBe("e:9");
  });

  it("waits longer after every failed try, up to fifteen seconds", () => {
    const pauses: number[] = [];
    for (let i = 0; i < 8; i++) {
      const made = FakeSocket.made.length;
      last().drops();
      let waited = 0;
      while (FakeSocket.made.length === made) {
        vi.advanceTimersByTime(100);
        waited += 100;
      }
      pauses.push(waited);
    }
    expect(pauses).toEqual([400, 800, 1600, 3200, 6400, 12_800, 15_000, 15_000]);
  });

  it("forgets its position when told to fetch everything again", () => {
    last().open();
    last().says({ t: "welcome", resume: "e:5" });
    last().says({ t: "refetch", reason: "token" });
    expect(link.resume).toBeNull();
    link.adopt("f:1");
    link.adopt("f:0");
    expect(link.resume).toBe("f:1");
  });

  it("answers a ping and gives up a line on which nothing is heard for a minute", () => {
    last().open();
    last().says({ t: "ping" });
    expect(last().sent.at(-1)).toEqual({ t: "pong" });
    expect(frames).toEqual([]);
    const first = last();
    vi.advanceTimersByTime(66_000);
    expect(first.closed).toBe(true);
    expect(last()).not.toBe(first);
  });

  it("tries at once when the network is back", () => {
    last().drops();
    last();
    for (let i = 0; i < 5; i++) {
      vi.advanceTimersByTime(20_000);
      last().drops();
    }
    const made = FakeSocket.made.length;
    window.dispatchEvent(new Event("online"));
    expect(FakeSocket.made.length).toBe(made + 1);
  });

  it("stops for good when signed out, and drops what an old socket still says", () => {
    last().open();
    const old = last();
    old.says({ t: "welcome", resume: "e:1" });
    const said = old.onmessage!;
    old.drops(4401);
    expect(finals).toEqual([4401]);
    expect(link.state).toBe("stopped");
    said({ data: '{"t":"conversation","resume":"e:2"}' });
    expect(link.resume).toBe("e:1");
    vi.advanceTimersByTime(60_000);
    expect(FakeSocket.made.length).toBe(1);
  });
});
