import { LOCALES, type Locale } from "@svardesk/wire";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { useApp } from "../context";
import { loadLocale, locale, t } from "../i18n";
import { Logo } from "./Logo";

export const LANGUAGES: Record<Locale, string> = {
  nb: "Norsk bokmål",
  nn: "Norsk nynorsk",
  da: "Dansk",
  sv: "Svenska",
  fi: "Suomi",
  en: "English",
};

/** The quiet page around everything that happens before one is in. */
export function AuthFrame({ title, children }: { title: string; children: ComponentChildren }) {
  const app = useApp();
  const head = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Svardesk`;
  }, [title]);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: only links are followed
    <main class="auth" onClick={app.router.follow}>
      <div class="auth-card">
        <Logo />
        <h1 ref={head}>{title}</h1>
        {children}
      </div>
      <label class="auth-language">
        <span class="hidden-visually">{t("me.language")}</span>
        <select class="input" value={locale.value} onChange={(e) => void loadLocale(e.currentTarget.value as Locale)}>
          {LOCALES.map((each) => (
            <option key={each} value={each} lang={each} selected={each === locale.value}>
              {LANGUAGES[each]}
            </option>
          ))}
        </select>
      </label>
    </main>
  );
}
