import { Icon } from "@svardesk/ui";
import type { Message } from "@svardesk/wire";
import { useId } from "preact/hooks";
import { privateReply } from "../../comments";
import { t } from "../../i18n";
import type { PublicityStore } from "../../stores/publicity";
import type { ThreadStore } from "../../stores/thread";
import { serverNow } from "../../time";

const SHOWN = 60;

const label = (message: Message) => {
  const words = message.body.replace(/\s+/g, " ").trim();
  const text = words.length > SHOWN ? `${words.slice(0, SHOWN)} …` : words;
  return t("public.target", { name: message.author.name ?? t("contact.unnamed_sender"), text });
};

/** Who will read the answer, and which comment it answers: before the first word. */
export function TargetLine({ store, thread }: { store: PublicityStore; thread: ThreadStore }) {
  const id = useId();
  const comments = thread.messages.value.filter(
    (message) => message.kind === "inbound" && message.comment && !message.comment.ours && !message.deleted,
  );
  const target = store.target.value;
  const chosen = comments.find((message) => message.id === target);
  const privately = store.privately.value;
  const may = chosen ? privateReply(chosen, serverNow()) : "none";
  return (
    <div class={`target-line${privately ? " privately" : ""}`}>
      <span class="public-badge">
        <Icon name={privately ? "lock" : "globe"} />
        {t(privately ? "public.private" : "public.badge")}
      </span>
      <label for={id}>{t(privately ? "public.only_to" : "public.answers")}</label>
      <select
        id={id}
        class="input"
        value={target ?? ""}
        onChange={(event) => store.answer(event.currentTarget.value || null)}
      >
        {comments.map((message) => (
          <option key={message.id} value={message.id} selected={message.id === target}>
            {label(message)}
          </option>
        ))}
        <option value="" selected={!chosen}>
          {t("public.the_post")}
        </option>
      </select>
      {(privately || may === "may") && (
        <button type="button" class="mail-tool" onClick={() => store.answer(target, !privately)}>
          {t(privately ? "public.make_public" : "public.make_private")}
        </button>
      )}
      {privately && <span class="target-hint">{t("public.once")}</span>}
    </div>
  );
}
