// A desk of one file for working on the widget's look and manners: `node web/widget/dev/mock.mjs [port]`, after a build.
// It keeps one conversation per visitor in memory and answers by itself. Write "away" or "here" to send the agents out
// or back, "close" to end the talk, "slow" for a slow desk, "fail" for a refusal, "drop" to cut the socket.
import { createHash, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const STATIC = new URL("../../../src/svardesk/static/widget/", import.meta.url);
const LOCALE = new URL("../../../src/svardesk/locale/", import.meta.url);
const port = Number(process.argv[2] ?? 8099);
const visitors = new Map(); // token → { messages, sockets, files }
const state = { online: true, slow: 0 };

const texts = (locale) =>
  Object.fromEntries(
    [
      ...readFileSync(new URL(`${locale}/LC_MESSAGES/widget.po`, LOCALE), "utf8").matchAll(
        /msgid "(.+)"\nmsgstr "(.*)"/g,
      ),
    ].map(([, key, text]) => [key, text.replaceAll('\\"', '"')]),
  );

function framePage(query) {
  const manifest = JSON.parse(readFileSync(new URL("manifest.json", STATIC), "utf8"));
  const css = readFileSync(new URL(manifest["style.css"].file, STATIC), "utf8");
  const boot = {
    widget: query.get("w"),
    locale: query.get("locale"),
    parent: query.get("parent"),
    name: "Fjordnett",
    texts: texts(query.get("locale")),
  };
  return `<!doctype html><html lang="${boot.locale}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>Chat</title><style nonce="dev">${css}</style></head><body><div id="svardesk"></div><script type="application/json" id="svardesk-boot">${JSON.stringify(boot).replaceAll("<", "\\u003c")}</script><script type="module" src="/widget/${manifest["src/frame/main.tsx"].file}"></script></body></html>`;
}

const page = (lang) =>
  `<!doctype html><html lang="${lang}"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>Shop</title><h1>Fjordnett</h1><p>Internet and things.</p><script async src="/widget.js" data-widget="mock"></script>`;

function post(visitor, mine, body, extra = {}) {
  const message = {
    id: randomUUID(),
    seq: visitor.messages.length + 1,
    mine,
    author: mine ? { kind: "contact", name: null } : { kind: "agent", name: "Kari" },
    body,
    attachments: [],
    state: mine ? "sent" : null,
    client_id: null,
    created_at: new Date().toISOString(),
    version: 1,
    ...extra,
  };
  visitor.messages.push(message);
  tell(visitor, { t: "message", message, resume: `1:${message.seq}` });
  return message;
}

function tell(visitor, frame) {
  for (const socket of visitor.sockets) send(socket, frame);
}

function answer(visitor, body) {
  const seq = visitor.messages.length;
  setTimeout(() => tell(visitor, { t: "receipts", delivered_seq: seq, read_seq: 0 }), 300);
  if (!state.online) return;
  setTimeout(() => tell(visitor, { t: "receipts", delivered_seq: seq, read_seq: seq }), 900);
  setTimeout(() => tell(visitor, { t: "typing", name: "Kari", on: true }), 1100);
  setTimeout(() => post(visitor, false, `Takk, jeg ser på det: ${body}`), 2600);
}

const before = (visitor, seq) => {
  const said = visitor.messages.filter((message) => message.seq < seq);
  return { messages: said.slice(-50), earlier: said.length > 50 };
};

const session = (visitor, token) => ({
  visitor_token: token,
  identified: false,
  name: null,
  conversation: visitor.messages.length ? { id: visitor.id, status: visitor.status } : null,
  ...before(visitor, Number.POSITIVE_INFINITY),
  agents_online: state.online,
  reply_time_text: "Vi svarer vanligvis innen 5 minutter.",
  away_text: state.online ? null : "Vi har stengt nå og er tilbake mandag kl. 08:00. Skriv gjerne, så svarer vi da.",
  limits: {
    max_text: 8000,
    max_file: 10_485_760,
    max_files: 10,
    file_types: ["image/png", "image/jpeg", "application/pdf", ".txt"],
  },
  address_known: visitor.address,
  read_seq: 0,
  agents_delivered_seq: 0,
  agents_read_seq: 0,
  resume: `1:${visitor.messages.length}`,
});

function command(visitor, body) {
  if (body === "away" || body === "here") {
    state.online = body === "here";
    tell(visitor, { t: "availability", agents_online: state.online, away_text: session(visitor).away_text });
  }
  if (body === "close") {
    visitor.status = "closed";
    tell(visitor, { t: "conversation", status: "closed" });
  }
  if (body === "slow") state.slow = state.slow ? 0 : 2000;
  if (body === "drop") for (const socket of visitor.sockets) socket.destroy();
}

const server = createServer(async (request, response) => {
  const url = new URL(request.url, "http://x");
  const reply = (status, type, body, headers = {}) => {
    response.writeHead(status, { "Content-Type": type, ...headers });
    response.end(body);
  };
  const json = (status, value) => reply(status, "application/json", JSON.stringify(value));
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const raw = Buffer.concat(chunks);
  if (request.method === "GET") {
    if (url.pathname === "/widget.js") return reply(200, "text/javascript", readFileSync(new URL("widget.js", STATIC)));
    if (url.pathname === "/widget/frame")
      return reply(200, "text/html; charset=utf-8", framePage(url.searchParams), {
        "Content-Security-Policy":
          "default-src 'none'; script-src 'self'; style-src 'nonce-dev'; img-src 'self' data: blob:; connect-src 'self'; require-trusted-types-for 'script'",
      });
    if (url.pathname.startsWith("/widget/assets/"))
      return reply(200, "text/javascript", readFileSync(new URL(url.pathname.slice(8), STATIC)));
    if (url.pathname === "/widget/v1/messages") {
      const visitor = visitors.get(request.headers.authorization?.slice(7));
      return json(visitor ? 200 : 401, visitor ? before(visitor, Number(url.searchParams.get("before_seq"))) : {});
    }
    const file = /^\/files\/(.+)$/.exec(url.pathname);
    if (file) {
      for (const visitor of visitors.values()) {
        const found = visitor.files.get(file[1]);
        if (found) return reply(200, found.media_type, found.raw);
      }
    }
    return reply(200, "text/html; charset=utf-8", page(url.searchParams.get("lang") ?? "nb"), {
      "Content-Security-Policy":
        "default-src 'none'; script-src 'self'; frame-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'",
    });
  }
  await new Promise((resolve) => setTimeout(resolve, state.slow));
  if (url.pathname === "/widget/v1/session") {
    const given = JSON.parse(raw).visitor_token;
    const token = visitors.has(given) ? given : randomUUID();
    if (!visitors.has(token))
      visitors.set(token, {
        id: randomUUID(),
        status: "open",
        messages: [],
        sockets: new Set(),
        files: new Map(),
        address: false,
      });
    return json(200, session(visitors.get(token), token));
  }
  const visitor = visitors.get(request.headers.authorization?.slice(7));
  if (!visitor) return json(401, { error: { code: "unauthorised", message: "Who?", fields: {} } });
  if (url.pathname === "/widget/v1/messages") {
    const { client_id, body, file_ids } = JSON.parse(raw);
    const known = visitor.messages.find((message) => message.client_id === client_id);
    if (known) return json(200, { message: known });
    if (body === "fail") return json(422, { error: { code: "invalid", message: "No.", fields: {} } });
    visitor.status = "open";
    const attachments = file_ids.map((id) => ({ id, url: `/files/${id}`, ...visitor.files.get(id), raw: undefined }));
    const message = post(visitor, true, body, { client_id, attachments });
    command(visitor, body);
    answer(visitor, body);
    return json(201, { message });
  }
  if (url.pathname === "/widget/v1/files") {
    const id = randomUUID();
    const media_type = request.headers["content-type"];
    const name = decodeURIComponent(request.headers["x-file-name"]);
    visitor.files.set(id, { name, media_type, size: raw.length, image: media_type.startsWith("image/"), raw });
    return json(201, { id });
  }
  if (url.pathname === "/widget/v1/address") visitor.address = true;
  return json(200, {});
});

// Just enough of RFC 6455 for short text frames.
function send(socket, frame) {
  const data = Buffer.from(JSON.stringify(frame));
  const head = data.length < 126 ? [0x81, data.length] : [0x81, 126, data.length >> 8, data.length & 255];
  socket.write(Buffer.concat([Buffer.from(head), data]));
}

server.on("upgrade", (request, socket) => {
  const key = `${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${createHash("sha1").update(key).digest("base64")}\r\n\r\n`,
  );
  let visitor;
  socket.on("data", (data) => {
    if ((data[0] & 15) !== 1) return;
    const long = (data[1] & 127) === 126;
    const start = long ? 4 : 2;
    const mask = data.subarray(start, start + 4);
    const text = data.subarray(start + 4).map((byte, index) => byte ^ mask[index % 4]);
    let frame;
    try {
      frame = JSON.parse(Buffer.from(text).toString());
    } catch {
      return;
    }
    if (frame.t !== "hello") return;
    visitor = visitors.get(frame.token);
    visitor?.sockets.add(socket);
    send(socket, { t: "welcome", resume: frame.resume });
    send(socket, { t: "caught_up", missed: 0, resume: frame.resume });
  });
  socket.on("close", () => visitor?.sockets.delete(socket));
  socket.on("error", () => visitor?.sockets.delete(socket));
});

server.listen(port, () => console.warn(`http://localhost:${port}/?lang=nb`));
