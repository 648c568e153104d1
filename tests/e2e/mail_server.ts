// The demo's mail server beside the desk: mail comes in from a customer and answers lie in the customer's mailbox.
import { type ChildProcess, spawn } from "node:child_process";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { until } from "./harness";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const HOST = "127.0.0.1";
export const ORGANISATION = "kundeservice@fjordnett.example";
export const PASSWORD = "fjordnett";
const CUSTOMERS = "kunder@postkasse.example";

interface Ports {
  smtp: number;
  submission: number;
  imap: number;
}

/** A conversation in lines over TCP, as SMTP and IMAP have it. */
class Lines {
  #held = "";
  #wanted: { pattern: RegExp; done: (text: string) => void } | null = null;

  private constructor(readonly socket: Socket) {
    socket.setEncoding("latin1");
    socket.on("data", (text) => {
      this.#held += text;
      this.#look();
    });
  }

  static open(port: number): Promise<Lines> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, HOST, () => resolve(new Lines(socket)));
      socket.once("error", reject);
    });
  }

  /** Says a line (or nothing) and waits until what was heard ends in a line that fits. */
  say(line: string | null, pattern: RegExp): Promise<string> {
    if (line !== null) this.socket.write(`${line}\r\n`, "latin1");
    return new Promise((done) => {
      this.#wanted = { pattern, done };
      this.#look();
    });
  }

  #look(): void {
    if (!this.#wanted?.pattern.test(this.#held)) return;
    const { done } = this.#wanted;
    const heard = this.#held;
    this.#wanted = null;
    this.#held = "";
    done(heard);
  }
}

export interface Letter {
  from: string;
  subject: string;
  text: string;
  html?: string;
  headers?: Record<string, string>;
}

const base64 = (text: string) =>
  Buffer.from(text)
    .toString("base64")
    .replace(/(.{76})/g, "$1\r\n");
const word = (text: string) => `=?utf-8?b?${Buffer.from(text).toString("base64")}?=`;

function composed({ from, subject, text, html, headers }: Letter): string {
  const plain = `Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n${base64(text)}\r\n`;
  const rich = html
    ? `Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n${base64(html)}\r\n`
    : "";
  const body = html
    ? `Content-Type: multipart/alternative; boundary=skille\r\n\r\n--skille\r\n${plain}--skille\r\n${rich}--skille--\r\n`
    : plain;
  const [, name = "", address = from] = /^(.*?)\s*<(.*)>$/.exec(from) ?? [];
  const lines = {
    From: name ? `${word(name)} <${address}>` : address,
    To: ORGANISATION,
    Subject: word(subject),
    Date: new Date().toUTCString().replace("GMT", "+0000"),
    "Message-ID": `<${crypto.randomUUID()}@postkasse.example>`,
    "MIME-Version": "1.0",
    ...headers,
  };
  return `${Object.entries(lines)
    .map(([key, value]) => `${key}: ${value}\r\n`)
    .join("")}${body}`;
}

export class MailServer {
  private constructor(
    readonly child: ChildProcess,
    readonly ports: Ports,
  ) {}

  /** Starts it; mail from `vouched` domains is stamped as genuine. */
  static async start(vouched: string): Promise<MailServer> {
    const child = spawn(join(ROOT, ".venv/bin/python"), ["-m", "svardesk.demo_mail", "--vouched", vouched], {
      cwd: ROOT,
    });
    let said = "";
    child.stdout.on("data", (data) => (said += data));
    child.stderr.on("data", (data) => process.stderr.write(data));
    const ports = await until("the mail server", async () =>
      said.includes("\n") ? (JSON.parse(said) as Ports) : undefined,
    );
    return new MailServer(child, ports);
  }

  /** A mail from outside, as another mail server would bring it. */
  async deliver(letter: Letter): Promise<void> {
    const address = /<(.*)>/.exec(letter.from)?.[1] ?? letter.from;
    const line = await Lines.open(this.ports.smtp);
    await line.say(null, /^220 .*\r\n$/s);
    await line.say("EHLO postkasse.example", /^250 .*\r\n$/m);
    await line.say(`MAIL FROM:<${address}>`, /^250 .*\r\n$/m);
    await line.say(`RCPT TO:<${ORGANISATION}>`, /^250 .*\r\n$/m);
    await line.say("DATA", /^354 .*\r\n$/m);
    await line.say(`${composed(letter)}.`, /^250 .*\r\n$/m);
    line.socket.end("QUIT\r\n");
  }

  /** What lies in the customers' mailbox, raw, oldest first. */
  async customers(): Promise<string[]> {
    const line = await Lines.open(this.ports.imap);
    await line.say(null, /^\* OK .*\r\n$/s);
    await line.say(`a LOGIN ${CUSTOMERS} ${PASSWORD}`, /^a OK .*\r\n$/m);
    const folder = await line.say("b SELECT INBOX", /^b OK .*\r\n$/m);
    const count = Number(/\* (\d+) EXISTS/.exec(folder)?.[1] ?? 0);
    const mails: string[] = [];
    for (let at = 1; at <= count; at++)
      mails.push(await line.say(`m${at} FETCH ${at} BODY.PEEK[]`, new RegExp(`^m${at} OK`, "m")));
    line.socket.end("z LOGOUT\r\n");
    return mails;
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.child.once("exit", () => resolve());
      this.child.kill("SIGTERM");
    });
  }
}

const PIXEL = Buffer.from("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7", "base64");

/** Somewhere on the net with a picture in it that tells who looked. */
export async function tracker(): Promise<{ url: string; seen: string[]; close: () => void }> {
  const seen: string[] = [];
  const server: Server = createServer((request, response) => {
    seen.push(request.url ?? "");
    response.writeHead(200, { "Content-Type": "image/gif" });
    response.end(PIXEL);
  });
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  return {
    url: `http://${HOST}:${(server.address() as AddressInfo).port}/pixel.gif`,
    seen,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** The text of a mail's plain part, decoded. */
export function plainText(raw: string): string {
  const part = /Content-Type: text\/plain[\s\S]*?\r\n\r\n([\s\S]*?)(?:\r\n--|$)/i.exec(raw)?.[1] ?? "";
  const bytes = /Content-Transfer-Encoding: base64/i.test(raw)
    ? Buffer.from(part, "base64")
    : Buffer.from(
        part
          .replace(/=\r\n/g, "")
          .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
        "latin1",
      );
  return bytes.toString("utf8");
}
