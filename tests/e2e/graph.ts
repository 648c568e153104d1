// The stand-in for Meta (tests/doubles/graph) as a program of its own: its page, its people, and what reached them.
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { until } from "./harness";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

interface Told {
  url: string;
  app_id: string;
  app_secret: string;
  page_id: string;
  page_name: string;
  page_token: string;
}

/** What a page sent to somebody. */
export interface SentMessage {
  psid: string;
  text: string | null;
  message_type?: string;
  tag?: string | null;
}

export class Graph {
  private constructor(
    readonly child: ChildProcess,
    readonly told: Told,
  ) {}

  static async start(): Promise<Graph> {
    const child = spawn(join(ROOT, ".venv/bin/python"), ["-m", "tests.doubles.graph", "--port", "0"], { cwd: ROOT });
    let said = "";
    child.stdout.on("data", (data) => (said += data));
    child.stderr.on("data", (data) => process.stderr.write(data));
    const told = await until("the stand-in for Meta", async () =>
      said.includes("\n") ? (JSON.parse(said) as Told) : undefined,
    );
    return new Graph(child, told);
  }

  async control<T>(verb: string, body: object = {}): Promise<T> {
    const response = await fetch(`${this.told.url}/_control/${verb}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${verb}: ${response.status} ${text}`);
    return (text ? JSON.parse(text) : null) as T;
  }

  async read<T>(what: string, query = ""): Promise<T> {
    return (await (await fetch(`${this.told.url}/_control/${what}${query}`)).json()) as T;
  }

  /** Somebody new, by the number that the page knows them by. */
  async person(name: string): Promise<string> {
    return (await this.control<{ psid: string }>("person", { name })).psid;
  }

  /** Waits until the page has sent somebody these words. */
  sent(psid: string, text: string): Promise<SentMessage> {
    return until(`«${text}» to arrive`, async () =>
      (await this.read<SentMessage[]>("sent", `?psid=${psid}`)).find((each) => each.text?.includes(text)),
    );
  }

  async stop(): Promise<void> {
    this.child.kill("SIGTERM");
    await new Promise((resolve) => this.child.once("exit", resolve));
  }
}
