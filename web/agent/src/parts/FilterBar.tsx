import { Button, Icon, Menu, Popover, SelectField } from "@svardesk/ui";
import type { Filters, SavedView, ViewName } from "@svardesk/wire";
import { useCallback, useRef, useState } from "preact/hooks";
import { useApp } from "../context";
import { t } from "../i18n";
import { ALL, type InboxRoute, personOf, VIEWS } from "../router";

const CHANNELS = ["webchat", "email", "form"] as const;

/** What the list shows now: of a saved view its own filters, unless others are being tried. */
function shown(route: InboxRoute, saved: SavedView | undefined): Filters {
  return saved && !route.edited ? saved.filters : { ...route.filters, view: route.view };
}

/** Narrows the view; what was chosen stands in the address and can be saved as a view of its own. */
export function FilterBar() {
  const app = useApp();
  const route = app.router.route.value;
  if (route.page !== "inbox") return null;
  const saved = app.directory.view(route.viewId);
  if (route.viewId && !saved) return null;
  return (
    <>
      <FilterButton route={route} saved={saved} />
      {saved?.mine && <ViewMenu saved={saved} />}
    </>
  );
}

/** Names and ends one's own view. */
function ViewMenu({ saved }: { saved: SavedView }) {
  const app = useApp();
  const remove = () =>
    void app.attempt(async () => {
      await app.directory.deleteView(saved.id);
      app.router.go(ALL);
    }, t("views.deleted"));
  return (
    <Menu
      label={t("views.menu")}
      icon="more"
      align="end"
      entries={[
        {
          key: "rename",
          label: t("views.rename"),
          icon: "note",
          onPick: () => {
            app.overlay.value = "change-view";
          },
        },
        { key: "delete", label: t("views.delete", { name: saved.name }), icon: "trash", danger: true, onPick: remove },
      ]}
    />
  );
}

function FilterButton({ route, saved }: { route: InboxRoute; saved: SavedView | undefined }) {
  const app = useApp();
  const [open, setOpen] = useState(false);
  const anchor = useRef<HTMLSpanElement>(null);
  const close = useCallback(() => setOpen(false), []);
  const filters = shown(route, saved);
  // Whose conversations these are stands above the list and is no filter to be taken away here.
  const { view: _, contact_id: person, ...narrowed } = filters;
  const active = Object.values(narrowed).filter(Boolean).length;
  const go = (next: Partial<InboxRoute>) => app.router.go({ ...route, conversation: null, ...next }, { replace: true });
  const set = (change: Filters) => {
    const { view = "all", ...rest } = { ...filters, ...change };
    go(saved ? { view, filters: rest, edited: true } : { view, filters: rest });
  };
  const keep = () =>
    void app.attempt(async () => {
      if (!saved) return;
      await app.directory.changeView(saved.id, { filters: given(filters) });
      setOpen(false);
      go({ ...ALL, viewId: saved.id, edited: false });
    }, t("views.changed"));
  return (
    <>
      <span ref={anchor}>
        <button
          type="button"
          class="btn quiet small"
          aria-expanded={open}
          aria-label={t("filter.title")}
          onClick={() => setOpen(!open)}
        >
          <Icon name="filter" />
          {active > 0 && <span class="badge">{active}</span>}
        </button>
      </span>
      {open && (
        <Popover anchor={anchor} onClose={close} align="end" label={t("filter.title")}>
          <div class="filter-box">
            <FilterFields filters={filters} set={set} withView={saved !== undefined} />
            <div class="dialog-actions">
              {saved && route.edited && (
                <Button small kind="quiet" onClick={() => go({ ...ALL, viewId: saved.id, edited: false })}>
                  {t("filter.undo")}
                </Button>
              )}
              {!saved && active > 0 && (
                <Button
                  small
                  kind="quiet"
                  onClick={() => go({ filters: person && personOf(route) ? { contact_id: person } : {} })}
                >
                  {t("filter.clear")}
                </Button>
              )}
              {(!saved || route.edited) && (
                <Button
                  small
                  icon="star"
                  onClick={() => {
                    setOpen(false);
                    app.overlay.value = "save-view";
                  }}
                >
                  {t(saved ? "views.save_new" : "views.save")}
                </Button>
              )}
              {saved?.mine && route.edited && (
                <Button small kind="primary" onClick={keep}>
                  {t("views.replace")}
                </Button>
              )}
            </div>
          </div>
        </Popover>
      )}
    </>
  );
}

/** Filters without those that were set back to "any". */
export function given(filters: Filters): Filters {
  return Object.fromEntries(Object.entries(filters).filter(([, value]) => value));
}

interface FieldsProps {
  filters: Filters;
  set: (change: Filters) => void;
  withView: boolean;
}

function FilterFields({ filters, set, withView }: FieldsProps) {
  const { directory } = useApp();
  const any: [string, string] = ["", t("filter.any")];
  const named = (list: readonly { id: string; name: string }[]): [string, string][] => [
    any,
    ...list.map((each): [string, string] => [each.id, each.name]),
  ];
  return (
    <>
      {withView && (
        <SelectField
          label={t("filter.view")}
          value={filters.view ?? "all"}
          options={VIEWS.map((view): [ViewName, string] => [view, t(`view.${view}`)])}
          onValue={(view) => set({ view })}
        />
      )}
      <SelectField
        label={t("filter.assignee")}
        value={filters.assignee_id ?? ""}
        options={named(directory.active.value)}
        onValue={(id) => set({ assignee_id: id })}
      />
      <SelectField
        label={t("filter.team")}
        value={filters.team_id ?? ""}
        options={named(directory.teams.value)}
        onValue={(id) => set({ team_id: id })}
      />
      <SelectField
        label={t("filter.tag")}
        value={filters.tag_id ?? ""}
        options={named(directory.tags.value)}
        onValue={(id) => set({ tag_id: id })}
      />
      <SelectField
        label={t("filter.channel")}
        value={filters.channel ?? ""}
        options={[any, ...CHANNELS.map((name): [string, string] => [name, t(`channel.${name}`)])]}
        onValue={(channel) => set({ channel })}
      />
    </>
  );
}
