// One place where requests leave the browser: JSON in and out, the CSRF header, errors as classes.

/** The server answered and said no. `code` is for programs, `message` is a sentence in the agent's language. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly fields: Record<string, unknown> = {},
    /** Seconds after which a new try makes sense, from Retry-After. */
    readonly retryAfter: number | null = null,
  ) {
    super(message);
  }

  /** Whether the very same request may succeed later without anybody changing anything. */
  get passing(): boolean {
    return this.status >= 500 || this.status === 429 || this.status === 408;
  }
}

/** The request or its answer was lost on the way; nobody knows whether the server has done it. */
export class NetworkError extends Error {
  override readonly name = "NetworkError";
}

export type Query = Record<string, string | number | boolean | null | undefined>;

export interface RequestOptions {
  query?: Query;
  body?: unknown;
  signal?: AbortSignal;
  /** How long to wait for the answer; 20 unless told. */
  seconds?: number;
}

export interface HttpOptions {
  base: string;
  fetch?: typeof fetch;
  /** Called when a request that needed a session was answered 401. */
  onSignedOut?: () => void;
  /** The CSRF token is another session's: gets the present one. True when the request may be said again with it. */
  onStale?: () => Promise<boolean>;
}

/** What is said to the server, but for the headers that depend on who is signed in. */
type Asked = RequestInit & { headers: Record<string, string> };

const TIMEOUT_MS = 20_000;

export class Http {
  csrf: string | null = null;
  locale: string | null = null;
  readonly #base: string;
  readonly #fetch: typeof fetch;
  readonly #onSignedOut: () => void;
  readonly #onStale: () => Promise<boolean>;
  #renewing: Promise<boolean> | null = null;

  constructor(options: HttpOptions) {
    this.#base = options.base;
    this.#fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
    this.#onSignedOut = options.onSignedOut ?? (() => undefined);
    this.#onStale = options.onStale ?? (async () => false);
  }

  /** Returns the parsed answer, undefined for 204. Throws ApiError, NetworkError or the signal's AbortError. */
  async request<T>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
    const headers: Record<string, string> = options.body === undefined ? {} : { "Content-Type": "application/json" };
    const body = options.body === undefined ? undefined : JSON.stringify(options.body);
    const limit = options.seconds ? options.seconds * 1000 : TIMEOUT_MS;
    return this.#json<T>(this.#url(path, options.query), { method, headers, body }, options.signal, limit);
  }

  /** Fetches what is no JSON: the answer itself, when it is a good one. Throws as `request` does. */
  fetch(path: string, query?: Query, signal?: AbortSignal): Promise<Response> {
    const headers = { Accept: "*/*" };
    return this.#current(this.#url(path, query), { method: "GET", headers }, signal, TIMEOUT_MS * 3);
  }

  /** Sends a file as the raw body. No time limit: a slow line may need minutes. */
  async upload<T>(path: string, file: Blob, name: string, signal?: AbortSignal): Promise<T> {
    const headers = {
      "Content-Type": file.type || "application/octet-stream",
      "X-File-Name": encodeURIComponent(name),
    };
    return this.#json<T>(this.#url(path), { method: "POST", headers, body: file }, signal, null);
  }

  /** Sends it, and once more when another sign-in in this browser has taken the session's place. */
  async #current(url: string, init: Asked, signal: AbortSignal | undefined, limit: number | null): Promise<Response> {
    const send = () => this.#send(url, { ...init, headers: this.#headers(init.headers) }, signal, limit);
    try {
      return await send();
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== "csrf") throw error;
      this.#renewing ??= this.#onStale()
        .catch(() => false)
        .finally(() => {
          this.#renewing = null;
        });
      if (!(await this.#renewing)) throw error;
      return send();
    }
  }

  #headers(more: Record<string, string>): Headers {
    const headers = new Headers({ Accept: "application/json", ...more });
    if (this.csrf) headers.set("X-CSRF-Token", this.csrf);
    if (this.locale) headers.set("Accept-Language", this.locale);
    return headers;
  }

  #url(path: string, query?: Query): string {
    const parameters = new URLSearchParams();
    for (const [key, value] of Object.entries(query ?? {})) {
      if (value !== undefined && value !== null && value !== "") parameters.set(key, String(value));
    }
    const text = parameters.toString();
    return this.#base + path + (text ? `?${text}` : "");
  }

  async #json<T>(url: string, init: Asked, signal: AbortSignal | undefined, limit: number | null): Promise<T> {
    const response = await this.#current(url, init, signal, limit);
    const text = await lost(response.text(), signal);
    return (text ? JSON.parse(text) : undefined) as T;
  }

  async #send(
    url: string,
    init: RequestInit,
    signal: AbortSignal | undefined,
    limit: number | null,
  ): Promise<Response> {
    const signals = [...(signal ? [signal] : []), ...(limit === null ? [] : [AbortSignal.timeout(limit)])];
    const asked = this.#fetch(url, {
      ...init,
      credentials: "same-origin",
      ...(signals.length ? { signal: AbortSignal.any(signals) } : {}),
    });
    const response = await lost(asked, signal);
    if (response.ok) return response;
    throw this.#error(response, await lost(response.text(), signal));
  }

  #error(response: Response, text: string): ApiError {
    let said: { code?: string; message?: string; fields?: Record<string, unknown> } = {};
    try {
      said = (JSON.parse(text) as { error?: typeof said }).error ?? {};
    } catch {
      // A proxy in between answers HTML; the status says enough.
    }
    const after = Number(response.headers.get("Retry-After"));
    // A wrong password is 401 too; only this one says that the session is gone.
    if (response.status === 401 && (said.code === "not_signed_in" || said.code === "session_over")) this.#onSignedOut();
    return new ApiError(
      response.status,
      said.code ?? `http_${response.status}`,
      said.message ?? "",
      said.fields ?? {},
      Number.isFinite(after) && after > 0 ? after : null,
    );
  }
}

/** A line that breaks becomes a NetworkError; what was given up on purpose stays what it is. */
async function lost<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new NetworkError(error instanceof Error ? error.message : String(error));
  }
}
