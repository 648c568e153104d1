import { Icon } from "@svardesk/ui";
import type { Row, Way } from "@svardesk/wire";
import { t } from "../../i18n";
import { full, left, serverNow } from "../../time";
import { SOON_MS, type Standing, standing } from "../../window";

/** What may be written just now, in a few words. */
export function windowText(now: Standing): string {
  return now.kind === "closed" ? t("window.closed") : t(`window.${now.kind}`, { left: left(now.left) });
}

/** How long an answer is still free: counted down by the half minute, never read aloud by itself. */
export function WindowClock({ row, way }: { row: Row; way: Way | null }) {
  const now = standing(row.window_from, way?.windows, serverNow());
  if (!now) return null;
  const soon = now.kind === "free" && now.left <= SOON_MS;
  return (
    <span
      class={`window-clock ${now.kind}${soon ? " soon" : ""}`}
      title={now.until === null ? undefined : t("window.until", { time: full(now.until) })}
    >
      <Icon name={now.kind === "closed" ? "lock" : "hourglass"} />
      {windowText(now)}
    </span>
  );
}
