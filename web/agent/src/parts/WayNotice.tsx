import { Banner } from "@svardesk/ui";
import type { Row, Way } from "@svardesk/wire";
import { useApp } from "../context";
import { t } from "../i18n";
import { StandbyNotice } from "./window/StandbyNotice";
import { WindowNotice } from "./window/WindowNotice";

/** Says why no answer can be written or what hinders it: the time that is up, another program, a way that does not work. */
export function WayNotice({ way, row }: { way: Way | null; row: Row }) {
  const app = useApp();
  if (!way) return null;
  if (way.open)
    return (
      <>
        {way.failing && <Banner icon="alert">{t(way.via === "email" ? "way.failing" : "way.failing_page")}</Banner>}
        <StandbyNotice way={way} row={row} />
        <WindowNotice row={row} way={way} />
      </>
    );
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
