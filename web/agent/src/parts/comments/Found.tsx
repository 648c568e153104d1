import { Button, Icon } from "@svardesk/ui";
import type { Span } from "@svardesk/wire";
import type { RefObject } from "preact";
import { has, t } from "../../i18n";

/** What a finding is called; of one that this build does not know, what all of them are. */
const kindText = (kind: string) => t(has(`personal.${kind}`) ? `personal.${kind}` : "personal.other");

interface FoundProps {
  text: string;
  spans: readonly Span[];
  area: RefObject<HTMLTextAreaElement | null>;
  onText: (text: string) => void;
}

/** Personal data in a draft that everybody would read: what it is, where it stands, and out with it. */
export function Found({ text, spans, area, onText }: FoundProps) {
  if (!spans.length) return null;
  const stop = spans.some((each) => each.level === "stop");
  return (
    <div class={`found-data ${stop ? "stop" : "warning"}`} role={stop ? "alert" : "status"}>
      <p>
        <Icon name="alert" />
        {t(stop ? "personal.stop" : "personal.warning")}
      </p>
      <ul>
        {spans.map(({ start, end, kind, level }) => (
          <li key={`${start}-${end}-${kind}`} class={level}>
            <button
              type="button"
              class="mail-tool"
              onClick={() => {
                area.current?.focus();
                area.current?.setSelectionRange(start, end);
              }}
            >
              <span class="hidden-visually">{t("personal.show")}</span>
              {text.slice(start, end)}
            </button>
            <span>{kindText(kind)}</span>
            <Button
              small
              kind="quiet"
              icon="trash"
              aria-label={t("personal.remove_what", { what: kindText(kind) })}
              onClick={() => {
                onText(`${text.slice(0, start).trimEnd()} ${text.slice(end).trimStart()}`.trim());
                area.current?.focus();
              }}
            >
              {t("personal.remove")}
            </Button>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** The same text behind the one being written, with the findings marked; only to be seen. */
export function Underlay({ text, spans }: { text: string; spans: readonly Span[] }) {
  if (!spans.length) return null;
  const parts = [];
  let at = 0;
  for (const { start, end, level } of [...spans].sort((a, b) => a.start - b.start)) {
    if (start < at) continue;
    parts.push(text.slice(at, start), <mark class={level}>{text.slice(start, end)}</mark>);
    at = end;
  }
  return (
    <div class="underlay" aria-hidden="true">
      {parts}
      {text.slice(at)}
    </div>
  );
}
