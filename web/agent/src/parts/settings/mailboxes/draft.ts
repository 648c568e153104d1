// A mailbox as the form holds it, and the way from and to the server's words.
import { LOCALES, type Mailbox, type MailboxValues, type MailSender, type MailServer } from "@svardesk/wire";

export type Provider = "microsoft" | "google" | "password";

export interface BoxDraft {
  address: string;
  name: string;
  sender_name: string;
  aliases: string;
  provider: Provider;
  tenant: string;
  client_id: string;
  client_secret: string;
  username: string;
  password: string;
  smtp_password: string;
  /** Receives, and sends; a mailbox may do only one of them. */
  receives: boolean;
  sends: boolean;
  imap: MailServer;
  smtp: MailServer;
  folder: string;
  start: "now" | "all";
  after: "leave" | "seen" | "move";
  move_to: string;
  sent_folder: string;
  team_id: string;
  hold_seconds: string;
  receipt: boolean;
  reply_tokens: boolean;
  copy: boolean;
  authserv: string;
  timezone: string;
  signatures: Record<string, string>;
  senders: readonly MailSender[];
}

const server = (host: string, port: number, encryption: MailServer["encryption"]): MailServer => ({
  host,
  port,
  encryption,
  verify: true,
  insecure: false,
});

/** What is known of a provider: where its servers are, whether it keeps sent mail itself, how it names itself. */
const PRESETS: Record<Provider, Pick<BoxDraft, "imap" | "smtp" | "copy" | "authserv">> = {
  microsoft: {
    imap: server("outlook.office365.com", 993, "ssl"),
    smtp: server("smtp.office365.com", 587, "starttls"),
    copy: false,
    authserv: "microsoft",
  },
  google: {
    imap: server("imap.gmail.com", 993, "ssl"),
    smtp: server("smtp.gmail.com", 587, "starttls"),
    copy: false,
    authserv: "mx.google.com",
  },
  password: { imap: server("", 993, "ssl"), smtp: server("", 587, "starttls"), copy: true, authserv: "" },
};

export const domainOf = (address: string) => address.split("@")[1]?.trim().toLowerCase() ?? "";

export function newDraft(timezone: string): BoxDraft {
  return {
    ...PRESETS.microsoft,
    address: "",
    name: "",
    sender_name: "",
    aliases: "",
    provider: "microsoft",
    tenant: "organizations",
    client_id: "",
    client_secret: "",
    username: "",
    password: "",
    smtp_password: "",
    receives: true,
    sends: true,
    folder: "INBOX",
    start: "now",
    after: "leave",
    move_to: "Svardesk",
    sent_folder: "",
    team_id: "",
    hold_seconds: "10",
    receipt: false,
    reply_tokens: true,
    timezone,
    signatures: {},
    senders: [],
  };
}

export function draftOf({ mailbox }: Mailbox): BoxDraft {
  const { config } = mailbox;
  const preset = PRESETS[config.provider];
  return {
    address: config.address,
    name: mailbox.name,
    sender_name: config.name,
    aliases: (config.aliases ?? []).join("\n"),
    provider: config.provider,
    tenant: config.tenant,
    client_id: config.client_id,
    client_secret: "",
    username: config.username,
    password: "",
    smtp_password: "",
    receives: !!config.imap,
    sends: !!config.smtp,
    imap: config.imap ?? preset.imap,
    smtp: config.smtp ?? preset.smtp,
    folder: config.folder,
    start: config.start,
    after: config.after,
    move_to: config.move_to,
    sent_folder: config.sent_folder,
    team_id: mailbox.team_id ?? "",
    hold_seconds: String(config.hold_seconds),
    receipt: config.receipt,
    reply_tokens: config.reply_tokens,
    copy: config.copy,
    authserv: (config.authserv ?? []).join("\n"),
    timezone: config.timezone,
    signatures: { ...config.signatures },
    senders: config.senders ?? [],
  };
}

/** Another provider has other servers; a server of one's own is guessed from the address. */
export function withProvider(draft: BoxDraft, provider: Provider): BoxDraft {
  const next = { ...draft, ...PRESETS[provider], provider };
  return provider === "password" ? guessServers(next) : next;
}

/** Most who run mail for others call their servers so. What was written by hand stays. */
export function guessServers(draft: BoxDraft): BoxDraft {
  const domain = domainOf(draft.address);
  if (draft.provider !== "password" || !domain) return draft;
  const fits = (host: string) => !host || /^(?:imap|smtp)\./.test(host);
  return {
    ...draft,
    imap: fits(draft.imap.host) ? { ...draft.imap, host: `imap.${domain}` } : draft.imap,
    smtp: fits(draft.smtp.host) ? { ...draft.smtp, host: `smtp.${domain}` } : draft.smtp,
  };
}

const words = (text: string) => text.split(/[\s,;]+/).filter(Boolean);

function signaturesOf(texts: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    LOCALES.flatMap((locale) => {
      const text = texts[locale]?.trim();
      return text ? [[locale, text]] : [];
    }),
  );
}

/** What the server is told. Secrets that were not written stay as they are. */
export function valuesOf(draft: BoxDraft, version?: number): MailboxValues {
  const secret = (name: "password" | "smtp_password" | "client_secret") => (draft[name] ? { [name]: draft[name] } : {});
  return {
    address: draft.address.trim(),
    name: draft.name.trim() || draft.address.trim(),
    sender_name: draft.sender_name.trim(),
    aliases: words(draft.aliases),
    provider: draft.provider,
    tenant: draft.tenant.trim() || "organizations",
    client_id: draft.client_id.trim(),
    username: draft.username.trim(),
    imap: draft.receives ? { ...draft.imap, host: draft.imap.host.trim() } : null,
    smtp: draft.sends ? { ...draft.smtp, host: draft.smtp.host.trim() } : null,
    folder: draft.folder.trim() || "INBOX",
    start: draft.start,
    after: draft.after,
    move_to: draft.move_to.trim() || "Svardesk",
    sent_folder: draft.sent_folder.trim(),
    team_id: draft.team_id || null,
    hold_seconds: Math.max(0, Math.min(120, Math.round(Number(draft.hold_seconds)) || 0)),
    receipt: draft.receipt,
    reply_tokens: draft.reply_tokens,
    copy: draft.copy,
    authserv: words(draft.authserv),
    timezone: draft.timezone.trim(),
    signatures: signaturesOf(draft.signatures),
    senders: draft.senders.map((one) => ({ ...one, signatures: signaturesOf(one.signatures ?? {}) })),
    ...secret("password"),
    ...secret("smtp_password"),
    ...secret("client_secret"),
    ...(version === undefined ? {} : { version }),
  };
}
