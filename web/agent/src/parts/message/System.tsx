import type { Message, SystemDetails } from "@svardesk/wire";
import { useApp } from "../../context";
import { t } from "../../i18n";
import { clock, full } from "../../time";

/** Which sentence of the catalogue tells it: nobody in particular did it, somebody did, or took it themselves. */
function said({ type, by, agent_id, name }: SystemDetails): string {
  if (type === "owner_changed") return name ? "owner_changed_other" : type;
  if (type === "window_closing") return type;
  if (!by) return `${type}_house`;
  return type === "assigned" && by === agent_id ? "taken" : type;
}

/** A program that has only a number says nothing to people. */
const program = (name: string | null | undefined) => (!name || /^\d+$/.test(name) ? t("system.some_program") : name);

export function System({ message }: { message: Message }) {
  const app = useApp();
  const { details } = message;
  const name = (id: string | null | undefined) => app.directory.agent(id)?.name ?? t("system.somebody");
  const text = details?.type
    ? t(`system.${said(details)}`, {
        by: name(details.by),
        agent: name(details.agent_id),
        team: app.directory.team(details.team_id)?.name ?? t("system.some_team"),
        time: details.until ? full(details.until) : "",
        program: program(details.name),
      })
    : message.body;
  return (
    <div id={`message-${message.id}`} class={`system${details?.type === "window_closing" ? " warns" : ""}`}>
      {text} · <time dateTime={message.created_at}>{clock(message.created_at)}</time>
    </div>
  );
}
