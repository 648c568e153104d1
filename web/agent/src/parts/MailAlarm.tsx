import { Banner } from "@svardesk/ui";
import { useApp } from "../context";
import { t } from "../i18n";
import { mailboxText } from "../mail/words";
import { full } from "../time";

/** A mailbox that does not work is everybody's trouble: said loudly, everywhere, until it works again. */
export function MailAlarm() {
  const app = useApp();
  const broken = app.mailboxes.alarms.value;
  if (!broken.length) return null;
  return (
    <div class="mail-alarm">
      {broken.map(({ id, name, receives, since, code }) => {
        return (
          <Banner
            key={id}
            kind="bad"
            icon="alert"
            role="alert"
            actions={
              app.session.may("channels.manage") && (
                <a class="btn small" href="/app/settings/mailboxes">
                  {t("mailboxes.look")}
                </a>
              )
            }
          >
            <strong>
              {since
                ? t(receives ? "mailboxes.alarm_send_since" : "mailboxes.alarm_since", { name, time: full(since) })
                : t(receives ? "mailboxes.alarm_send" : "mailboxes.alarm", { name })}
            </strong>{" "}
            {!receives && mailboxText(code)}
          </Banner>
        );
      })}
    </div>
  );
}
