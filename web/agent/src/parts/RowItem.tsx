import { Avatar, Icon, TagChip } from "@svardesk/ui";
import type { Row } from "@svardesk/wire";
import { useApp } from "../context";
import { t } from "../i18n";
import { format } from "../router";
import { left, serverNow, short, since } from "../time";
import { endsSoon } from "../window";
import { channelIcon, unnamed } from "./words";

function Preview({ row }: { row: Row }) {
  const mark = row.preview_kind === "note" ? "note" : row.preview_kind === "answer" ? "reopen" : null;
  return (
    <span class={`row-preview${row.preview_kind === "note" ? " is-note" : ""}`}>
      {mark && <Icon name={mark} />}
      {mark && (
        <span class="hidden-visually">{t(row.preview_kind === "note" ? "message.note" : "message.answer")}</span>
      )}
      <span class="cut">
        {row.subject && <span class="row-subject">{row.subject}</span>}
        {row.subject && " "}
        {row.preview || (row.subject ? "" : t("row.no_text"))}
      </span>
    </span>
  );
}

function Others({ id }: { id: string }) {
  const app = useApp();
  const others = app.presence.others(id).value;
  if (!others.length) return null;
  const names = others.map((other) => other.name).join(", ");
  const busy = others.some((other) => other.kind !== "looking");
  return (
    <span class="row-others" title={names}>
      <Icon name={busy ? "chat" : "eye"} />
      <span class="hidden-visually">{t("row.others", { names })}</span>
    </span>
  );
}

/** The customer waits, and soon we may not answer freely any more. */
function Closing({ row }: { row: Row }) {
  const remains = endsSoon(row, serverNow());
  if (remains === null) return null;
  const text = t("row.closing", { left: left(remains) });
  return (
    <span class="row-flag closing" title={text}>
      <Icon name="hourglass" /> <span aria-hidden="true">{left(remains)}</span>
      <span class="hidden-visually">{text}</span>
    </span>
  );
}

export function RowItem({ id }: { id: string }) {
  const app = useApp();
  const row = app.rows.signal(id).value;
  if (!row) return null;
  app.rows.read(id).value;
  const unread = app.rows.unread(row);
  // Something came that nobody waits for an answer to: an absence note, a newsletter, a "thank you".
  const idle = unread && !row.waiting_since && row.preview_kind === "inbound";
  const open = app.openId.value === id;
  const route = app.router.route.value;
  const href = route.page === "inbox" || route.page === "search" ? format({ ...route, conversation: id }) : "";
  const assignee = app.directory.agent(row.assignee_id);
  const tags = row.tags.flatMap((tag) => app.directory.tag(tag) ?? []);
  const draft = app.composer.value?.conversationId === id && !app.composer.value.empty.value && !open;
  return (
    <a
      class={`row${unread ? (idle ? " unread idle" : " unread") : ""}`}
      href={href}
      aria-current={open ? "true" : undefined}
      data-id={id}
    >
      <span class="row-line">
        {unread && <span class="row-dot" />}
        <span class="row-name">
          {row.contact.name ?? unnamed(row.channel)}
          {unread && <span class="hidden-visually">, {t("row.unread")}</span>}
        </span>
        <time class="row-time" dateTime={row.last_activity_at}>
          {short(row.last_activity_at)}
        </time>
      </span>
      <span class="row-line">
        {draft && <span class="row-draft">{t("row.draft")}</span>}
        <Preview row={row} />
        <Others id={id} />
      </span>
      <span class="row-line row-meta">
        <Icon name={channelIcon(row.channel)} />
        <span>#{row.number}</span>
        {row.status === "snoozed" && row.snoozed_until && (
          <span class="row-flag">
            <Icon name="moon" /> {short(row.snoozed_until)}
          </span>
        )}
        {row.status === "closed" && <span class="row-flag">{t("status.closed")}</span>}
        {row.waiting_since && row.status !== "closed" && (
          <span class="row-flag waiting" title={t("row.waiting", { time: since(row.waiting_since) })}>
            <Icon name="clock" /> {since(row.waiting_since)}
          </span>
        )}
        <Closing row={row} />
        <span class="row-tags">
          {tags.slice(0, 2).map((tag) => (
            <TagChip key={tag.id} name={tag.name} colour={tag.colour} />
          ))}
          {tags.length > 2 && <span>+{tags.length - 2}</span>}
        </span>
        {assignee && (
          <span title={assignee.name} class="row-assignee">
            <Avatar id={assignee.id} name={assignee.name} size="small" />
            <span class="hidden-visually">{t("row.assigned", { name: assignee.name })}</span>
          </span>
        )}
      </span>
    </a>
  );
}
