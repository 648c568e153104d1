import { Button, Empty, IconButton, Spinner, VirtualList } from "@svardesk/ui";
import { useEffect } from "preact/hooks";
import { useApp } from "../context";
import { t } from "../i18n";
import { personOf } from "../router";
import type { AppStore } from "../stores/app";
import { FilterBar } from "./FilterBar";
import { RowItem } from "./RowItem";
import { VIEW_ICONS } from "./Sidebar";

/** Rows are that high in rem; see .row in list.css. */
export const ROW_REM = 5.6;

/** Any row of theirs says who somebody is; without one they are asked for. */
function nameOf(app: AppStore, person: string): string {
  const [first = ""] = app.list.value?.ids.value ?? [];
  const contact = app.rows.signal(first).value?.contact;
  return (contact?.id === person ? contact.name : app.directory.person(person)) ?? t("contact.unnamed");
}

export function ListPane({ onMenu }: { onMenu: () => void }) {
  const app = useApp();
  const list = app.list.value;
  const route = app.router.route.value;
  const view = route.page === "inbox" ? route.view : "mine";
  const saved = route.page === "inbox" ? app.directory.view(route.viewId) : undefined;
  const person = personOf(route);
  const title = person ? nameOf(app, person) : (saved?.name ?? t(`view.${view}`));
  const unread = app.counts.text("mine");
  useEffect(() => {
    document.title = `${unread ? `(${unread}) ` : ""}${title} · Svardesk`;
  }, [title, unread]);
  return (
    <section class="pane list-pane" aria-label={title} id="main" tabIndex={-1}>
      <header class="pane-head">
        <span class="menu-button">
          <IconButton icon="menu" label={t("nav.open")} onClick={onMenu} />
        </span>
        {person && <IconButton icon="back" label={t("action.back")} onClick={() => app.router.leavePerson()} />}
        <h1 class="pane-title">{title}</h1>
        <FilterBar />
      </header>
      {!list || (list.state.value === "loading" && !list.ids.value.length) ? (
        <div class="pane-body centre">
          <Spinner label={t("state.loading")} />
        </div>
      ) : list.state.value === "failed" && !list.ids.value.length ? (
        <Empty icon="alert" title={t("list.failed")}>
          <Button icon="refresh" onClick={() => void list.load()}>
            {t("action.again")}
          </Button>
        </Empty>
      ) : list.ids.value.length === 0 ? (
        <Empty icon={VIEW_ICONS[view]} title={t(`empty.${view}_title`)}>
          {!person && <p>{t(`empty.${view}`)}</p>}
        </Empty>
      ) : (
        <VirtualList
          label={title}
          items={list.ids.value}
          rowRem={ROW_REM}
          itemKey={(id) => id}
          render={(id) => <RowItem id={id} />}
          onNearEnd={list.loadMore}
          open={list.more.value}
          showIndex={app.openId.value ? list.ids.value.indexOf(app.openId.value) : -1}
          foot={
            list.loadingMore.value && (
              <div class="list-foot">
                <Spinner label={t("state.loading")} />
              </div>
            )
          }
        />
      )}
    </section>
  );
}
