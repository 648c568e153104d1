import { Button, Icon, IconButton, Popover, SelectField } from "@svardesk/ui";
import type { Filters } from "@svardesk/wire";
import { useCallback, useRef, useState } from "preact/hooks";
import { useApp } from "../context";
import { t } from "../i18n";

/** Narrows the view; what was chosen stands in the address and can be saved as a view of its own. */
export function FilterBar() {
  const app = useApp();
  const [open, setOpen] = useState(false);
  const anchor = useRef<HTMLSpanElement>(null);
  const close = useCallback(() => setOpen(false), []);
  const route = app.router.route.value;
  if (route.page !== "inbox") return null;
  const saved = app.directory.view(route.viewId);
  const own = saved?.mine;
  const active = Object.values(route.filters).filter(Boolean).length;
  if (route.viewId)
    return own ? (
      <IconButton
        icon="trash"
        label={t("views.delete", { name: saved.name })}
        onClick={() =>
          void app.attempt(async () => {
            await app.directory.deleteView(saved.id);
            app.router.go({ page: "inbox", view: "all", viewId: null, filters: {}, conversation: null });
          }, t("views.deleted"))
        }
      />
    ) : null;
  const set = (change: Partial<Filters>) =>
    app.router.go({ ...route, conversation: null, filters: { ...route.filters, ...change } }, { replace: true });
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
            <FilterFields filters={route.filters} set={set} />
            <div class="dialog-actions">
              {active > 0 && (
                <Button small kind="quiet" onClick={() => app.router.go({ ...route, filters: {} }, { replace: true })}>
                  {t("filter.clear")}
                </Button>
              )}
              <Button
                small
                icon="star"
                onClick={() => {
                  setOpen(false);
                  app.overlay.value = "save-view";
                }}
              >
                {t("views.save")}
              </Button>
            </div>
          </div>
        </Popover>
      )}
    </>
  );
}

function FilterFields({ filters, set }: { filters: Filters; set: (change: Partial<Filters>) => void }) {
  const { directory } = useApp();
  const any: [string, string] = ["", t("filter.any")];
  const named = (list: readonly { id: string; name: string }[]): [string, string][] => [
    any,
    ...list.map((each): [string, string] => [each.id, each.name]),
  ];
  return (
    <>
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
        options={[any, ["webchat", t("channel.webchat")]]}
        onValue={(channel) => set({ channel })}
      />
    </>
  );
}
