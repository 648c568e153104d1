import { Button } from "@svardesk/ui";
import type { MetaPage } from "@svardesk/wire";
import { useState } from "preact/hooks";
import { useApp } from "../../../context";
import { useForm } from "../../../form";
import { t } from "../../../i18n";
import { draftOf, lacksDefault, type MenusDraft, menusOf, SHEETS, type Sheet } from "./draft";
import { SheetForm } from "./SheetForm";

const TAGS: Record<string, string> = {
  nb_NO: "Norsk bokmål",
  nn_NO: "Norsk nynorsk",
  da_DK: "Dansk",
  sv_SE: "Svenska",
  fi_FI: "Suomi",
  en_US: "English",
};
export const sheetName = (locale: string) => (locale === "default" ? t("meta.everybody") : (TAGS[locale] ?? locale));

/** What people see in Messenger before they write; read from Meta when it is opened, written there when it is saved. */
export function Profile({ page }: { page: MetaPage }) {
  const app = useApp();
  const [draft, setDraft] = useState<MenusDraft | null>(null);
  const [locale, setLocale] = useState<string>("default");
  const [failed, setFailed] = useState(false);
  const load = async () => {
    const done = await app.attempt(async () => setDraft(draftOf((await app.api.messengerProfile(page.id)).menus)));
    setFailed(!done);
  };
  const form = useForm(async () => {
    if (!draft) return;
    setDraft(draftOf((await app.api.putMessengerProfile(page.id, menusOf(draft))).menus));
    app.toasts.say(t("meta.profile_saved"));
  });
  const sheet = draft?.[locale];
  const change = (next: Partial<Sheet>) => draft && sheet && setDraft({ ...draft, [locale]: { ...sheet, ...next } });
  const filled = ({ greeting, questions, menu }: Sheet) => !!greeting || questions.length > 0 || menu.length > 0;
  return (
    <details
      class="meta-more"
      onToggle={(event) => {
        if (event.currentTarget.open && !draft) void load();
      }}
    >
      <summary>{t("meta.profile")}</summary>
      {failed && (
        <Button small icon="refresh" onClick={() => void load()}>
          {t("action.again")}
        </Button>
      )}
      {draft && sheet && (
        <form class="stack" onSubmit={form.submit}>
          <p class="quiet">{t("meta.profile_hint")}</p>
          <div class="line-of-buttons" role="tablist" aria-label={t("panel.language")}>
            {[...new Set([...SHEETS, ...Object.keys(draft)])].map((each) => (
              <button
                key={each}
                type="button"
                role="tab"
                class="btn small quiet sheet-tab"
                aria-selected={each === locale}
                aria-controls={`sheet-${page.id}`}
                onClick={() => setLocale(each)}
              >
                {sheetName(each)}
                {draft[each] && filled(draft[each]) && " •"}
              </button>
            ))}
          </div>
          <div id={`sheet-${page.id}`} role="tabpanel" aria-label={sheetName(locale)}>
            <SheetForm key={locale} locale={locale} sheet={sheet} page={page.name} onChange={change} />
          </div>
          {lacksDefault(draft) && (
            <p class="form-error" role="alert">
              {t("meta.lacks_default")}
            </p>
          )}
          {form.said && (
            <p class="form-error" role="alert">
              {form.said}
            </p>
          )}
          <div>
            <Button kind="primary" type="submit" busy={form.busy} disabled={lacksDefault(draft)}>
              {t("meta.profile_save")}
            </Button>
          </div>
        </form>
      )}
    </details>
  );
}
