import { Toasts } from "@svardesk/ui";
import { useEffect, useState } from "preact/hooks";
import { useApp } from "../context";
import { t } from "../i18n";
import { useShortcuts } from "../shortcuts";
import { Connection } from "./Connection";
import { ContactPanel } from "./ContactPanel";
import { Help } from "./Help";
import { ListPane } from "./ListPane";
import { MailAlarm } from "./MailAlarm";
import { MetaAlarm } from "./MetaAlarm";
import { SaveView } from "./SaveView";
import { SearchPane } from "./SearchPane";
import { Sidebar } from "./Sidebar";
import { SettingsPage } from "./settings/SettingsPage";
import { ThreadPane } from "./ThreadPane";

export function Shell() {
  const app = useApp();
  useShortcuts(app);
  const [menu, setMenu] = useState(false);
  const route = app.router.route.value;
  const settings = route.page === "settings";
  const open = app.openId.value;
  useEffect(() => setMenu(route === null), [route]);
  const overlay = app.overlay.value;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents lint/a11y/noStaticElementInteractions: only links are followed
    <div class={`shell${open ? " has-open" : ""}${settings ? " in-settings" : ""}`} onClick={app.router.follow}>
      <a class="skip" href="#main">
        {t("nav.skip")}
      </a>
      <Connection />
      <MailAlarm />
      <MetaAlarm />
      <div class="columns">
        <Sidebar shown={menu} onClose={() => setMenu(false)} />
        {settings ? (
          <SettingsPage onMenu={() => setMenu(true)} />
        ) : (
          <main class="workplace">
            {route.page === "search" ? (
              <SearchPane onMenu={() => setMenu(true)} />
            ) : (
              <ListPane onMenu={() => setMenu(true)} />
            )}
            <ThreadPane />
            {open && app.prefs.panel.value && <ContactPanel />}
          </main>
        )}
      </div>
      {overlay === "help" && <Help onClose={() => (app.overlay.value = null)} />}
      {(overlay === "save-view" || overlay === "change-view") && (
        <SaveView rename={overlay === "change-view"} onClose={() => (app.overlay.value = null)} />
      )}
      <Toasts store={app.toasts} closeLabel={t("action.close_box")} />
    </div>
  );
}
