import { Banner } from "@svardesk/ui";
import { useApp } from "../context";
import { t } from "../i18n";
import { problemText } from "../meta/words";
import { full } from "../time";

/** A page that does not work is everybody's trouble: said loudly, everywhere, until it works again. */
export function MetaAlarm() {
  const app = useApp();
  const broken = app.meta.broken.value;
  if (!broken.length) return null;
  return (
    <div class="mail-alarm">
      {broken.map(({ name, status, codes, since }) => (
        <Banner
          key={name}
          kind={status === "degraded" ? "warn" : "bad"}
          icon="alert"
          role="alert"
          actions={
            <a class="btn small" href="/app/settings/meta">
              {t("meta.look")}
            </a>
          }
        >
          <strong>
            {since ? t(`meta.alarm_${status}_since`, { name, time: full(since) }) : t(`meta.alarm_${status}`, { name })}
          </strong>{" "}
          {codes[0] && problemText(codes[0])}
        </Banner>
      ))}
    </div>
  );
}
