import { day, t } from "../texts";
import type { Props } from "./App";
import { Away } from "./Away";
import { Bubble } from "./Bubble";
import { Icon } from "./Icon";

const box = () => document.getElementById("log") as HTMLElement;
const toEnd = () => box().scrollTo(0, box().scrollHeight);
let newest = "";

/** After each drawing: the view follows new messages while the reader is at the end, and always the own ones. */
export function follow({ chat, screen }: Props): void {
  const entry = chat.entries.value.at(-1);
  if (newest && entry && entry.key !== newest) {
    if (entry.side === "mine") screen.atEnd.value = true;
    else if (!screen.atEnd.value) screen.missed.value++;
  }
  newest = entry?.key ?? "";
  if (screen.atEnd.value) toEnd();
}

/** What was said. New messages are read out politely. */
export function Log({ chat, screen }: Props) {
  const { typing, earlier, agentsOnline, phase, status, pending } = chat.store;
  const scrolled = () => {
    const { scrollHeight, scrollTop, clientHeight } = box();
    screen.atEnd.value = scrollHeight - scrollTop - clientHeight < 40;
    if (screen.atEnd.value) screen.missed.value = 0;
  };
  const more = async () => {
    const page = await chat.earlier();
    if (!page) return;
    const { scrollHeight, scrollTop } = box();
    chat.store.precede(page);
    // What was read stays where it is, and the keyboard with it when the button has gone.
    box().scrollTo(0, box().scrollHeight - scrollHeight + scrollTop);
    if (!page.earlier) box().focus();
  };
  const loaded = () => screen.atEnd.value && toEnd();
  return (
    <div class="talk">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
      <section id="log" aria-label={t("widget.log")} tabIndex={0} onScroll={scrolled}>
        <p class="welcome">{t("widget.welcome")}</p>
        {earlier.value && (
          <p class="system">
            <button type="button" onClick={more}>
              {t("widget.earlier")}
            </button>
          </p>
        )}
        <div role="log" aria-label={t("widget.log")} aria-busy={phase.value === "starting"}>
          {chat.entries.value.map((entry) => (
            <div key={entry.key}>
              {entry.newDay && <h2 class="day">{day(entry.at)}</h2>}
              {entry.side === "system" ? (
                <p class="system">{entry.body}</p>
              ) : (
                <Bubble entry={entry} chat={chat} screen={screen} loaded={loaded} />
              )}
            </div>
          ))}
          {status.value === "closed" && !pending.value.length && <p class="system">{t("widget.ended")}</p>}
        </div>
        {phase.value === "ready" && !agentsOnline.value && <Away chat={chat} screen={screen} />}
        <p class="typing" role="status">
          {typing.value !== null && (
            <>
              <i aria-hidden="true" />
              {typing.value ? t("widget.typing", { name: typing.value }) : t("widget.typing_someone")}
            </>
          )}
        </p>
      </section>
      {!screen.atEnd.value && (
        <button type="button" class="jump" onClick={toEnd}>
          <Icon name="down" />
          {screen.missed.value ? t("widget.unread", { n: screen.missed.value }) : t("widget.newest")}
        </button>
      )}
    </div>
  );
}
