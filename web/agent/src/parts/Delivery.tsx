import { Button, Icon } from "@svardesk/ui";
import type { Message } from "@svardesk/wire";
import { useEffect } from "preact/hooks";
import { useApp } from "../context";
import { t, tn } from "../i18n";
import { reasonText } from "../reasons";
import { correct, isHeld, sendAnyway, sendNow, takeBack } from "../stores/taking_back";
import { countSeconds, full, second } from "../time";
import { WaysLeft } from "./window/WaysLeft";
import { FAILED } from "./words";

/** The few seconds in which an answer can be taken back; counted for the eyes, said once to those who listen. */
function Held({ message }: { message: Message }) {
  const app = useApp();
  useEffect(countSeconds, []);
  const left = Math.ceil((Date.parse(message.send_at ?? "") - second.value) / 1000);
  return (
    <span class="state held">
      <Icon name="clock" />
      <span aria-hidden="true">{left > 0 ? tn("held.in", left) : t("held.now")}</span>
      <span class="hidden-visually">{t("held.now")}</span>
      {app.session.may("conversations.write") && (
        <Button small kind="quiet" icon="undo" onClick={() => void takeBack(app, message)}>
          {t("held.undo")}
        </Button>
      )}
    </span>
  );
}

/** An answer that waits for a time of somebody's choice. */
function Later({ message }: { message: Message }) {
  const app = useApp();
  return (
    <span class="state later">
      <Icon name="clock" />
      <span>{t("later.at", { time: full(message.send_at ?? message.created_at) })}</span>
      {app.session.may("conversations.write") && (
        <>
          <Button small kind="quiet" onClick={() => void takeBack(app, message)}>
            {t("action.change")}
          </Button>
          <Button small kind="quiet" onClick={() => void takeBack(app, message, false)}>
            {t("later.cancel")}
          </Button>
          <Button small kind="quiet" icon="send" onClick={() => void sendNow(app, message)}>
            {t("later.now")}
          </Button>
        </>
      )}
    </span>
  );
}

/** The customer wrote while it waited: a person looks at it again. */
function Overtaken({ message }: { message: Message }) {
  const app = useApp();
  return (
    <span class="state bad" role="alert">
      <Icon name="alert" />
      {t("later.overtaken")}
      {app.session.may("conversations.write") && (
        <>
          <Button small icon="send" onClick={() => void sendAnyway(app, message)}>
            {t("pending.send_anyway")}
          </Button>
          <Button small kind="quiet" onClick={() => void takeBack(app, message)}>
            {t("action.change")}
          </Button>
          <Button small kind="quiet" onClick={() => void takeBack(app, message, false)}>
            {t("action.cancel")}
          </Button>
        </>
      )}
    </span>
  );
}

/** When an answer that was put off is tried again, and for how long at the most. */
function nextTry({ state, retry }: Message): string {
  if (state !== "failed_temporary" || !retry) return "";
  const time = full(retry.at);
  return retry.until ? t("state.tried_until", { time, until: full(retry.until) }) : t("state.next_try", { time });
}

function Failed({ message }: { message: Message }) {
  const app = useApp();
  const { state } = message;
  const way = app.thread.value?.way.value ?? null;
  const shut = state === "blocked_by_window";
  const why = reasonText(way?.via, message.state_reason);
  const again = nextTry(message);
  const final = state === "failed_permanent";
  // What a person knows better than the list of dead addresses.
  const suppressed = message.state_reason === "address_suppressed";
  return (
    <span class="state bad" role="alert">
      <Icon name="alert" />
      <span>
        {t(`state.${state}`)}
        {why && `. ${why}`}
        {again && `${why ? " " : ". "}${again}`}
      </span>
      {shut && way && <WaysLeft way={way} />}
      {app.session.may("conversations.write") && (suppressed || state !== "blocked_by_policy") && !shut && (
        <>
          <Button small icon={suppressed ? "send" : "refresh"} onClick={() => void sendAnyway(app, message)}>
            {t(suppressed ? "pending.send_anyway" : "action.again")}
          </Button>
          {(final || suppressed) && way?.addressed && (
            <Button small kind="quiet" onClick={() => void correct(app, message)}>
              {t("action.change")}
            </Button>
          )}
        </>
      )}
    </span>
  );
}

/** How far an answer is on its way. `quiet`: others below it say the same. */
export function Delivery({ message, quiet }: { message: Message; quiet: boolean }) {
  const { state } = message;
  if (!state) return null;
  if (state === "scheduled") return isHeld(message) ? <Held message={message} /> : <Later message={message} />;
  if (state === "blocked_by_policy" && message.state_reason === "customer_wrote")
    return <Overtaken message={message} />;
  if (FAILED.has(state)) return <Failed message={message} />;
  if (state === "sent" && message.state_reason === "delayed")
    return (
      <span class="state late">
        <Icon name="clock" />
        {t("state.delayed")}
      </span>
    );
  if (quiet && state !== "cancelled") return null;
  const read = state === "read" || state === "delivered";
  return (
    <span class={`state${state === "read" ? " read" : ""}`}>
      <Icon name={state === "cancelled" ? "undo" : read ? "checks" : state === "sent" ? "check" : "clock"} />
      {t(`state.${state}`)}
    </span>
  );
}
