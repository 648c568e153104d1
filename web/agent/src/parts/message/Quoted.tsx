import { Icon } from "@svardesk/ui";
import type { Message } from "@svardesk/wire";
import { useApp } from "../../context";
import { t } from "../../i18n";

const SHOWN_MS = 2_000;

/** Brings a message of the open conversation onto the screen and gives it the focus; fetches what lies before it. */
export async function jumpTo(app: ReturnType<typeof useApp>, id: string): Promise<void> {
  const thread = app.thread.value;
  if (!thread) return;
  await app.attempt(async () => {
    if (!(await thread.reach(id))) return;
    // The list is drawn in the next frame.
    await new Promise((resolve) => requestAnimationFrame(resolve));
    const element = document.getElementById(`message-${id}`);
    if (!element) return;
    element.scrollIntoView({ block: "center" });
    element.focus({ preventScroll: true });
    element.classList.add("found");
    setTimeout(() => element.classList.remove("found"), SHOWN_MS);
  });
}

/** The message that this one answers, in one line; pressing it goes there. */
export function Quoted({ message, customer }: { message: Message; customer: string }) {
  const app = useApp();
  const target = message.reply_to;
  if (!target || message.deleted) return null;
  const found = app.thread.value?.messages.value.find((each) => each.id === target);
  const name = found ? (found.author.name ?? (found.kind === "inbound" ? customer : t("author.agent"))) : null;
  const words = found?.deleted
    ? t("message.erased")
    : found?.body.trim() || (found?.attachments.length ? t("message.a_file") : "");
  return (
    <button type="button" class="quoted" onClick={() => void jumpTo(app, target)}>
      <Icon name="reopen" />
      <span class="hidden-visually">{t("message.replies_to")}</span>
      {name && <strong>{name}</strong>}
      <span class="cut">{words || t("message.before_this")}</span>
    </button>
  );
}
