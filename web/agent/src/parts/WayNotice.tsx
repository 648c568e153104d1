import { Banner } from "@svardesk/ui";
import type { Way } from "@svardesk/wire";
import { useApp } from "../context";
import { t } from "../i18n";

/** Says why no answer can be written, or that answers wait because the mailbox does not work. */
export function WayNotice({ way }: { way: Way | null }) {
  const app = useApp();
  if (way?.open && way.failing) return <Banner icon="alert">{t("way.failing")}</Banner>;
  if (!way || way.open) return null;
  const owner = app.session.may("channels.manage");
  // Each form names the mailbox that carries its answers.
  const where = way.via === "form" ? "forms" : "mailboxes";
  return (
    <Banner
      icon={way.closed_by === "call" ? "phone" : "lock"}
      actions={
        way.closed_by === "call" && way.address ? (
          <a class="btn small" href={`tel:${way.address.replace(/[^+\d]/g, "")}`}>
            {t("way.call_button", { number: way.address })}
          </a>
        ) : way.closed_by === "no_mailbox" && owner ? (
          <a class="btn small" href={`/app/settings/${where}`}>
            {t(`settings.${where}`)}
          </a>
        ) : null
      }
    >
      {t(`way.${way.closed_by ?? "gone"}`)}
    </Banner>
  );
}
