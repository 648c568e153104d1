import { Button, Icon } from "@svardesk/ui";
import type { Way } from "@svardesk/wire";
import { useApp } from "../../context";
import { t } from "../../i18n";
import { channelIcon, channelName } from "../words";

const REACHED_BY: Record<string, string> = { email: "mailto:", phone: "tel:" };

/** What can be done where nothing free may be written any more: an approved text, another address. */
export function WaysLeft({ way }: { way: Way }) {
  const app = useApp();
  const templates = way.templates ?? [];
  const others = way.others ?? [];
  if (!templates.length && !others.length) return <p>{t("window.no_way")}</p>;
  return (
    <ul class="ways-left">
      {templates.map((name) => (
        <li key={name}>
          <Icon name="file" />
          {t("window.template", { name })}
        </li>
      ))}
      {others.map(({ kind, address }) => (
        <li key={`${kind} ${address}`}>
          <Icon name={channelIcon(kind)} />
          <span>{t("window.other", { channel: channelName(kind) })}</span>{" "}
          {REACHED_BY[kind] ? <a href={`${REACHED_BY[kind]}${address}`}>{address}</a> : <span>{address}</span>}
          <Button
            small
            kind="quiet"
            icon="copy"
            aria-label={t("window.copy", { address })}
            onClick={() => void app.attempt(() => navigator.clipboard.writeText(address), t("done.copied"))}
          >
            {t("action.copy")}
          </Button>
        </li>
      ))}
    </ul>
  );
}
