import type { Row } from "@svardesk/wire";
import { useApp } from "../../context";
import { t, tn } from "../../i18n";
import { pieces } from "../../pieces";

/** In how many messages a long answer goes out; nothing while it is one. */
function Pieces({ text, limit }: { text: string; limit: number | null | undefined }) {
  const count = limit ? pieces(text, limit) : 1;
  return count > 1 ? <span class="composer-pieces">{tn("composer.pieces", count)}</span> : null;
}

interface TabsProps {
  row: Row;
  closed: boolean;
  limit: number | null | undefined;
}

/** Answer or note, and beside them how it stands with what is written. */
export function Tabs({ row, closed, limit }: TabsProps) {
  const app = useApp();
  const composer = app.composer.value;
  if (!composer) return null;
  const kind = composer.kind.value;
  const tab = (which: "answer" | "note", label: string) => (
    <button
      type="button"
      class="composer-tab"
      aria-pressed={kind === which}
      disabled={closed && which === "answer"}
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
      {kind === "answer" && <Pieces text={composer.text.value} limit={limit} />}
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
