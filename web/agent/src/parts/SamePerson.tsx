import { Button, Icon } from "@svardesk/ui";
import type { Contact, Merge, Relations, Suggestion } from "@svardesk/wire";
import { useState } from "preact/hooks";
import { useApp } from "../context";
import { t } from "../i18n";
import { ALL, format } from "../router";
import { merge, tellApart, undoMerge } from "../stores/actions";
import { ago, full } from "../time";

const VERIFIED = new Set(["platform_account", "domain_verified", "signed_token", "phone_number"]);
const FEW = 3;

/** One press at a time: the second of two quick ones would be refused with words that say nothing to anybody. */
function useBusy(): [boolean, (work: () => Promise<unknown>) => void] {
  const [busy, setBusy] = useState(false);
  return [
    busy,
    (work) => {
      setBusy(true);
      void work().finally(() => setBusy(false));
    },
  ];
}

function why({ kind, address, own_trust, trust }: Suggestion): string {
  const proved = VERIFIED.has(own_trust) && VERIFIED.has(trust);
  return t(`same.${kind === "phone" ? "phone" : "email"}_${proved ? "verified" : "claimed"}`, { address });
}

function MayBe({ contact, suggestion }: { contact: Contact; suggestion: Suggestion }) {
  const app = useApp();
  const [busy, run] = useBusy();
  const other = suggestion.contact;
  return (
    <li class="same-person">
      <p>
        {t("same.may_be")}{" "}
        <a href={format({ ...ALL, filters: { contact_id: other.id }, conversation: app.openId.value })}>
          {other.name ?? t("same.unnamed")}
        </a>
      </p>
      <p class="quiet">{why(suggestion)}</p>
      {app.session.may("contacts.write") && (
        <div class="same-actions">
          <Button small icon="check" busy={busy} onClick={() => run(() => merge(app, contact.id, suggestion))}>
            {t("same.merge")}
          </Button>
          <Button small kind="quiet" disabled={busy} onClick={() => run(() => tellApart(app, contact.id, suggestion))}>
            {t("same.not")}
          </Button>
        </div>
      )}
    </li>
  );
}

function Merged({ contact, merged }: { contact: Contact; merged: Merge }) {
  const app = useApp();
  const [busy, run] = useBusy();
  const name = merged.contact.name ?? t("same.unnamed");
  return (
    <li class="same-merged">
      <p>{t(`merged.${merged.why}`, { name, agent: merged.agent_name ?? t("actor.system") })}</p>
      <time class="quiet" dateTime={merged.made_at} title={full(merged.made_at)}>
        {ago(merged.made_at)}
      </time>
      {merged.undoable && app.session.may("contacts.write") && (
        <Button
          small
          kind="quiet"
          busy={busy}
          aria-label={t("same.undo_with", { name })}
          onClick={() => run(() => undoMerge(app, contact.id, merged))}
        >
          {t("action.undo")}
        </Button>
      )}
    </li>
  );
}

/** Who this person may be too, and by which contacts they are known already. */
export function SamePerson({ contact, relations }: { contact: Contact; relations: Relations }) {
  const { merges, suggestions } = relations;
  const item = (merged: Merge) => <Merged key={merged.id} contact={contact} merged={merged} />;
  if (!merges.length && !suggestions.length) return null;
  return (
    <section class="same">
      {suggestions.length > 0 && (
        <>
          <h3 class="with-icon">
            <Icon name="alert" />
            {t("same.title")}
          </h3>
          <ul>
            {suggestions.map((each) => (
              <MayBe key={each.contact.id} contact={contact} suggestion={each} />
            ))}
          </ul>
        </>
      )}
      {merges.length > 0 && (
        <>
          <h3>{t("merged.title")}</h3>
          <ul>{merges.slice(0, FEW).map(item)}</ul>
          {merges.length > FEW && (
            <details>
              <summary>{t("panel.all")}</summary>
              <ul>{merges.slice(FEW).map(item)}</ul>
            </details>
          )}
        </>
      )}
    </section>
  );
}
