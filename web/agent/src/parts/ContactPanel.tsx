import { Avatar, Icon, IconButton } from "@svardesk/ui";
import type { Contact, Row } from "@svardesk/wire";
import { useState } from "preact/hooks";
import { useApp } from "../context";
import { known, t } from "../i18n";
import { ALL, format, personOf } from "../router";
import type { ThreadStore } from "../stores/thread";
import { ago, date, short } from "../time";
import { LANGUAGES } from "./AuthFrame";
import { CameFrom } from "./CameFrom";
import { ContactName } from "./ContactName";
import { SamePerson } from "./SamePerson";
import { SiteFacts } from "./SiteFacts";
import { addressName, onceEach, unnamed } from "./words";

const STRONG = new Set(["signed_token", "domain_verified", "phone_number"]);

function Identities({ contact }: { contact: Contact }) {
  if (!contact.identities.length) return <p class="quiet">{t("panel.anonymous")}</p>;
  return (
    <ul class="identities">
      {onceEach(contact.identities, (identity) => STRONG.has(identity.trust)).map((identity) => (
        <li key={identity.id}>
          <span class="identity-address">{addressName(identity)}</span>
          <span
            class={`trust ${STRONG.has(identity.trust) ? "strong" : identity.trust}`}
            title={t(`trust.${identity.trust}_hint`)}
          >
            <Icon name={STRONG.has(identity.trust) ? "shield" : "alert"} />
            {t(`trust.${identity.trust}`)}
          </span>
        </li>
      ))}
    </ul>
  );
}

function Visitor({ thread }: { thread: ThreadStore }) {
  const visitor = thread.visitor.value;
  if (!visitor) return null;
  const page = visitor.page_url;
  return (
    <section>
      <h3>{t("panel.visitor")}</h3>
      <p class={`visitor-now${visitor.online ? " online" : ""}`}>
        <span class="dot" />
        {t(visitor.online ? "panel.online" : "panel.offline")}
      </p>
      {page && /^https?:/.test(page) && (
        <a class="visitor-page" href={page} target="_blank" rel="noopener noreferrer nofollow" title={page}>
          {visitor.page_title || page}
        </a>
      )}
    </section>
  );
}

function Previous({ rows, current, contact }: { rows: readonly Row[]; current: string; contact: string }) {
  const app = useApp();
  const route = app.router.route.value;
  const others = rows.filter((row) => row.id !== current);
  return (
    <section>
      <h3>
        {t("panel.previous")}
        {others.length > 0 && personOf(route) !== contact && (
          <a href={format({ ...ALL, filters: { contact_id: contact }, conversation: current })}>{t("panel.all")}</a>
        )}
      </h3>
      {others.length === 0 && <p class="quiet">{t("panel.no_previous")}</p>}
      <ul class="previous">
        {others.map((row) => (
          <li key={row.id}>
            <a href={route.page === "inbox" ? format({ ...route, conversation: row.id }) : `/app/c/${row.id}`}>
              <span class="row-line">
                <span>#{row.number}</span>
                <span class={`status ${row.status}`}>{t(`status.${row.status}`)}</span>
                <time class="row-time" dateTime={row.last_activity_at}>
                  {short(row.last_activity_at)}
                </time>
              </span>
              <span class="hit-text one">{row.subject ?? row.preview}</span>
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Facts({ contact }: { contact: Contact }) {
  const language = known(contact.written_standard ?? contact.locale);
  const facts: [string, string][] = [];
  if (language) facts.push([t("panel.language"), LANGUAGES[language]]);
  facts.push([t("panel.since"), date(contact.created_at)]);
  if (contact.last_seen_at) facts.push([t("panel.last_seen"), ago(contact.last_seen_at)]);
  for (const [key, value] of Object.entries({ ...contact.attributes, ...contact.fields }))
    if (typeof value === "string" || typeof value === "number") facts.push([key, String(value)]);
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

export function ContactPanel() {
  const app = useApp();
  const [editing, setEditing] = useState(false);
  const thread = app.thread.value;
  const contact = thread?.contact.value;
  if (!thread || !contact) return <aside class="pane panel" aria-label={t("panel.label")} />;
  return (
    <aside class="pane panel" aria-label={t("panel.label")}>
      <div class="panel-close">
        <IconButton icon="close" label={t("panel.toggle")} onClick={() => app.prefs.showPanel(false)} />
      </div>
      <div class="panel-person">
        <Avatar id={contact.id} name={contact.name} size="large" />
        {editing ? (
          <ContactName contact={contact} onDone={() => setEditing(false)} />
        ) : (
          <h2>
            {contact.name ?? unnamed(app.rows.signal(thread.id).value?.channel ?? "webchat")}
            {app.session.may("contacts.write") && (
              <IconButton icon="note" small label={t("panel.rename")} onClick={() => setEditing(true)} />
            )}
          </h2>
        )}
      </div>
      <Visitor thread={thread} />
      {thread.visitor.value && <SiteFacts visitor={thread.visitor.value} />}
      <CameFrom way={thread.way.value} />
      <section>
        <h3>{t("panel.identities")}</h3>
        <Identities contact={contact} />
      </section>
      <SamePerson key={contact.id} contact={contact} relations={thread.relations.value} />
      <section>
        <h3>{t("panel.about")}</h3>
        <Facts contact={contact} />
      </section>
      <Previous rows={thread.previous.value} current={thread.id} contact={contact.id} />
    </aside>
  );
}
