import { Button } from "@svardesk/ui";
import type { AsideMail } from "@svardesk/wire";
import { useCallback, useEffect, useState } from "preact/hooks";
import { useApp } from "../../../context";
import { t } from "../../../i18n";
import { full } from "../../../time";

/** Mails that came in and were not taken: somebody looks, and takes them in or puts them away. */
export function Aside() {
  const app = useApp();
  const [mails, setMails] = useState<readonly AsideMail[]>([]);
  const load = useCallback(async () => setMails(await app.api.mailsAside().catch(() => [])), [app]);
  useEffect(() => void load(), [load]);
  const decide = async (mail: AsideMail, what: "take" | "dismiss") => {
    await app.attempt(() => app.api.decideAside(mail.id, what));
    await load();
  };
  if (!mails.length) return null;
  return (
    <section class="box stack">
      <h2>{t("mailboxes.aside")}</h2>
      <p class="quiet">{t("mailboxes.aside_hint")}</p>
      <ul class="plain stack">
        {mails.map((mail) => (
          <li key={mail.id}>
            <strong>{mail.subject || t("mail.no_subject")}</strong>
            <p class="quiet">
              {mail.sender} · {full(mail.received_at)}
            </p>
            <p>{t(`mailboxes.aside_${mail.why === "too_many" ? "many" : "broken"}`)}</p>
            <Button small icon="download" onClick={() => void decide(mail, "take")}>
              {t("mailboxes.aside_take")}
            </Button>
            <Button small kind="quiet" onClick={() => void decide(mail, "dismiss")}>
              {t("mailboxes.aside_dismiss")}
            </Button>
          </li>
        ))}
      </ul>
    </section>
  );
}
