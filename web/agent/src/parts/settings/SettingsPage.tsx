import { Icon, IconButton, type IconName } from "@svardesk/ui";
import type { Permission } from "@svardesk/wire";
import type { FunctionComponent } from "preact";
import { useEffect } from "preact/hooks";
import { useApp } from "../../context";
import { t } from "../../i18n";
import type { Section } from "../../router";
import { Agents } from "./Agents";
import { ApiTokens } from "./ApiTokens";
import { Audit } from "./Audit";
import { Badges } from "./Badges";
import { Forms } from "./Forms";
import { Mailboxes } from "./mailboxes/Mailboxes";
import { Meta } from "./meta/Meta";
import { Notifications } from "./Notifications";
import { Organisation } from "./Organisation";
import { Posts } from "./Posts";
import { Privacy } from "./Privacy";
import { Profile } from "./Profile";
import { Security } from "./Security";
import { Tags } from "./Tags";
import { Teams } from "./Teams";
import { Widgets } from "./Widgets";

interface Entry {
  section: Section;
  icon: IconName;
  page: FunctionComponent;
  needs?: Permission;
  own?: boolean;
}

const ENTRIES: readonly Entry[] = [
  { section: "profile", icon: "person", page: Profile, own: true },
  { section: "security", icon: "lock", page: Security, own: true },
  { section: "notifications", icon: "bell", page: Notifications, own: true },
  { section: "organisation", icon: "shop", page: Organisation, needs: "settings.manage" },
  { section: "agents", icon: "people", page: Agents, needs: "agents.manage" },
  { section: "teams", icon: "list", page: Teams, needs: "teams.manage" },
  { section: "tags", icon: "tag", page: Tags, needs: "conversations.write" },
  { section: "widgets", icon: "chat", page: Widgets, needs: "channels.manage" },
  { section: "forms", icon: "file", page: Forms, needs: "channels.manage" },
  { section: "mailboxes", icon: "mail", page: Mailboxes, needs: "channels.manage" },
  { section: "meta", icon: "megaphone", page: Meta, needs: "channels.manage" },
  { section: "posts", icon: "note", page: Posts, needs: "posts.write" },
  { section: "badges", icon: "clock", page: Badges, needs: "reports.read" },
  { section: "tokens", icon: "key", page: ApiTokens, needs: "tokens.manage" },
  { section: "audit", icon: "file", page: Audit, needs: "audit.read" },
  { section: "privacy", icon: "shield", page: Privacy, needs: "privacy.manage" },
];

function List({ entries, current }: { entries: readonly Entry[]; current: Section }) {
  return (
    <ul>
      {entries.map((entry) => (
        <li key={entry.section}>
          <a
            class="nav-item"
            href={`/app/settings/${entry.section}`}
            aria-current={entry.section === current ? "page" : undefined}
          >
            <Icon name={entry.icon} />
            <span class="grow">{t(`settings.${entry.section}`)}</span>
          </a>
        </li>
      ))}
    </ul>
  );
}

export function SettingsPage({ onMenu }: { onMenu: () => void }) {
  const app = useApp();
  const route = app.router.route.value;
  const allowed = ENTRIES.filter((entry) => !entry.needs || app.session.may(entry.needs));
  const wanted = route.page === "settings" ? route.section : null;
  const entry = allowed.find((each) => each.section === wanted) ?? allowed[0];
  const title = entry ? t(`settings.${entry.section}`) : "";
  useEffect(() => {
    document.title = `${title} · Svardesk`;
  }, [title]);
  if (!entry) return null;
  const Page = entry.page;
  const organisation = allowed.filter((each) => !each.own);
  return (
    <main class={`settings${wanted ? " has-section" : ""}`} id="main" tabIndex={-1}>
      <nav class="settings-nav" aria-label={t("nav.settings")}>
        <header class="pane-head">
          <span class="menu-button">
            <IconButton icon="menu" label={t("nav.open")} onClick={onMenu} />
          </span>
          <h1 class="pane-title">{t("nav.settings")}</h1>
        </header>
        <h2 class="nav-head">{t("settings.yours")}</h2>
        <List entries={allowed.filter((each) => each.own)} current={entry.section} />
        {organisation.length > 0 && <h2 class="nav-head">{app.session.me.value?.account.name}</h2>}
        <List entries={organisation} current={entry.section} />
      </nav>
      <div class="settings-page">
        <header class="pane-head">
          <span class="back-button">
            <IconButton
              icon="back"
              label={t("action.back")}
              onClick={() => app.router.go({ page: "settings", section: null })}
            />
          </span>
          <h1 class="pane-title">{title}</h1>
        </header>
        <div class="settings-body">
          <Page />
        </div>
      </div>
    </main>
  );
}
