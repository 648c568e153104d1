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
});
