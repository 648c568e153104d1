import { Banner, Button, Icon, IconButton, Menu } from "@svardesk/ui";
import type { Row } from "@svardesk/wire";
import { useEffect, useRef, useState } from "preact/hooks";
import { useApp } from "../context";
import { t, tn } from "../i18n";
import { send } from "../stores/actions";
import type { ThreadStore } from "../stores/thread";
import { MentionBox } from "./MentionBox";
import { Uploads } from "./Uploads";

/** The words of a warning that something came which was not on the screen, or null. */
function newerThanSeen(thread: ThreadStore, me: string | undefined): string | null {
  const other = thread.unseen.value.findLast((message) => message.author.id !== me);
  if (!other) return null;
  const text = other.body.length > 90 ? `${other.body.slice(0, 90)} …` : other.body;
  return t("composer.newer", { name: other.author.name ?? t("contact.unnamed"), text });
}

function Tabs({ row }: { row: Row }) {
  const app = useApp();
  const composer = app.composer.value;
  if (!composer) return null;
  const kind = composer.kind.value;
  const tab = (which: "answer" | "note", label: string) => (
    <button
      type="button"
      class="composer-tab"
      aria-pressed={kind === which}
      onClick={() => {
        composer.choose(which);
        document.querySelector<HTMLTextAreaElement>(".composer textarea")?.focus();
      }}
    >
      {label}
    </button>
  );
  const state = { clean: "", dirty: "", saving: t("composer.saving"), saved: t("composer.saved") }[
    composer.saved.value
  ];
  const tooMuch = composer.tooMuch.value;
  return (
    <div class="composer-tabs">
      {tab("answer", t("composer.answer"))}
      {tab("note", t("composer.note"))}
      <span class={`composer-state${tooMuch ? " bad" : ""}`} role="status">
        {tooMuch
          ? tn("composer.too_long", tooMuch)
          : kind === "answer" && row.status === "closed"
            ? t("composer.reopens")
            : state}
      </span>
    </div>
  );
}

export function Composer({ row, thread }: { row: Row; thread: ThreadStore }) {
  const app = useApp();
  const composer = app.composer.value;
  const area = useRef<HTMLTextAreaElement>(null);
  const files = useRef<HTMLInputElement>(null);
  const [warned, setWarned] = useState<"send" | "close" | null>(null);
  const text = composer?.text.value ?? "";
  useEffect(() => {
    const element = area.current;
    if (!element || text === element.dataset.sized) return;
    element.style.height = "auto";
    element.style.height = `${Math.min(element.scrollHeight + 2, window.innerHeight * 0.4)}px`;
    element.dataset.sized = text;
  }, [text]);
  if (!composer) return null;
  const kind = composer.kind.value;
  const shut = kind === "answer" && thread.way.value?.open === false;
  const newer = kind === "answer" ? newerThanSeen(thread, app.session.me.value?.agent.id) : null;
  const submit = (close: boolean) => {
    if (!composer.canSend.value || shut) return;
    if (newer && !warned) {
      setWarned(close ? "close" : "send");
      return;
    }
    send(app, { confirm: warned !== null, close });
    setWarned(null);
    area.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.isComposing) return;
    const enter = event.key === "Enter" && !event.shiftKey;
    const command = event.ctrlKey || event.metaKey;
    if (event.key === "Enter" && (command || (enter && app.prefs.enterSends.value))) {
      event.preventDefault();
      submit(command && event.shiftKey);
    } else if (event.key === "Escape") area.current?.blur();
  };
  const paste = (list: FileList | null | undefined, event: Event) => {
    if (!list?.length) return;
    event.preventDefault();
    for (const file of list) void composer.attach(file);
  };
  return (
    <section
      class={`composer ${kind}`}
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
              <Button small kind="primary" onClick={() => submit(warned === "close")}>
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
      <Tabs row={row} />
      <div class="composer-box">
        {kind === "note" && <MentionBox area={area} composer={composer} />}
        <textarea
          ref={area}
          rows={3}
          value={text}
          maxLength={16_000}
          aria-label={t(kind === "note" ? "composer.note_label" : "composer.answer_label")}
          placeholder={t(kind === "note" ? "composer.note_hint" : "composer.answer_hint")}
          onInput={(event) => {
            composer.type(event.currentTarget.value);
            app.presence.typing(thread.id, composer.kind.value, !composer.empty.value);
          }}
          onBlur={() => app.presence.stopped(thread.id)}
          onKeyDown={onKeyDown}
          onPaste={(event) => paste(event.clipboardData?.files, event)}
        />
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
          <span class="send-group">
            <Button kind="primary" icon="send" disabled={!composer.canSend.value || shut} onClick={() => submit(false)}>
              {t(kind === "note" ? "composer.save_note" : "composer.send")}
            </Button>
            {kind === "answer" && (
              <Menu
                label={t("composer.send_more")}
                kind="plain"
                align="end"
                disabled={!composer.canSend.value || shut}
                entries={[{ key: "close", label: t("composer.send_close"), icon: "check", onPick: () => submit(true) }]}
              >
                <Icon name="down" />
              </Menu>
            )}
          </span>
        </div>
      </div>
    </section>
  );
}
