import { describe, expect, it, vi } from "vitest";
import { ApiError, Http, NetworkError } from "../src/http";

const answering = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  vi.fn(
    async (_url: RequestInfo | URL, _init?: RequestInit) =>
      new Response(status === 204 ? null : typeof body === "string" ? body : JSON.stringify(body), { status, headers }),
  );

describe("Http", () => {
  it("sends JSON with the CSRF token and reads JSON", async () => {
    const fetch = answering(200, { ok: 1 });
    const http = new Http({ base: "/api/v1", fetch });
    http.csrf = "c-1";
    expect(
      await http.request("POST", "/x", { query: { a: "å b", none: undefined, nil: null }, body: { n: 2 } }),
    ).toEqual({
      ok: 1,
    });
    const [url, init] = fetch.mock.calls[0]!;
    expect(url).toBe("/api/v1/x?a=%C3%A5+b");
    const headers = init?.headers as Headers;
    expect([headers.get("X-CSRF-Token"), headers.get("Content-Type"), init?.body]).toEqual([
      "c-1",
      "application/json",
      '{"n":2}',
    ]);
  });

  it("gives undefined for an empty answer", async () => {
    expect(await new Http({ base: "", fetch: answering(204, "") }).request("DELETE", "/x")).toBeUndefined();
  });

  it("turns the server's error into one with code, fields and waiting time", async () => {
    const fetch = answering(
      429,
      { error: { code: "too_many", message: "Vent litt.", fields: { seconds: 7 } } },
      { "Retry-After": "7" },
    );
    const error = await new Http({ base: "", fetch }).request("GET", "/x").catch((reason) => reason);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 429, code: "too_many", message: "Vent litt.", retryAfter: 7, passing: true });
  });

  it("survives a proxy's HTML and calls a lost request by its name", async () => {
    const html = await new Http({ base: "", fetch: answering(502, "<h1>Bad gateway</h1>") })
      .request("GET", "/x")
      .catch((reason) => reason);
    expect(html).toMatchObject({ status: 502, code: "http_502", passing: true });
    const lost = await new Http({ base: "", fetch: vi.fn().mockRejectedValue(new TypeError("fetch failed")) })
      .request("GET", "/x")
      .catch((reason) => reason);
    expect(lost).toBeInstanceOf(NetworkError);
  });

  it("tells only of a session that is gone, not of a wrong password", async () => {
    const gone = vi.fn();
    const ask = (code: string) =>
      new Http({ base: "", fetch: answering(401, { error: { code, message: "" } }), onSignedOut: gone })
        .request("GET", "/x")
        .catch(() => undefined);
    await ask("wrong_password");
    expect(gone).not.toHaveBeenCalled();
    await ask("not_signed_in");
    await ask("session_over");
    expect(gone).toHaveBeenCalledTimes(2);
  });

  it("uploads the file itself with its name percent-encoded", async () => {
    const fetch = answering(201, { id: "f" });
    const file = new Blob(["abc"], { type: "image/png" });
    await new Http({ base: "/api/v1", fetch }).upload("/files", file, "blå fil.png");
    const init = fetch.mock.calls[0]![1] as RequestInit;
    expect((init.headers as Headers).get("X-File-Name")).toBe("bl%C3%A5%20fil.png");
    expect(init.body).toBe(file);
  });

  it("says a request again, once and with the new token, when another sign-in has taken the session's place", async () => {
    const answers = ["old", "old", "new", "new"];
    const fetch = vi.fn(async (_url: RequestInfo | URL, init?: RequestInit) => {
      const sent = (init as { headers: Headers }).headers.get("X-CSRF-Token");
      return answers.shift() === "old"
        ? new Response('{"error":{"code":"csrf","message":""}}', { status: 403 })
        : new Response(JSON.stringify({ sent }));
    });
    const onStale = vi.fn(async () => {
      http.csrf = "c-2";
      return true;
    });
    const http = new Http({ base: "", fetch, onStale });
    http.csrf = "c-1";
    const both = await Promise.all([http.request("PUT", "/a", { body: 1 }), http.upload("/b", new Blob(["x"]), "x")]);
    expect(both).toEqual([{ sent: "c-2" }, { sent: "c-2" }]);
    expect(onStale).toHaveBeenCalledTimes(1);
  });

  it("does not say it again in somebody else's name", async () => {
    const fetch = answering(403, { error: { code: "csrf", message: "" } });
    const http = new Http({ base: "", fetch, onStale: async () => false });
    await expect(http.request("PUT", "/a", { body: 1 })).rejects.toMatchObject({ code: "csrf" });
    expect(fetch).toHaveBeenCalledTimes(1);
  });
});
