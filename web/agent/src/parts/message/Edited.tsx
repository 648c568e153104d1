import { Icon } from "@svardesk/ui";
import type { Edit, Message } from "@svardesk/wire";
import { useId, useState } from "preact/hooks";
import { useApp } from "../../context";
import { t, tn } from "../../i18n";
import { full } from "../../time";
import { Body } from "../Body";

/** Says that a message reads otherwise than it did; how it read before is fetched when somebody asks. */
export function Edited({ message }: { message: Message }) {
  const app = useApp();
  const [history, setHistory] = useState<{ edits: number; items: readonly Edit[] } | null>(null);
  const id = useId();
  const edits = message.edits ?? 0;
  if (!edits || message.deleted) return null;
  // Edited again while its history stands open: what stands there is not all of it.
  const open = history?.edits === edits;
  const toggle = () => {
    if (open) setHistory(null);
    else
      void app.attempt(async () =>
        setHistory({ edits, items: await app.api.edits(message.conversation_id, message.id) }),
      );
  };
  return (
    <div class="edited">
      <button
        type="button"
        class="edited-mark"
        aria-expanded={open}
        aria-controls={id}
        title={message.edited_at ? full(message.edited_at) : undefined}
        onClick={toggle}
      >
        <Icon name="note" />
        {edits > 1 ? tn("message.edited", edits) : t("message.edited_once")}
      </button>
      <ol id={id} class="edits" hidden={!open} aria-label={t("message.edits")}>
        {open &&
          history.items.map((each) => (
            <li key={each.written_at}>
              <time dateTime={each.written_at}>{full(each.written_at)}</time>
              <Body text={each.body} />
            </li>
          ))}
      </ol>
    </div>
  );
}
