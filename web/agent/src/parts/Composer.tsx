import { Banner, Button, IconButton } from "@svardesk/ui";
import type { Row } from "@svardesk/wire";
import { useEffect, useRef, useState } from "preact/hooks";
import { useApp } from "../context";
import { t } from "../i18n";
import { send } from "../stores/actions";
import { canTakeBack, isHeld, takeBack } from "../stores/taking_back";
import type { ThreadStore } from "../stores/thread";
import { serverNow } from "../time";
import { standing } from "../window";
import { AddressLines } from "./AddressLines";
import { Found, Underlay } from "./comments/Found";
import { TargetLine } from "./comments/TargetLine";
import { Tabs } from "./composer/Tabs";
import { MentionBox } from "./MentionBox";
import { SendGroup, type Sending } from "./SendGroup";
import { Uploads } from "./Uploads";
import { WayNotice } from "./WayNotice";

/** The words of a warning that something came which was not on the screen, or null. */
function newerThanSeen(thread: ThreadStore, me: string | undefined): string | null {
  const other = thread.unseen.value.findLast((message) => message.author.id !== me);
  if (!other) return null;
  const text = other.body.length > 90 ? `${other.body.slice(0, 90)} …` : other.body;
  return t("composer.newer", { name: other.author.name ?? t("contact.unnamed"), text });
}

export function Composer({ row, thread }: { row: Row; thread: ThreadStore }) {
  const app = useApp();
  const composer = app.composer.value;
  const area = useRef<HTMLTextAreaElement>(null);
  const files = useRef<HTMLInputElement>(null);
  const [warned, setWarned] = useState<Sending | null>(null);
  const text = composer?.text.value ?? "";
  useEffect(() => {
    const element = area.current;
    if (!element || text === element.dataset.sized) return;
    element.style.height = "auto";
    element.style.height = `${Math.min(element.scrollHeight + 2, window.innerHeight * 0.4)}px`;
    element.dataset.sized = text;
  }, [text]);
  const way = thread.way.value;
  const closed = way !== null && (!way.open || standing(row.window_from, way.windows, serverNow())?.kind === "closed");
  useEffect(() => {
    // Nobody would get an answer that is written here: what is written is a note.
    if (closed && composer?.kind.value === "answer") composer.choose("note");
  }, [closed, composer, composer?.kind.value]);
  const checked = way?.public && composer?.kind.value === "answer" && !composer.publicity.privately.value;
  useEffect(() => {
    // Everybody would read it: what is about a person must be found before it is sent, also in a draft that waited.
    composer?.publicity.check(checked ? text : "");
  }, [composer, checked, text]);
  if (!composer) return null;
  const kind = composer.kind.value;
  const shut = kind === "answer" && closed;
  const addressed = kind === "answer" && !!way?.addressed;
  const newer = kind === "answer" ? newerThanSeen(thread, app.session.me.value?.agent.id) : null;
  const inPublic = kind === "answer" && !!way?.public;
  const openly = inPublic && !composer.publicity.privately.value;
  const submit = (how: Sending) => {
    if (!composer.canSend.value || shut) return;
    if (newer && !warned) {
      setWarned(how);
      return;
    }
    send(app, { confirm: warned !== null, ...how });
    setWarned(null);
    area.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.isComposing) return;
    const enter = event.key === "Enter" && !event.shiftKey;
    const command = event.ctrlKey || event.metaKey;
    if (event.key === "Enter" && (command || (enter && app.prefs.enterSends.value))) {
      event.preventDefault();
      submit({ close: command && event.shiftKey });
    } else if (command && event.key.toLowerCase() === "z" && composer.empty.value) {
      // With nothing written there is nothing else to undo than the sending.
      const last = thread.messages.value.findLast(
        (message) => canTakeBack(message) && isHeld(message) && message.author.id === app.session.me.value?.agent.id,
      );
      if (!last) return;
      event.preventDefault();
      void takeBack(app, last);
    } else if (event.key === "Escape") area.current?.blur();
  };
  const paste = (list: FileList | null | undefined, event: Event) => {
    if (!list?.length) return;
    event.preventDefault();
    for (const file of list) void composer.attach(file);
  };
  return (
    <section
      class={`composer ${kind}${openly ? " in-public" : ""}`}
      aria-label={t(kind === "note" ? "composer.note" : "composer.answer")}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => paste(event.dataTransfer?.files, event)}
    >
      {warned && newer && (
        <Banner
          icon="alert"
          role="alert"
          actions={
            <>
              <Button small kind="primary" onClick={() => submit(warned)}>
                {t("pending.send_anyway")}
              </Button>
              <Button small kind="quiet" onClick={() => setWarned(null)}>
                {t("action.cancel")}
              </Button>
            </>
          }
        >
          {newer}
        </Banner>
      )}
      <WayNotice way={way} row={row} />
      <Tabs row={row} closed={closed} limit={way?.max_text} />
      <div class="composer-box">
        {addressed && <AddressLines store={composer.addressing} thread={thread} subject={row.subject} />}
        {kind === "note" && <MentionBox area={area} composer={composer} />}
        {inPublic && <TargetLine store={composer.publicity} thread={thread} />}
        <div class="composer-area">
          {openly && <Underlay text={text} spans={composer.publicity.spans.value} />}
          <textarea
            ref={area}
            rows={3}
            value={text}
            maxLength={16_000}
            aria-label={t(
              kind === "note" ? "composer.note_label" : openly ? "public.answer_label" : "composer.answer_label",
            )}
            placeholder={t(kind === "note" ? "composer.note_hint" : openly ? "public.hint" : "composer.answer_hint")}
            onInput={(event) => {
              composer.type(event.currentTarget.value);
              app.presence.typing(thread.id, composer.kind.value, !composer.empty.value);
            }}
            onBlur={() => app.presence.stopped(thread.id)}
            onKeyDown={onKeyDown}
            onPaste={(event) => paste(event.clipboardData?.files, event)}
          />
        </div>
        {openly && (
          <Found
            text={text}
            spans={composer.publicity.spans.value}
            area={area}
            onText={(next) => composer.type(next)}
          />
        )}
        <Uploads composer={composer} />
        <div class="composer-foot">
          <input
            ref={files}
            type="file"
            multiple
            hidden
            onChange={(event) => {
              for (const file of event.currentTarget.files ?? []) void composer.attach(file);
              event.currentTarget.value = "";
            }}
          />
          <IconButton icon="clip" label={t("composer.attach")} onClick={() => files.current?.click()} />
          <span class="composer-hint wide-only">
            <kbd>{app.prefs.enterSends.value ? "Enter" : "Ctrl Enter"}</kbd> {t("composer.sends")}
          </span>
          <SendGroup
            note={kind === "note"}
            disabled={!composer.canSend.value || shut}
            later={addressed}
            onSend={(how) => submit(how)}
          />
        </div>
      </div>
    </section>
  );
}
