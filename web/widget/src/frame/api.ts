import type { Page } from "../shared/protocol";
import type { Message, OutboxItem, OutFile, Session } from "./types";

/** The desk said no. `temporary` is worth another try later; `status` 0 means that nobody answered. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly retryAfter = 0,
  ) {
    super(code);
  }

  get temporary(): boolean {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

function refusal(status: number, text: string, retryAfter: string | null): Refused {
  let code = `http_${status}`;
  try {
    code = JSON.parse(text).error.code ?? code;
  } catch {
    // not our error format: a proxy answered
  }
  return new Refused(status, code, Number(retryAfter) || 0);
}

/** Calls of /widget/v1. Every method throws `Refused`. */
export class Api {
  token: string | null = null;

  session(body: Record<string, unknown>): Promise<Session> {
    return this.#call("session", body, 15_000) as Promise<Session>;
  }

  async message(item: OutboxItem, fileIds: string[], page: Page): Promise<Message> {
    const { client_id, body } = item;
    const answer = await this.#call("messages", { client_id, body, file_ids: fileIds, page }, 20_000);
    return (answer as { message: Message }).message;
  }

  earlier(seq: number): Promise<Pick<Session, "messages" | "earlier">> {
    return this.#call(`messages?before_seq=${seq}`, undefined, 15_000) as Promise<Session>;
  }

  address(body: { email: string } | { phone: string }): Promise<unknown> {
    return this.#call("address", body, 15_000);
  }

  receipts(body: { delivered_seq?: number; read_seq?: number }): Promise<unknown> {
    return this.#call("receipts", body, 15_000);
  }

  reset(): Promise<unknown> {
    return this.#call("reset", {}, 15_000);
  }

  /** Uploads one file; `progress` goes from 0 to 1. XMLHttpRequest, since fetch cannot tell how far an upload is. */
  upload(file: OutFile, progress: (part: number) => void, signal?: AbortSignal): Promise<string> {
    return new Promise((resolve, reject) => {
      const xhr = new XMLHttpRequest();
      xhr.open("POST", "/widget/v1/files");
      xhr.setRequestHeader("Authorization", `Bearer ${this.token}`);
      xhr.setRequestHeader("Content-Type", file.media_type || "application/octet-stream");
      xhr.setRequestHeader("X-File-Name", encodeURIComponent(file.name));
      xhr.upload.onprogress = (event) => progress(event.lengthComputable ? event.loaded / event.total : 0);
      xhr.onload = () => {
        if (xhr.status < 300) resolve(JSON.parse(xhr.responseText).id);
        else reject(refusal(xhr.status, xhr.responseText, xhr.getResponseHeader("Retry-After")));
      };
      xhr.onerror = xhr.onabort = () => reject(new Refused(0, "no_answer"));
      signal?.addEventListener("abort", () => xhr.abort());
      xhr.send(file.blob);
    });
  }

  async #call(path: string, body: object | undefined, timeout: number): Promise<unknown> {
    let response: Response;
    let text: string;
    try {
      response = await fetch(`/widget/v1/${path}`, {
        method: body ? "POST" : "GET",
        headers: {
          "Content-Type": "application/json",
          ...(this.token && path !== "session" && { Authorization: `Bearer ${this.token}` }),
        },
        ...(body && { body: JSON.stringify(body) }),
        credentials: "omit",
        signal: AbortSignal.timeout(timeout),
      });
      text = await response.text();
    } catch {
      throw new Refused(0, "no_answer");
    }
    if (!response.ok) throw refusal(response.status, text, response.headers.get("Retry-After"));
    return text ? JSON.parse(text) : null;
  }
}
