import type { Message } from "@svardesk/wire";
import { useApp } from "../../context";
import { t } from "../../i18n";

/** The emojis on a message, each with those who put it there. */
export function Reactions({ message, customer }: { message: Message; customer: string }) {
  const app = useApp();
  const reactions = message.deleted ? [] : (message.reactions ?? []);
  if (!reactions.length) return null;
  const by = new Map<string, string[]>();
  for (const { emoji, agent_id } of reactions) {
    const name = agent_id ? (app.directory.agent(agent_id)?.name ?? t("author.agent")) : customer;
    by.set(emoji, [...(by.get(emoji) ?? []), name]);
  }
  return (
    <ul class="reactions" aria-label={t("message.reactions")}>
      {[...by].map(([emoji, names]) => (
        <li key={emoji} title={names.join(", ")}>
          <span aria-hidden="true">{emoji}</span>
          {names.length > 1 && <span aria-hidden="true">{names.length}</span>}
          <span class="hidden-visually">{t("message.reaction_by", { emoji, names: names.join(", ") })}</span>
        </li>
      ))}
    </ul>
  );
}
