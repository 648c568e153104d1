import { Avatar, Button, Icon, IconButton, type IconName, Menu, type MenuEntry, Picker, TagChip } from "@svardesk/ui";
import type { Row, ThreadAct } from "@svardesk/wire";
import { useApp } from "../context";
import { t } from "../i18n";
import { assign, close, reopen, toggleTag, toTeam, wait } from "../stores/actions";
import type { AppStore } from "../stores/app";
import { control } from "../stores/threads";
import { full } from "../time";
import { SnoozeMenu } from "./SnoozeMenu";
import { WindowClock } from "./window/WindowClock";
import { channelName, unnamed } from "./words";

function AssignPicker({ row }: { row: Row }) {
  const app = useApp();
  const { directory } = app;
  const assignee = directory.agent(row.assignee_id);
  const team = directory.team(row.team_id);
  const me = app.session.me.value?.agent.id;
  const people = [...directory.active.value].sort((a, b) => Number(b.id === me) - Number(a.id === me));
  const choices = [
    { key: "agent:", label: t("assign.nobody"), picked: !row.assignee_id },
    ...people.map((agent) => ({
      key: `agent:${agent.id}`,
      label: agent.id === me ? t("assign.me", { name: agent.name }) : agent.name,
      picked: agent.id === row.assignee_id,
      side: agent.availability === "away" ? t("availability.away") : "",
      picture: <Avatar id={agent.id} name={agent.name} size="small" online={agent.availability === "online"} />,
    })),
    ...directory.teams.value.map((each) => ({
      key: `team:${each.id}`,
      label: each.name,
      side: t("assign.team"),
      picked: each.id === row.team_id,
      picture: <Icon name="people" />,
    })),
  ];
  const pick = (key: string) => {
    const [kind, id = ""] = key.split(":");
    if (kind === "agent") void assign(app, row, id || null);
    else void toTeam(app, row, id === row.team_id ? null : id);
  };
  return (
    <Picker
      label={t("assign.label", { name: assignee?.name ?? team?.name ?? t("assign.nobody") })}
      filterLabel={t("assign.filter")}
      nothing={t("picker.nothing")}
      choices={choices}
      onPick={pick}
      openSignal={app.pickers.assign}
      align="end"
      disabled={!app.session.may("conversations.assign")}
    >
      {assignee ? <Avatar id={assignee.id} name={assignee.name} size="small" /> : <Icon name="person" />}
      <span class="wide-only">{assignee?.name.split(" ")[0] ?? team?.name ?? t("assign.short")}</span>
    </Picker>
  );
}

function TagPicker({ row }: { row: Row }) {
  const app = useApp();
  const choices = app.directory.tags.value
    .filter((tag) => !tag.archived || row.tags.includes(tag.id))
    .map((tag) => ({
      key: tag.id,
      label: tag.name,
      picked: row.tags.includes(tag.id),
      picture: <span class={`swatch dot ${tag.colour}`} />,
    }));
  return (
    <Picker
      label={t("tags.choose")}
      filterLabel={t("tags.filter")}
      nothing={t("picker.nothing")}
      choices={choices}
      several
      onPick={(id) => void toggleTag(app, app.rows.get(row.id) ?? row, id)}
      openSignal={app.pickers.tags}
      align="end"
    >
      <Icon name="tag" />
    </Picker>
  );
}

function StatusLine({ row }: { row: Row }) {
  const app = useApp();
  const team = app.directory.team(row.team_id);
  const status =
    row.status === "snoozed" && row.snoozed_until
      ? t("status.snoozed_until", { time: full(row.snoozed_until) })
      : t(`status.${row.status}`);
  return (
    <div class="thread-sub">
      {row.subject && (
        <span class="thread-subject cut" title={row.subject}>
          {row.subject}
        </span>
      )}
      <span class={`status ${row.status}`}>{status}</span>
      <WindowClock row={row} way={app.thread.value?.way.value ?? null} />
      <span>#{row.number}</span>
      <span>{channelName(row.channel)}</span>
      {team && (
        <span class="with-icon">
          <Icon name="people" />
          {team.name}
        </span>
      )}
      {row.tags.map((id) => {
        const tag = app.directory.tag(id);
        return tag && <TagChip key={id} name={tag.name} colour={tag.colour} />;
      })}
    </div>
  );
}

/** Kinds of connections whose conversations other programs may have. */
const SHARED = new Set(["messenger"]);

/** Taking the conversation from another program and giving it away, where a channel knows of such. */
function controls(app: AppStore, row: Row): MenuEntry[] {
  const way = app.thread.value?.way.value;
  if (!way || !SHARED.has(way.via ?? "")) return [];
  const entry = (act: ThreadAct, icon: IconName, lineBefore = false): MenuEntry => ({
    key: act,
    label: t(`standby.${act}`),
    icon,
    lineBefore,
    onPick: () => void control(app, row, act),
  });
  if (way.standby) return [entry("take", "person", true), entry("request", "chat")];
  return [entry("pass", "external", true), entry("release", "leave")];
}

export function ThreadHeader({ row }: { row: Row }) {
  const app = useApp();
  const write = app.session.may("conversations.write");
  const closed = row.status === "closed";
  const copy = `${location.origin}/app/c/${row.id}`;
  const more: MenuEntry[] = [
    {
      key: "link",
      label: t("thread.copy_link"),
      icon: "copy",
      onPick: () => void app.attempt(() => navigator.clipboard.writeText(copy), t("done.copied")),
    },
  ];
  if (write && row.status === "open")
    more.unshift({ key: "wait", label: t("thread.wait"), icon: "clock", side: "W", onPick: () => void wait(app, row) });
  if (write && (row.status === "waiting" || row.status === "snoozed"))
    more.unshift({ key: "open", label: t("thread.set_open"), icon: "inbox", onPick: () => void reopen(app, row) });
  if (write) more.push(...controls(app, row));
  return (
    <header class="pane-head thread-head">
      <span class="back-button">
        <IconButton icon="back" label={t("action.back")} onClick={() => app.openConversation(null)} />
      </span>
      <h1 class="pane-title">{row.contact.name ?? unnamed(row.channel)}</h1>
      <StatusLine row={row} />
      <div class="thread-tools">
        {write && (
          <>
            <AssignPicker row={row} />
            <TagPicker row={row} />
            {!closed && <SnoozeMenu row={row} />}
            <Button
              small
              icon={closed ? "reopen" : "check"}
              aria-label={t(closed ? "thread.reopen" : "thread.close")}
              onClick={() => void (closed ? reopen(app, row) : close(app, row))}
            >
              <span class="wide-only">{t(closed ? "thread.reopen" : "thread.close")}</span>
            </Button>
          </>
        )}
        <Menu label={t("action.more")} icon="more" entries={more} align="end" />
        <IconButton
          icon="panel"
          label={t("panel.toggle")}
          aria-pressed={app.prefs.panel.value}
          onClick={() => app.prefs.showPanel(!app.prefs.panel.value)}
        />
      </div>
    </header>
  );
}
