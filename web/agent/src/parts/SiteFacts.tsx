import { Icon } from "@svardesk/ui";
import type { VisitorNow } from "@svardesk/wire";
import { intl, t } from "../i18n";

type Facts = VisitorNow["attributes"];

const inWords = (value: Facts[string]) =>
  typeof value === "boolean"
    ? t(value ? "answer.yes" : "answer.no")
    : typeof value === "number"
      ? new Intl.NumberFormat(intl(), { maximumFractionDigits: 6 }).format(value)
      : value;

function Group({ facts, signed }: { facts: [string, Facts[string]][]; signed: boolean }) {
  if (!facts.length) return null;
  const kind = signed ? "signed" : "claims";
  return (
    <div class="site-facts">
      <span class={`trust ${signed ? "strong" : "claimed"}`} title={t(`panel.site_${kind}_hint`)}>
        <Icon name={signed ? "shield" : "alert"} />
        {t(`panel.site_${kind}`)}
        <span class="hidden-visually">. {t(`panel.site_${kind}_hint`)}</span>
      </span>
      <dl class="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{inWords(value)}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

/** What the shop says of the visitor: signed by its server, and, marked as such, what only its page claims. */
export function SiteFacts({ visitor }: { visitor: VisitorNow }) {
  // The database keeps no order of names.
  const sorted = (facts: Facts) => Object.entries(facts).sort(([a], [b]) => a.localeCompare(b, intl()));
  const signed = sorted(visitor.signed_attributes);
  const claims = sorted(visitor.attributes).filter(([name]) => !(name in visitor.signed_attributes));
  if (!signed.length && !claims.length) return null;
  return (
    <section>
      <h3>{t("panel.from_site")}</h3>
      <Group facts={signed} signed />
      <Group facts={claims} signed={false} />
    </section>
  );
}
