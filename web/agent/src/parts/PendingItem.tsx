import { Avatar, Button, Icon } from "@svardesk/ui";
import { ApiError } from "@svardesk/wire";
import { useApp } from "../context";
import { errorText } from "../errors";
import { t } from "../i18n";
import type { PendingEntry } from "../stores/delivery";
import type { ThreadStore } from "../stores/thread";
import { Body } from "./Body";

/** Why it waits for a person, said with names where we know them. */
function reasonText(entry: PendingEntry, thread: ThreadStore): string {
  const { reason, body } = entry;
  if (!reason) return "";
  if (reason.code === "newer_exists") {
    const newer = thread.messages.value.filter(
      (message) => message.seq > body.based_on_seq && (message.kind === "inbound" || message.kind === "answer"),
    );
    const name = newer.at(-1)?.author.name;
    return name ? t("pending.newer_by", { name }) : t("pending.newer");
  }
  if (reason.code === "answer_locked") return t("pending.locked", { name: String(reason.fields.name ?? "") });
  return errorText(new ApiError(422, reason.code, reason.message, reason.fields));
}

/** An answer or a note on its way; it never disappears without a word. */
export function PendingItem({ entry, thread }: { entry: PendingEntry; thread: ThreadStore }) {
  const app = useApp();
  const me = app.session.me.value?.agent;
  const { body, state } = entry;
  const offline = app.live.cut.value || entry.attempts > 0;
  const edit = () => {
    app.composer.value?.restore(body.kind, body.body, body.files);
    if (body.addressing) app.composer.value?.addressing.restore(body.addressing);
    void app.delivery.discard(entry.client_id);
    document.querySelector<HTMLTextAreaElement>(".composer textarea")?.focus();
  };
  return (
    <article class={`message ${body.kind === "note" ? "note" : "mine"} pending`} aria-label={me?.name}>
      <Avatar id={me?.id ?? ""} name={me?.name ?? ""} />
      <div class="message-main">
        <div class="bubble">
          <Body text={body.body} />
          {body.files.map((file) => (
            <span class="attachment-file" key={file.id}>
              <Icon name="file" />
              {file.name}
            </span>
          ))}
        </div>
        {state === "waiting" ? (
          <span class="state" role="status">
            <span class="spinner" />
            {t(offline ? "pending.waiting" : "pending.sending")}
          </span>
        ) : (
          <div class="state bad" role="alert">
            <Icon name="alert" />
            <span>{reasonText(entry, thread)}</span>
            <Button small onClick={() => void app.delivery.again(entry.client_id, state === "held")}>
              {t(state === "held" ? "pending.send_anyway" : "action.again")}
            </Button>
            <Button small kind="quiet" onClick={edit}>
              {t("pending.edit")}
            </Button>
            <Button small kind="quiet" onClick={() => void app.delivery.discard(entry.client_id)}>
              {t("pending.discard")}
            </Button>
          </div>
        )}
      </div>
    </article>
  );
}
