import { Button, SelectField, TextField } from "@svardesk/ui";
import { LOCALES } from "@svardesk/wire";
import { useState } from "preact/hooks";
import { useApp } from "../../context";
import { useForm } from "../../form";
import { loadLocale, locale, t } from "../../i18n";
import type { Theme } from "../../stores/prefs";
import { LANGUAGES } from "../AuthFrame";

export function Profile() {
  const app = useApp();
  const me = app.session.me.value;
  const [name, setName] = useState(me?.agent.name ?? "");
  const [language, setLanguage] = useState(locale.value);
  const form = useForm(async () => {
    await app.session.change({ name: name.trim(), locale: language });
    await loadLocale(language);
    app.toasts.say(t("done.saved"));
  });
  if (!me) return null;
  const themes: [Theme, string][] = [
    ["auto", t("theme.auto")],
    ["light", t("theme.light")],
    ["dark", t("theme.dark")],
  ];
  return (
    <>
      <form class="stack narrow" onSubmit={form.submit}>
        <TextField
          label={t("me.name")}
          hint={t("me.name_hint")}
          required
          maxLength={120}
          autocomplete="name"
          value={name}
          onValue={setName}
          error={form.said}
        />
        <TextField label={t("signin.email")} value={me.agent.email} onValue={() => undefined} readOnly />
        <SelectField
          label={t("me.language")}
          value={language}
          options={LOCALES.map((each) => [each, LANGUAGES[each]] as const)}
          onValue={setLanguage}
        />
        <div>
          <Button kind="primary" type="submit" busy={form.busy}>
            {t("action.save")}
          </Button>
        </div>
      </form>
      <section class="stack narrow">
        <h2>{t("settings.look")}</h2>
        <SelectField
          label={t("theme.label")}
          value={app.prefs.theme.value}
          options={themes}
          onValue={(theme) => (app.prefs.theme.value = theme)}
        />
      </section>
    </>
  );
}
