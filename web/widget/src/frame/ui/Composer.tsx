import type { Chat } from "../chat";
import { size, t } from "../texts";
import type { Props } from "./App";
import { Emoji } from "./Emoji";
import { Icon } from "./Icon";

const box = () => document.getElementById("text") as HTMLTextAreaElement;

/** After each drawing: the box is as high as its text; it shrinks first, so that the scroll height is the text's. */
export function autosize(): void {
  const { style } = box();
  style.height = "auto";
  style.height = `${box().scrollHeight}px`;
}

export function Composer({ chat, screen: { emoji } }: Props) {
  const { store, attachments } = chat;
  const { text } = store;
  const limits = store.limits.value;
  const tooMuch = text.value.length - limits.max_text;
  const empty = !text.value.trim() && !attachments.list.value.length;
  const idle = empty || tooMuch > 0 || store.phase.value === "refused";

  const write = (value: string) => {
    text.value = value;
    chat.typed(value);
  };
  const send = () => {
    if (idle) return;
    const body = text.value.trim();
    write("");
    emoji.value = false;
    void chat.send(body);
    box().focus();
  };
  const keys = (event: KeyboardEvent) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      send();
    }
  };
  const paste = (event: ClipboardEvent) => {
    const files = event.clipboardData?.files;
    if (!files?.length) return;
    event.preventDefault();
    attachments.add(files);
  };
  const insert = (sign: string) => {
    const area = box();
    area.setRangeText(sign, area.selectionStart, area.selectionEnd, "end");
    write(area.value);
  };
  const closeEmoji = () => {
    emoji.value = false;
    document.getElementById("emoji")?.focus();
  };
  const hint = t("widget.attach_limit", { size: size(limits.max_file) });

  return (
    <footer>
      <Files chat={chat} />
      <p class="failed" role="status">
        {tooMuch > 0 && t("widget.too_long", { n: tooMuch })}
      </p>
      {emoji.value && <Emoji insert={insert} close={closeEmoji} />}
      <div class="box">
        <label class="sr" for="text">
          {t("widget.write")}
        </label>
        <textarea
          id="text"
          rows={1}
          dir="auto"
          placeholder={t("widget.write")}
          enterkeyhint="send"
          value={text.value}
          onInput={(event) => write(event.currentTarget.value)}
          onKeyDown={keys}
          onPaste={paste}
        />
        <input
          id="files"
          type="file"
          multiple
          hidden
          accept={limits.file_types.join(",")}
          onChange={(event) => {
            attachments.add(event.currentTarget.files ?? []);
            event.currentTarget.value = "";
          }}
        />
        <button
          type="button"
          class="icon"
          aria-label={hint}
          title={hint}
          onClick={() => document.getElementById("files")?.click()}
        >
          <Icon name="clip" />
        </button>
        <button
          type="button"
          id="emoji"
          class="icon"
          aria-label={t("widget.emoji")}
          title={t("widget.emoji")}
          aria-expanded={emoji.value}
          onClick={() => {
            emoji.value = !emoji.value;
          }}
        >
          <Icon name="smile" />
        </button>
        <button
          type="button"
          class="icon go"
          aria-label={t("widget.send")}
          title={t("widget.send")}
          aria-disabled={idle}
          onClick={send}
        >
          <Icon name="send" />
        </button>
      </div>
    </footer>
  );
}

function Files({ chat: { attachments, store } }: { chat: Chat }) {
  const problem = attachments.problem.value;
  const list = attachments.list.value;
  const { max_file } = store.limits.value;
  return (
    <>
      <p class="failed" role="alert">
        {problem && t(problem.key, { name: problem.name, size: size(max_file) })}
      </p>
      {list.length > 0 && (
        <ul>
          {list.map((file) => (
            <li key={file.key}>
              <span>
                {file.name} <small>{size(file.size)}</small>
              </span>
              {file.state === "uploading" && (
                <progress aria-label={t("widget.uploading", { name: file.name })} value={file.progress} />
              )}
              {file.state === "waiting" && <small>{t("widget.state_waiting")}</small>}
              <button
                type="button"
                class="icon"
                aria-label={t("widget.remove", { name: file.name })}
                onClick={() => attachments.remove(file.key)}
              >
                <Icon name="close" />
              </button>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
