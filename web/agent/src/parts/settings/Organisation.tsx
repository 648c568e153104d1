import { Button, SelectField, TextField } from "@svardesk/ui";
import { LOCALES, type OrganisationSettings } from "@svardesk/wire";
import { useCallback, useState } from "preact/hooks";
import { useApp } from "../../context";
import { useForm } from "../../form";
import { t } from "../../i18n";
import { LANGUAGES } from "../AuthFrame";
import { Loading, useLoaded } from "./load";

function Form({ first }: { first: OrganisationSettings }) {
  const app = useApp();
  const [name, setName] = useState(first.name);
  const [locale, setLocale] = useState(first.locale);
  const [timezone, setTimezone] = useState(first.timezone);
  const form = useForm(async () => {
    await app.api.patchSettings({ name: name.trim(), locale, timezone: timezone.trim() });
    app.toasts.say(t("done.saved"));
  });
  return (
    <form class="stack narrow" onSubmit={form.submit}>
      <TextField label={t("organisation.name")} required maxLength={120} value={name} onValue={setName} />
      <SelectField
        label={t("organisation.language")}
        hint={t("organisation.language_hint")}
        value={locale}
        options={LOCALES.map((each) => [each, LANGUAGES[each]] as const)}
        onValue={setLocale}
      />
      <TextField
        label={t("organisation.timezone")}
        hint={t("organisation.timezone_hint")}
        required
        value={timezone}
        onValue={setTimezone}
        error={form.said}
      />
      <div>
        <Button kind="primary" type="submit" busy={form.busy}>
          {t("action.save")}
        </Button>
      </div>
    </form>
  );
}

export function Organisation() {
  const app = useApp();
  const settings = useLoaded(useCallback(() => app.api.settings(), [app]));
  return <Loading of={settings}>{(value) => <Form first={value} />}</Loading>;
}
