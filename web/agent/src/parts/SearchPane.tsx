import { Avatar, Button, Empty, IconButton, Spinner } from "@svardesk/ui";
import type { Contact, SearchHit } from "@svardesk/wire";
import { useEffect, useRef } from "preact/hooks";
import { useApp } from "../context";
import { t } from "../i18n";
import { ALL, format } from "../router";
import { pieces } from "../stores/search";
import { short } from "../time";
import { addressName, unnamed } from "./words";

function Hit({ hit, q }: { hit: SearchHit; q: string }) {
  const app = useApp();
  const { conversation } = hit;
  const open = app.openId.value === conversation.id;
  return (
    <li>
      <a
        class="hit"
        href={format({ page: "search", q, conversation: conversation.id })}
        aria-current={open ? "true" : undefined}
      >
        <span class="row-line">
          <span class="row-name">{conversation.contact.name ?? unnamed(conversation.channel)}</span>
          <span class="row-number">#{conversation.number}</span>
          <time class="row-time" dateTime={hit.message.created_at}>
            {short(hit.message.created_at)}
          </time>
        </span>
        <span class="hit-text">
          {pieces(hit.snippet_html).map((piece, index) =>
            piece.hit ? <mark key={index}>{piece.text}</mark> : <span key={index}>{piece.text}</span>,
          )}
        </span>
      </a>
    </li>
  );
}

function ContactHit({ contact }: { contact: Contact }) {
  const address = contact.identities.map(addressName).join(" · ");
  return (
    <li>
      <a class="hit contact-hit" href={format({ ...ALL, filters: { contact_id: contact.id } })}>
        <Avatar id={contact.id} name={contact.name} />
        <span class="grow">
          <span class="row-name">{contact.name ?? t("contact.unnamed")}</span>
          <span class="hit-text">{address}</span>
        </span>
      </a>
    </li>
  );
}

export function SearchPane({ onMenu }: { onMenu: () => void }) {
  const app = useApp();
  const { search } = app;
  const input = useRef<HTMLInputElement>(null);
  const route = app.router.route.value;
  const q = route.page === "search" ? route.q : "";
  const conversation = route.page === "search" ? route.conversation : null;
  useEffect(() => search.set(q), [search, q]);
  useEffect(() => {
    input.current?.focus();
    document.title = `${t("nav.search")} · Svardesk`;
  }, []);
  const state = search.state.value;
  const nothing = state === "ready" && !search.hits.value.length && !search.contacts.value.length;
  return (
    <section class="pane list-pane" aria-label={t("nav.search")} id="main" tabIndex={-1}>
      <header class="pane-head">
        <span class="menu-button">
          <IconButton icon="menu" label={t("nav.open")} onClick={onMenu} />
        </span>
        <h1 class="hidden-visually">{t("nav.search")}</h1>
        <input
          ref={input}
          class="input"
          type="search"
          aria-label={t("search.label")}
          placeholder={t("search.label")}
          value={q}
          onInput={(event) =>
            app.router.go({ page: "search", q: event.currentTarget.value, conversation }, { replace: true })
          }
        />
      </header>
      <div class="pane-body" aria-busy={state === "searching"}>
        <p class="hidden-visually" role="status">
          {state === "ready" ? t("search.found", { n: search.hits.value.length + search.contacts.value.length }) : ""}
        </p>
        {state === "idle" && (
          <Empty icon="search" title={t("search.start_title")}>
            <p>{t("search.start")}</p>
          </Empty>
        )}
        {state === "failed" && <Empty icon="alert" title={t("search.failed")} />}
        {nothing && (
          <Empty icon="search" title={t("search.nothing_title")}>
            <p>{t("search.nothing")}</p>
          </Empty>
        )}
        {search.contacts.value.length > 0 && (
          <>
            <h2 class="nav-head">{t("search.contacts")}</h2>
            <ul>
              {search.contacts.value.slice(0, 5).map((contact) => (
                <ContactHit key={contact.id} contact={contact} />
              ))}
            </ul>
          </>
        )}
        {search.hits.value.length > 0 && (
          <>
            <h2 class="nav-head">{t("search.messages")}</h2>
            <ul>
              {search.hits.value.map((hit) => (
                <Hit key={hit.message.id} hit={hit} q={q} />
              ))}
            </ul>
          </>
        )}
        {state === "searching" && (
          <div class="list-foot">
            <Spinner label={t("state.loading")} />
          </div>
        )}
        {search.more.value && state === "ready" && (
          <div class="list-foot">
            <Button small onClick={() => search.loadMore()}>
              {t("search.more")}
            </Button>
          </div>
        )}
      </div>
    </section>
  );
}
