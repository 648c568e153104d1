import { Banner, Button, Check, SelectField, TextArea, TextField } from "@svardesk/ui";
import { type ContactForm, type EmbeddedForm, type FormList, LOCALES, type Locale } from "@svardesk/wire";
import { useState } from "preact/hooks";
import { useApp } from "../../context";
import { useForm } from "../../form";
import { t } from "../../i18n";
import { LANGUAGES } from "../AuthFrame";
import { FieldList } from "./FormFields";
import { cleaned } from "./FormTools";
import { TopicList } from "./FormTopics";
import { Once } from "./load";

export type Change = (change: Partial<ContactForm>) => void;

/** `list` with `one` in or out of it, in the order of `all`. */
const toggled = <T,>(all: readonly T[], list: readonly T[], one: T, on: boolean): T[] =>
  all.filter((each) => (each === one ? on : list.includes(each)));

function Languages({ form, set }: { form: ContactForm; set: Change }) {
  return (
    <fieldset class="stack">
      <legend>{t("forms.languages")}</legend>
      {LOCALES.map((locale) => (
        <Check
          key={locale}
          label={LANGUAGES[locale]}
          checked={form.languages.includes(locale)}
          onValue={(on) => {
            const languages = toggled(LOCALES, form.languages, locale, on);
            if (languages.length) set({ languages });
          }}
        />
      ))}
    </fieldset>
  );
}

function Answers({ form, set, mailboxes }: { form: ContactForm; set: Change; mailboxes: FormList["mailboxes"] }) {
  const ways = ["email", "phone"] as const;
  return (
    <>
      <fieldset class="stack">
        <legend>{t("forms.answers")}</legend>
        {ways.map((way) => (
          <Check
            key={way}
            label={t(way === "phone" ? "filled.call" : "filled.email")}
            checked={form.answers.includes(way)}
            onValue={(on) => {
              const answers = toggled(ways, form.answers, way, on);
              if (answers.length) set({ answers });
            }}
          />
        ))}
      </fieldset>
      <SelectField
        label={t("forms.mailbox")}
        hint={t("forms.mailbox_hint")}
        value={form.reply_connection_id ?? ""}
        options={[["", t("forms.no_mailbox")], ...mailboxes.map((one): [string, string] => [one.id, one.name])]}
        onValue={(id) => set({ reply_connection_id: id || null })}
      />
      {!form.reply_connection_id && form.answers.includes("email") && (
        <Banner icon="alert">{t("forms.mailbox_missing")}</Banner>
      )}
    </>
  );
}

function Texts({ form, set, locale }: { form: ContactForm; set: Change; locale: Locale }) {
  const text = form.texts[locale] ?? { title: "", intro: "" };
  const put = (change: Partial<typeof text>) => set({ texts: { ...form.texts, [locale]: { ...text, ...change } } });
  return (
    <>
      <TextField
        label={t("forms.title")}
        maxLength={120}
        value={text.title ?? ""}
        onValue={(title) => put({ title })}
      />
      <TextArea label={t("forms.intro")} rows={3} value={text.intro ?? ""} onValue={(intro) => put({ intro })} />
    </>
  );
}

function Embedding({ of: { embed, form } }: { of: EmbeddedForm }) {
  return (
    <details>
      <summary>{t("forms.embed")}</summary>
      <div class="stack">
        <Once label={t("forms.link")} value={embed.link} hint={t("forms.link_hint")} />
        <Once label={t("forms.frame")} value={embed.frame} hint={t("forms.frame_hint")} />
        <Once label={t("forms.endpoint")} value={embed.endpoint} hint={t("forms.endpoint_hint", { key: form.key })} />
      </div>
    </details>
  );
}

export function FormEditor(props: { of: EmbeddedForm; mailboxes: FormList["mailboxes"]; again: () => Promise<void> }) {
  const { of, mailboxes, again } = props;
  const app = useApp();
  const [form, setForm] = useState(of.form);
  const [origins, setOrigins] = useState(of.form.origins.join("\n"));
  const [locale, setLocale] = useState<Locale>(of.form.languages[0] ?? "nb");
  const [ending, setEnding] = useState(false);
  const set: Change = (change) => setForm((old) => ({ ...old, ...change }));
  const saving = useForm(async () => {
    const { id, key: _key, status: _status, ...values } = cleaned(form);
    await app.api.patchForm(id, { ...values, origins: origins.split(/\s+/).filter(Boolean) });
    await again();
    app.toasts.say(t("done.saved"));
  });
  const shown = form.languages.includes(locale) ? locale : (form.languages[0] ?? "nb");
  return (
    <section class="box stack" aria-label={of.form.name}>
      <h2>{of.form.name}</h2>
      <p>
        <a href={`/form/${of.form.key}`} target="_blank" rel="noreferrer">
          {t("forms.preview")}
        </a>
      </p>
      <Embedding of={of} />
      <form class="stack narrow" onSubmit={saving.submit}>
        <TextField
          label={t("forms.name")}
          required
          maxLength={120}
          value={form.name}
          onValue={(name) => set({ name })}
        />
        <Languages form={form} set={set} />
        <Answers form={form} set={set} mailboxes={mailboxes} />
        <SelectField
          label={t("widgets.team")}
          value={form.team_id ?? ""}
          options={[
            ["", t("widgets.no_team")],
            ...app.directory.teams.value.map((each): [string, string] => [each.id, each.name]),
          ]}
          onValue={(id) => set({ team_id: id || null })}
        />
        <TextArea
          label={t("forms.origins")}
          hint={t("forms.origins_hint")}
          rows={3}
          spellcheck={false}
          value={origins}
          onValue={setOrigins}
        />
        <SelectField
          label={t("forms.text_language")}
          value={shown}
          options={form.languages.map((one): [Locale, string] => [one, LANGUAGES[one]])}
          onValue={setLocale}
        />
        <Texts form={form} set={set} locale={shown} />
        <TopicList form={form} set={set} locale={shown} />
        <FieldList form={form} set={set} locale={shown} />
        {saving.said && (
          <Banner kind="bad" icon="alert" role="alert">
            {saving.said}
          </Banner>
        )}
        <div class="line-of-buttons">
          <Button kind="primary" type="submit" busy={saving.busy}>
            {t("action.save")}
          </Button>
          <Button
            kind="danger"
            onClick={() => {
              if (!ending) setEnding(true);
              else
                void app.attempt(async () => {
                  await app.api.deleteForm(of.form.id);
                  await again();
                });
            }}
          >
            {t(ending ? "forms.end_sure" : "forms.end")}
          </Button>
        </div>
      </form>
    </section>
  );
}
