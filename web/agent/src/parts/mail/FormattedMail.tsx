import { Banner, Button, Spinner } from "@svardesk/ui";
import type { Message } from "@svardesk/wire";
import { useEffect, useState } from "preact/hooks";
import { useApp } from "../../context";
import { errorText } from "../../errors";
import { locale, t, tn } from "../../i18n";
import { type Formatted, formatted } from "../../mail/fetching";

const FRAME = "/api/v1/mails/frame";
const LEAST = 160;
const MOST = 0.62;

/**
 * Puts the mail into a frame of its own inside `outer`, and returns about how high it stands. The inner one runs no scripts
 * and belongs to no origin; the page around it is empty and there for its policy, which the inner frame inherits and which
 * the app's own could not be.
 */
function place(outer: HTMLIFrameElement, mail: Formatted, pictures: boolean, title: string): number {
  const around = outer.contentDocument;
  if (!outer.contentWindow || !around?.body || !around.URL.endsWith(FRAME)) throw new Error("The frame is not there.");
  const { page, height } = mail.clean(outer.contentWindow, mail.html, pictures, title, locale.value);
  const inner = around.createElement("iframe");
  inner.setAttribute("sandbox", "allow-popups allow-popups-to-escape-sandbox");
  inner.setAttribute("referrerpolicy", "no-referrer");
  inner.title = title;
  inner.style.cssText = "position: fixed; inset: 0; width: 100%; height: 100%; border: 0; background: #fff";
  inner.srcdoc = page;
  around.body.replaceChildren(inner);
  return height;
}

/** A mail as its sender formatted it. Pictures from elsewhere tell that it was read, and come only when asked for. */
export function FormattedMail({ message }: { message: Message }) {
  const app = useApp();
  const [pictures, setPictures] = useState(false);
  const [mail, setMail] = useState<Formatted | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [turn, setTurn] = useState(0);
  const [guessed, setGuessed] = useState(LEAST);
  const title = t("mail.formatted_title", { subject: message.letter?.subject || t("mail.no_subject") });
  // biome-ignore lint/correctness/useExhaustiveDependencies: `turn` asks once more
  useEffect(() => {
    const abort = new AbortController();
    setError(null);
    formatted(app, message.id, pictures, abort.signal).then(setMail, (reason) => {
      if (!abort.signal.aborted) setError(reason);
    });
    return () => abort.abort();
  }, [app, message.id, pictures, turn]);
  if (error)
    return (
      <Banner
        icon="alert"
        actions={
          <Button small onClick={() => setTurn(turn + 1)}>
            {t("action.again")}
          </Button>
        }
      >
        {errorText(error)}
      </Banner>
    );
  if (!mail) return <Spinner label={t("state.loading")} />;
  const height = Math.round(Math.max(LEAST, Math.min(guessed, window.innerHeight * MOST)));
  return (
    <div class="mail-formatted">
      {mail.heldBack > 0 && (
        <Banner
          icon="picture"
          actions={
            <Button small onClick={() => setPictures(true)}>
              {t("mail.show_pictures")}
            </Button>
          }
        >
          {tn("mail.held_back", mail.heldBack)}
        </Banner>
      )}
      <div class="mail-frame" style={{ height: `${height}px` }}>
        <iframe
          key={`${message.id}-${pictures}-${mail.html.length}`}
          src={FRAME}
          sandbox="allow-same-origin allow-popups allow-popups-to-escape-sandbox"
          title={title}
          onLoad={(event) => {
            try {
              setGuessed(place(event.currentTarget, mail, pictures, title));
            } catch (reason) {
              setError(reason);
            }
          }}
        />
      </div>
    </div>
  );
}
