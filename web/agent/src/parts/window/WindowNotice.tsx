import { Banner, Button } from "@svardesk/ui";
import type { Row, Way } from "@svardesk/wire";
import { useApp } from "../../context";
import { known, locale, t, textIn } from "../../i18n";
import { full, serverNow } from "../../time";
import { SOON_MS, standing } from "../../window";
import { WaysLeft } from "./WaysLeft";

/** Puts the question for another address into the draft, in the customer's language; the agent sends it or does not. */
function AskConsent({ row }: { row: Row }) {
  const app = useApp();
  const ask = () =>
    void app.attempt(async () => {
      const words = await textIn(known(row.locale) ?? locale.peek(), "window.ask_text");
      app.composer.value?.restore("answer", words, []);
      document.querySelector<HTMLTextAreaElement>(".composer textarea")?.focus();
    });
  return (
    <Button small onClick={ask}>
      {t("window.ask")}
    </Button>
  );
}

/** Before anybody types: whether an answer will be let through, and what remains when it will not. */
export function WindowNotice({ row, way }: { row: Row; way: Way }) {
  const now = standing(row.window_from, way.windows, serverNow());
  if (!now) return null;
  if (now.kind === "closed")
    return (
      <Banner icon="lock">
        <strong>{t(now.until === null ? "window.never_wrote" : "window.closed_why")}</strong>
        <WaysLeft way={way} />
      </Banner>
    );
  if (now.kind === "free" && now.left > SOON_MS) return null;
  // Once it has closed nobody can ask any more.
  const lonely = !way.others?.length && (now.kind === "people" || !way.windows?.some((each) => each.people_only));
  return (
    <div class="window-line" role="note">
      <span>{t(now.kind === "people" ? "window.people_why" : "window.soon_why", { time: full(now.until) })}</span>
      {lonely && <AskConsent row={row} />}
    </div>
  );
}
