import { Button, Check, SelectField, TextArea, TextField } from "@svardesk/ui";
import { LOCALES, type Locale, type MailSender } from "@svardesk/wire";
import { useState } from "preact/hooks";
import { useApp } from "../../../context";
import { known, t } from "../../../i18n";
import { LANGUAGES } from "../../AuthFrame";
import { Step, type StepProps } from "./Steps";

interface SignatureProps {
  texts: Readonly<Record<string, string>>;
  onTexts: (texts: Record<string, string>) => void;
}

/** One text a language; a customer gets the one of their language. */
function Signatures({ texts, onTexts }: SignatureProps) {
  const app = useApp();
  const own = known(app.session.me.value?.account.locale) ?? "nb";
  const [locale, setLocale] = useState<Locale>(own);
  const written = LOCALES.filter((each) => texts[each]?.trim());
  return (
    <div class="stack signature">
      <SelectField
        label={t("mailboxes.signature_language")}
        hint={
          written.length
            ? t("mailboxes.signature_written", { languages: written.map((each) => LANGUAGES[each]).join(", ") })
            : undefined
        }
        value={locale}
        options={LOCALES.map((each) => [each, LANGUAGES[each]] as const)}
        onValue={setLocale}
      />
      <TextArea
        label={t("mailboxes.signature")}
        hint={t("mailboxes.signature_hint")}
        rows={4}
        value={texts[locale] ?? ""}
        onValue={(text) => onTexts({ ...texts, [locale]: text })}
      />
    </div>
  );
}

interface SenderProps {
  sender: MailSender;
  name: string;
  onSender: (sender: MailSender | null) => void;
  error: string | null;
}

function Sender({ sender, name, onSender, error }: SenderProps) {
  return (
    <details class="sender stack">
      <summary>{name}</summary>
      <div class="stack">
        <TextField
          label={t("mailboxes.sender_name")}
          value={sender.name ?? ""}
          onValue={(value) => onSender({ ...sender, name: value })}
        />
        <TextField
          label={t("mailboxes.sender_address")}
          hint={t("mailboxes.sender_address_hint")}
          type="email"
          spellcheck={false}
          value={sender.address ?? ""}
          onValue={(value) => onSender({ ...sender, address: value.trim() })}
          error={error}
        />
        <Signatures texts={sender.signatures ?? {}} onTexts={(signatures) => onSender({ ...sender, signatures })} />
        <div>
          <Button small kind="danger" onClick={() => onSender(null)}>
            {t("mailboxes.sender_remove")}
          </Button>
        </div>
      </div>
    </details>
  );
}

export function AnswerStep({ draft, set, errorOf }: StepProps) {
  const app = useApp();
  if (!draft.sends) return null;
  const without = app.directory.teams.value.filter(({ id }) => !draft.senders.some((one) => one.team_id === id));
  const put = (at: number, sender: MailSender | null) =>
    set({ senders: draft.senders.flatMap((one, index) => (index === at ? (sender ? [sender] : []) : [one])) });
  return (
    <Step number={draft.receives ? 5 : 4} title={t("mailboxes.step_answers")}>
      <TextField
        label={t("mailboxes.hold")}
        hint={t("mailboxes.hold_hint")}
        inputMode="numeric"
        value={draft.hold_seconds}
        onValue={(hold_seconds) => set({ hold_seconds: hold_seconds.replace(/\D/g, "").slice(0, 3) })}
      />
      <Check
        label={t("mailboxes.receipt")}
        hint={t("mailboxes.receipt_hint")}
        checked={draft.receipt}
        onValue={(receipt) => set({ receipt })}
      />
      <Signatures texts={draft.signatures} onTexts={(signatures) => set({ signatures })} />
      {(draft.senders.length > 0 || without.length > 0) && (
        <div class="stack">
          <h3>{t("mailboxes.senders")}</h3>
          <p class="quiet">{t("mailboxes.senders_hint")}</p>
          {draft.senders.map((sender, at) => (
            <Sender
              key={sender.team_id}
              sender={sender}
              name={app.directory.team(sender.team_id)?.name ?? t("system.some_team")}
              onSender={(changed) => put(at, changed)}
              error={errorOf("senders")}
            />
          ))}
          {without.length > 0 && (
            <SelectField
              label={t("mailboxes.sender_add")}
              value=""
              options={[
                ["", t("mailboxes.sender_choose")],
                ...without.map((team): [string, string] => [team.id, team.name]),
              ]}
              onValue={(team_id) => {
                if (team_id) set({ senders: [...draft.senders, { team_id, name: "", address: "", signatures: {} }] });
              }}
            />
          )}
        </div>
      )}
    </Step>
  );
}
