// The steps of the form. Each asks what belongs together, in the order in which one knows it.
import { Check, SelectField, TextArea, TextField } from "@svardesk/ui";
import type { MailServer } from "@svardesk/wire";
import type { ComponentChildren } from "preact";
import { useApp } from "../../../context";
import { t } from "../../../i18n";
import { type BoxDraft, guessServers, type Provider, withProvider } from "./draft";

export interface StepProps {
  draft: BoxDraft;
  /** Secrets that are kept already; a new one replaces them. */
  has: readonly string[];
  set: (change: Partial<BoxDraft>) => void;
  replace: (draft: BoxDraft) => void;
  errorOf: (field: string) => string | null;
}

export function Step({ number, title, children }: { number: number; title: string; children: ComponentChildren }) {
  return (
    <fieldset class="box stack step">
      <legend class="step-title">
        <span class="step-number">{number}</span>
        {title}
      </legend>
      {children}
    </fieldset>
  );
}

export function AddressStep({ draft, set, replace, errorOf }: StepProps) {
  const app = useApp();
  return (
    <Step number={1} title={t("mailboxes.step_address")}>
      <TextField
        label={t("mailboxes.address")}
        hint={t("mailboxes.address_hint")}
        type="email"
        required
        maxLength={254}
        spellcheck={false}
        value={draft.address}
        onValue={(address) => replace(guessServers({ ...draft, address }))}
        error={errorOf("address")}
      />
      <TextField
        label={t("mailboxes.sender_name")}
        hint={t("mailboxes.sender_name_hint")}
        maxLength={200}
        value={draft.sender_name}
        onValue={(sender_name) => set({ sender_name })}
      />
      <TextField
        label={t("mailboxes.name")}
        hint={t("mailboxes.name_hint")}
        maxLength={120}
        value={draft.name}
        onValue={(name) => set({ name })}
      />
      <SelectField
        label={t("mailboxes.team")}
        value={draft.team_id}
        options={[
          ["", t("widgets.no_team")],
          ...app.directory.teams.value.map((each): [string, string] => [each.id, each.name]),
        ]}
        onValue={(team_id) => set({ team_id })}
      />
    </Step>
  );
}

const PROVIDERS: readonly Provider[] = ["microsoft", "google", "password"];

export function ProviderStep({ draft, has, set, replace }: StepProps) {
  const own = draft.provider === "password";
  return (
    <Step number={2} title={t("mailboxes.step_provider")}>
      <div class="choices" role="radiogroup" aria-label={t("mailboxes.step_provider")}>
        {PROVIDERS.map((provider) => (
          <label key={provider} class="choice">
            <input
              type="radio"
              name="provider"
              checked={draft.provider === provider}
              onChange={() => replace(withProvider(draft, provider))}
            />
            <span>
              <strong>{t(`mailboxes.provider_${provider}`)}</strong>
              <span class="hint">{t(`mailboxes.provider_${provider}_hint`)}</span>
            </span>
          </label>
        ))}
      </div>
      {own ? (
        <>
          <TextField
            label={t("mailboxes.username")}
            hint={t("mailboxes.username_hint")}
            autocomplete="off"
            spellcheck={false}
            value={draft.username}
            onValue={(username) => set({ username })}
          />
          <TextField
            label={t("mailboxes.password")}
            hint={t(has.includes("password") ? "mailboxes.secret_kept" : "mailboxes.password_hint")}
            type="password"
            autocomplete="new-password"
            value={draft.password}
            onValue={(password) => set({ password })}
          />
        </>
      ) : (
        <>
          <p class="quiet">{t(`mailboxes.register_${draft.provider}`)}</p>
          <TextField
            label={t("mailboxes.client_id")}
            required
            spellcheck={false}
            value={draft.client_id}
            onValue={(client_id) => set({ client_id })}
          />
          <TextField
            label={t("mailboxes.client_secret")}
            hint={has.includes("client_secret") ? t("mailboxes.secret_kept") : undefined}
            type="password"
            autocomplete="new-password"
            value={draft.client_secret}
            onValue={(client_secret) => set({ client_secret })}
          />
          {draft.provider === "microsoft" && (
            <TextField
              label={t("mailboxes.tenant")}
              hint={t("mailboxes.tenant_hint")}
              spellcheck={false}
              value={draft.tenant}
              onValue={(tenant) => set({ tenant })}
            />
          )}
        </>
      )}
    </Step>
  );
}

interface ServerProps {
  label: string;
  server: MailServer;
  onServer: (server: MailServer) => void;
}

function Server({ label, server, onServer }: ServerProps) {
  return (
    <fieldset class="server-line" aria-label={label}>
      <TextField
        label={label}
        required
        spellcheck={false}
        maxLength={253}
        value={server.host}
        onValue={(host) => onServer({ ...server, host })}
      />
      <TextField
        label={t("mailboxes.port")}
        inputMode="numeric"
        required
        value={String(server.port)}
        onValue={(port) => onServer({ ...server, port: Number(port.replace(/\D/g, "").slice(0, 5)) })}
      />
      <SelectField
        label={t("mailboxes.encryption")}
        value={server.encryption}
        options={(["ssl", "starttls", "none"] as const).map(
          (kind) => [kind, t(`mailboxes.encryption_${kind}`)] as const,
        )}
        onValue={(encryption) => onServer({ ...server, encryption })}
      />
    </fieldset>
  );
}

export function ServerStep({ draft, set }: StepProps) {
  return (
    <Step number={3} title={t("mailboxes.step_servers")}>
      {draft.provider !== "password" && <p class="quiet">{t("mailboxes.servers_known")}</p>}
      <Check label={t("mailboxes.receives")} checked={draft.receives} onValue={(receives) => set({ receives })} />
      {draft.receives && <Server label={t("mailboxes.imap")} server={draft.imap} onServer={(imap) => set({ imap })} />}
      <Check label={t("mailboxes.sends")} checked={draft.sends} onValue={(sends) => set({ sends })} />
      {draft.sends && <Server label={t("mailboxes.smtp")} server={draft.smtp} onServer={(smtp) => set({ smtp })} />}
    </Step>
  );
}

export function FolderStep({ draft, set, errorOf }: StepProps) {
  if (!draft.receives) return null;
  return (
    <Step number={4} title={t("mailboxes.step_folders")}>
      <SelectField
        label={t("mailboxes.start")}
        value={draft.start}
        options={(["now", "all"] as const).map((key) => [key, t(`mailboxes.start_${key}`)] as const)}
        onValue={(start) => set({ start })}
      />
      <SelectField
        label={t("mailboxes.after")}
        value={draft.after}
        options={(["leave", "seen", "move"] as const).map((key) => [key, t(`mailboxes.after_${key}`)] as const)}
        onValue={(after) => set({ after })}
      />
      {draft.after === "move" && (
        <TextField
          label={t("mailboxes.move_to")}
          required
          value={draft.move_to}
          onValue={(move_to) => set({ move_to })}
          error={errorOf("move_to")}
        />
      )}
      <TextField
        label={t("mailboxes.folder")}
        hint={t("mailboxes.folder_hint")}
        value={draft.folder}
        onValue={(folder) => set({ folder })}
      />
    </Step>
  );
}

export function AdvancedStep({ draft, has, set, errorOf }: StepProps) {
  return (
    <details class="box stack">
      <summary>{t("mailboxes.advanced")}</summary>
      <div class="stack">
        <TextArea
          label={t("mailboxes.aliases")}
          hint={t("mailboxes.aliases_hint")}
          rows={2}
          spellcheck={false}
          value={draft.aliases}
          onValue={(aliases) => set({ aliases })}
          error={errorOf("aliases")}
        />
        <Check
          label={t("mailboxes.reply_tokens")}
          hint={t("mailboxes.reply_tokens_hint")}
          checked={draft.reply_tokens}
          onValue={(reply_tokens) => set({ reply_tokens })}
        />
        <Check
          label={t("mailboxes.copy")}
          hint={t("mailboxes.copy_hint")}
          checked={draft.copy}
          onValue={(copy) => set({ copy })}
        />
        <TextArea
          label={t("mailboxes.authserv")}
          hint={t("mailboxes.authserv_hint")}
          rows={2}
          spellcheck={false}
          value={draft.authserv}
          onValue={(authserv) => set({ authserv })}
        />
        <TextField
          label={t("mailboxes.sent_folder")}
          hint={t("mailboxes.sent_folder_hint")}
          value={draft.sent_folder}
          onValue={(sent_folder) => set({ sent_folder })}
        />
        <TextField
          label={t("organisation.timezone")}
          hint={t("organisation.timezone_hint")}
          value={draft.timezone}
          onValue={(timezone) => set({ timezone })}
          error={errorOf("timezone")}
        />
        {draft.provider === "password" && (
          <TextField
            label={t("mailboxes.smtp_password")}
            hint={t(has.includes("smtp_password") ? "mailboxes.secret_kept" : "mailboxes.smtp_password_hint")}
            type="password"
            autocomplete="new-password"
            value={draft.smtp_password}
            onValue={(smtp_password) => set({ smtp_password })}
          />
        )}
      </div>
    </details>
  );
}
