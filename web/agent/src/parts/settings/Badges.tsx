import { Empty, Icon } from "@svardesk/ui";
import type { Badge } from "@svardesk/wire";
import { useCallback } from "preact/hooks";
import { useApp } from "../../context";
import { intl, t, tn } from "../../i18n";
import { full, left } from "../../time";
import { Loading, useLoaded } from "./load";

/** What Meta asks for: nine of ten conversations answered, within a quarter of an hour. */
const RATE = 0.9;
const WITHIN_SECONDS = 15 * 60;

const percent = (rate: number) =>
  new Intl.NumberFormat(intl(), { style: "percent", maximumFractionDigits: 0 }).format(Math.floor(rate * 100) / 100);

/** Would Meta show the badge? Both have to be met. */
export function hasBadge({ rate, within_seconds_p: within }: Badge): boolean {
  return rate !== null && rate >= RATE && within !== null && within <= WITHIN_SECONDS;
}

function Advice({ badge }: { badge: Badge }) {
  const won = hasBadge(badge);
  if (badge.conversations === 0) return <p>{t("badge.nobody")}</p>;
  if (badge.needed === null) return <p>{t(won ? "badge.holds" : "badge.lacks")}</p>;
  if (badge.needed === 0) return <p>{t("badge.holds")}</p>;
  return (
    <p>
      {tn(won ? "badge.keep" : "badge.win", badge.needed)}
      {badge.until && ` ${t("badge.until", { time: full(badge.until) })}`}
    </p>
  );
}

function One({ badge }: { badge: Badge }) {
  const won = hasBadge(badge);
  return (
    <section class="box stack" aria-label={badge.name}>
      <div class="mailbox-head">
        <Icon name="megaphone" />
        <h2 class="grow">{badge.name}</h2>
        <span class={`box-status ${won ? "works" : "unsigned"}`}>
          <Icon name={won ? "check" : "clock"} />
          {t(won ? "badge.has" : "badge.has_not")}
        </span>
      </div>
      <dl class="badge-figures">
        <div>
          <dt>{t("badge.rate")}</dt>
          <dd>{badge.rate === null ? "–" : percent(badge.rate)}</dd>
          <dd class="quiet">{t("badge.rate_goal", { goal: percent(RATE) })}</dd>
        </div>
        <div>
          <dt>{t("badge.time")}</dt>
          <dd>{badge.within_seconds_p === null ? "–" : left(badge.within_seconds_p * 1000)}</dd>
          <dd class="quiet">{t("badge.time_goal", { goal: left(WITHIN_SECONDS * 1000) })}</dd>
        </div>
        <div>
          <dt>{t("badge.conversations")}</dt>
          <dd>{new Intl.NumberFormat(intl()).format(badge.conversations)}</dd>
          <dd class="quiet">{t("badge.of_them", { answered: badge.answered, missed: badge.missed })}</dd>
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
            list.map((badge) => <One key={badge.page} badge={badge} />)
          )
        }
      </Loading>
    </>
  );
}
