import type { Chat } from "../chat";
import type { Entry } from "../entries";
import { linkify, onlyEmoji } from "../linkify";
import type { Screen } from "../screen";
import { clock, size, t } from "../texts";
import type { OutboxItem } from "../types";
import type { Props } from "./App";
import { Icon } from "./Icon";

export function Bubble({ entry, chat, screen, loaded }: Props & { entry: Entry; loaded: () => void }) {
  const { side, first, last, body, attachments, state, item } = entry;
  const author = side === "mine" ? t("widget.you") : entry.name || t("widget.team");
  const name = entry.bot ? `${author} · ${t("widget.bot")}` : author;
  return (
    <div class={`bubble ${side}${first ? " first" : ""}${onlyEmoji(body) ? " big" : ""}`}>
      <p class={first && side === "theirs" ? "name" : "sr"}>{name}</p>
      {body && <p class="body">{linkify(body).map(piece)}</p>}
      {attachments.map((file, index) => (
        <File key={index} file={file} screen={screen} loaded={loaded} />
      ))}
      {(last || state) && (
        // States change often; only what asks for a decision is read out.
        <p class="meta" aria-live={state === "failed" ? "assertive" : "off"}>
          {last && <time dateTime={entry.at}>{clock(entry.at)}</time>}
          {state && <span class={state}>{t(`widget.state_${state}`)}</span>}
          {state === "failed" && item && <Failed chat={chat} item={item} />}
        </p>
      )}
    </div>
  );
}

function Failed({ chat, item }: { chat: Chat; item: OutboxItem }) {
  return (
    <>
      <button type="button" onClick={() => void chat.retry(item)}>
        {t("widget.retry")}
      </button>
      <button type="button" onClick={() => void chat.discard(item)}>
        {t("widget.discard")}
      </button>
    </>
  );
}

function piece({ text, href }: { text: string; href?: string }, index: number) {
  if (!href) return text;
  return (
    <a key={index} href={href} target="_blank" rel="noopener noreferrer nofollow">
      {text}
      <span class="sr"> {t("widget.new_tab")}</span>
    </a>
  );
}

const urls = new WeakMap<Blob, string>();

/** Address of a picture that is still on its way; it lives as long as the chat. */
function localUrl(blob: Blob | undefined): string | undefined {
  if (!blob?.type.startsWith("image/")) return undefined;
  const url = urls.get(blob) ?? URL.createObjectURL(blob);
  urls.set(blob, url);
  return url;
}

function File({ file, screen, loaded }: { file: Entry["attachments"][number]; screen: Screen; loaded: () => void }) {
  const url = "url" in file ? file.url : undefined;
  const source = "url" in file ? file.image && file.url : localUrl(file.blob);
  const label = t("widget.download", { name: file.name });
  const picture = source && !screen.broken.value.has(source);
  const fails = () => {
    if (source) screen.broken.value = new Set([...screen.broken.value, source]);
  };
  return (
    <a class={picture ? "picture" : "file"} href={url} target="_blank" rel="noopener" aria-label={url && label}>
      {picture ? (
        <img src={source} alt={file.name} onLoad={loaded} onError={fails} />
      ) : (
        <>
          <Icon name="file" />
          <span>
            {file.name}
            <small>{size(file.size)}</small>
          </span>
        </>
      )}
    </a>
  );
}
