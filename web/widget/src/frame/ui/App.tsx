import type { Chat } from "../chat";
import type { Screen } from "../screen";
import { t } from "../texts";
import { Composer } from "./Composer";
import { Icon } from "./Icon";
import { Log } from "./Log";

export interface Props {
  chat: Chat;
  screen: Screen;
}

/**
 * The whole chat. It holds no state and uses no hooks: every signal that it reads on the way draws it again (main.tsx),
 * which is cheap for one conversation and saves a third of the library code.
 *
 * Escape closes the chat, and on phones, where it covers the page, Tab stays inside.
 */
export function App({ chat, screen }: Props) {
  const keys = (event: KeyboardEvent) => {
    if (event.key === "Escape" && !event.defaultPrevented) chat.tell({ t: "close" });
    if (event.key !== "Tab" || !chat.store.modal.value) return;
    const stops = [...document.querySelectorAll<HTMLElement>("button,a[href],textarea,section,input")].filter(
      (stop) => stop.tabIndex >= 0 && stop.offsetParent,
    );
    if (event.shiftKey) stops.reverse();
    if (document.activeElement === stops.at(-1) || document.activeElement === document.body) {
      event.preventDefault();
      stops[0]?.focus();
    }
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    if (event.type === "drop") chat.attachments.add(event.dataTransfer?.files ?? []);
  };
  return (
    <main onKeyDown={keys} onDragOver={drop} onDrop={drop}>
      <Header chat={chat} />
      <p class="notice" role="status">
        {notice(chat)}
      </p>
      <Log chat={chat} screen={screen} />
      <Composer chat={chat} screen={screen} />
    </main>
  );
}

function Header({ chat }: { chat: Chat }) {
  const { store, boot } = chat;
  const here = store.agentsOnline.value;
  const status = here ? store.replyTime.value || t("widget.here") : t("widget.away");
  return (
    <header>
      <div>
        <h1>{boot.name || t("widget.title")}</h1>
        {store.phase.value === "ready" && <p class={here ? "here" : "away"}>{status}</p>}
      </div>
      <button type="button" class="icon" aria-label={t("widget.close")} onClick={() => chat.tell({ t: "close" })}>
        <Icon name={store.modal.value ? "close" : "down"} />
      </button>
    </header>
  );
}

/** One line about the connection, read out when it changes; nothing while all is well. */
function notice({ store }: Chat) {
  const phase = store.phase.value;
  const text =
    phase === "refused"
      ? t("widget.refused")
      : !store.online.value
        ? t("widget.no_network")
        : phase === "failed"
          ? t("widget.unreachable")
          : phase === "ready" && store.line.value === "lost" && t("widget.reconnecting");
  return text && <span>{text}</span>;
}
