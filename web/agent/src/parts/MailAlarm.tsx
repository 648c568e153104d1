import { Banner } from "@svardesk/ui";
import { useApp } from "../context";
import { t } from "../i18n";
import { mailboxText } from "../mail/words";
import { full } from "../time";

/** A mailbox that does not work is everybody's trouble: said loudly, everywhere, until it works again. */
export function MailAlarm() {
  const app = useApp();
  const broken = app.mailboxes.broken.value;
  if (!broken.length) return null;
  return (
    <div class="mail-alarm">
      {broken.map(({ mailbox: { id, name, state } }) => {
        const since = state.failing_since ?? state.send_failing_since;
        const receives = state.status !== "disconnected";
        return (
          <Banner
            key={id}
            kind="bad"
            icon="alert"
            role="alert"
            actions={
              <a class="btn small" href="/app/settings/mailboxes">
                {t("mailboxes.look")}
              </a>
            }
          >
            <strong>
              {since
                ? t(receives ? "mailboxes.alarm_send_since" : "mailboxes.alarm_since", { name, time: full(since) })
                : t(receives ? "mailboxes.alarm_send" : "mailboxes.alarm", { name })}
            </strong>{" "}
            {!receives && mailboxText(state.error_code)}
          </Banner>
        );
      })}
    </div>
  );
}
