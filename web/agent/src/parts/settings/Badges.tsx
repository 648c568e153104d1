import { Empty, Icon } from "@svardesk/ui";
import type { Badge } from "@svardesk/wire";
import { useCallback } from "preact/hooks";
import { useApp } from "../../context";
import { intl, t, tn } from "../../i18n";
import { clock, left } from "../../time";
import { channelIcon, channelName } from "../words";
import { Loading, useLoaded } from "./load";

const percent = (rate: number) =>
  new Intl.NumberFormat(intl(), { style: "percent", maximumFractionDigits: 0 }).format(Math.floor(rate * 100) / 100);

/** What would win the badge, keep it, or costs it if nobody looks. */
function Advice({ badge }: { badge: Badge }) {
  const { talks, held, needed, spare, open, answer_by: by } = badge;
  return (
    <>
      {talks === 0 && <p>{t("badge.nobody", { days: badge.days })}</p>}
      {talks > 0 && held && <p>{spare > 0 ? tn("badge.spare", spare) : t("badge.no_spare")}</p>}
      {talks > 0 && !held && needed > 0 && <p>{tn("badge.win", needed, { minutes: badge.minutes })}</p>}
      {open > 0 && by && (
        <p class="badge-open">
          <Icon name="hourglass" />
          {tn("badge.open", open, { clock: clock(by) })}
        </p>
      )}
    </>
  );
}

function One({ badge }: { badge: Badge }) {
  const { held, share, later, missed } = badge;
  return (
    <section class="box stack" aria-label={`${badge.name}, ${channelName(badge.channel)}`}>
      <div class="mailbox-head">
        <Icon name={channelIcon(badge.channel)} />
        <div class="grow">
          <h2>{badge.name}</h2>
          <span class="quiet">{channelName(badge.channel)}</span>
        </div>
        <span class={`box-status ${held ? "works" : "unsigned"}`}>
          <Icon name={held ? "check" : "clock"} />
          {t(held ? "badge.has" : "badge.has_not")}
        </span>
      </div>
      <dl class="badge-figures">
        <div>
          <dt>{t("badge.rate", { minutes: badge.minutes })}</dt>
          <dd>{share === null ? "–" : percent(share)}</dd>
          <dd class="quiet">{t("badge.goal", { goal: percent(badge.wanted) })}</dd>
        </div>
        <div>
          <dt>{t("badge.time")}</dt>
          <dd>{badge.median_seconds === null ? "–" : left(badge.median_seconds * 1000)}</dd>
          <dd class="quiet">{t("badge.median")}</dd>
        </div>
        <div>
          <dt>{t("badge.conversations")}</dt>
          <dd>{new Intl.NumberFormat(intl()).format(badge.talks)}</dd>
          <dd class="quiet">{t("badge.of_them", { in_time: badge.in_time, later, missed })}</dd>
        </div>
      </dl>
      <Advice badge={badge} />
    </section>
  );
}

/** Response rate and time of each page, as Meta counts them for the badge that customers see. */
export function Badges() {
  const app = useApp();
  const badges = useLoaded(useCallback(() => app.api.badges(), [app]));
  return (
    <>
      <p class="quiet">{t("badge.explain")}</p>
      <Loading of={badges}>
        {(list) =>
          list.length === 0 ? (
            <Empty icon="clock" title={t("badge.none")} />
          ) : (
            list.map((badge) => <One key={badge.connection_id} badge={badge} />)
          )
        }
      </Loading>
    </>
  );
}
