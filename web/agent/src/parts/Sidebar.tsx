import { Icon, IconButton, type IconName } from "@svardesk/ui";
import type { ViewName } from "@svardesk/wire";
import { useEffect, useRef } from "preact/hooks";
import { useApp } from "../context";
import { t } from "../i18n";
import { ALL, format, VIEWS } from "../router";
import { Logo } from "./Logo";
import { ProfileMenu } from "./ProfileMenu";

export const VIEW_ICONS: Record<ViewName, IconName> = {
  mine: "person",
  unassigned: "inbox",
  teams: "people",
  all: "list",
  waiting: "clock",
  snoozed: "moon",
  closed: "archive",
};

interface ItemProps {
  href: string;
  icon: IconName;
  label: string;
  current: boolean;
  count?: string;
}

function Item({ href, icon, label, current, count }: ItemProps) {
  return (
    <li>
      <a class="nav-item" href={href} aria-current={current ? "page" : undefined}>
        <Icon name={icon} />
        <span class="grow">{label}</span>
        {count && <span class="nav-count">{count}</span>}
      </a>
    </li>
  );
}

export function Sidebar({ shown, onClose }: { shown: boolean; onClose: () => void }) {
  const app = useApp();
  const box = useRef<HTMLElement>(null);
  useEffect(() => {
    if (shown) box.current?.querySelector<HTMLElement>("a, button")?.focus();
  }, [shown]);
  const route = app.router.route.value;
  const inbox = route.page === "inbox" ? route : null;
  const filtered = inbox ? Object.values(inbox.filters).some(Boolean) : false;
  const at = (view: ViewName) => format({ ...ALL, view });
  const saved = app.directory.views.value;
  return (
    <>
      {/* biome-ignore lint/a11y/useKeyWithClickEvents lint/a11y/noStaticElementInteractions: Escape and the button close it too */}
      {shown && <div class="scrim" onClick={onClose} />}
      <nav
        ref={box}
        class={`sidebar${shown ? " shown" : ""}`}
        aria-label={t("nav.label")}
        onKeyDown={(event) => event.key === "Escape" && onClose()}
      >
        <div class="sidebar-head">
          <Logo />
          <span class="sidebar-close">
            <IconButton icon="close" label={t("action.close_box")} onClick={onClose} />
          </span>
        </div>
        <ul>
          <Item href="/app/search" icon="search" label={t("nav.search")} current={route.page === "search"} />
        </ul>
        <h2 class="nav-head">{t("nav.inbox")}</h2>
        <ul>
          {VIEWS.map((view) => (
            <Item
              key={view}
              href={at(view)}
              icon={VIEW_ICONS[view]}
              label={t(`view.${view}`)}
              current={inbox?.view === view && !inbox.viewId && !filtered}
              count={app.counts.text(view)}
            />
          ))}
        </ul>
        {saved.length > 0 && (
          <>
            <h2 class="nav-head">{t("nav.saved")}</h2>
            <ul>
              {saved.map((view) => (
                <Item
                  key={view.id}
                  href={`/app/inbox/view/${view.id}`}
                  icon={view.shared ? "people" : "star"}
                  label={view.name}
                  current={inbox?.viewId === view.id}
                />
              ))}
            </ul>
          </>
        )}
        <div class="sidebar-foot">
          <ul>
            <Item href="/app/settings" icon="settings" label={t("nav.settings")} current={route.page === "settings"} />
          </ul>
          <ProfileMenu />
        </div>
      </nav>
    </>
  );
}
