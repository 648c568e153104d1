import { Banner, Button, Empty, Spinner } from "@svardesk/ui";
import type { Mailbox } from "@svardesk/wire";
import { useEffect, useState } from "preact/hooks";
import { useApp } from "../../../context";
import { errorText } from "../../../errors";
import { t } from "../../../i18n";
import { mailboxText } from "../../../mail/words";
import { Aside } from "./Aside";
import { MailboxCard } from "./MailboxCard";
import { MailboxForm } from "./MailboxForm";

/** How signing in at a provider went: it stands in the address when the browser comes back. */
function useSignedIn(): [string | null, () => void] {
  const [told, setTold] = useState(() => new URLSearchParams(location.search).get("signed_in"));
  useEffect(() => {
    // A reload or a copied address must not tell it again.
    if (told) history.replaceState(null, "", location.pathname);
  }, [told]);
  return [told, () => setTold(null)];
}

export function Mailboxes() {
  const app = useApp();
  const { mailboxes } = app;
  const [edited, setEdited] = useState<Mailbox | "new" | null>(null);
  const [fresh, setFresh] = useState<string | null>(null);
  const [signedIn, forget] = useSignedIn();
  useEffect(() => void mailboxes.load(), [mailboxes]);
  const list = mailboxes.list.value;
  const done = (saved: Mailbox | null) => {
    if (saved && edited === "new") {
      setFresh(saved.mailbox.id);
      // Without signing in nothing else can be done with it.
      if (saved.mailbox.config.provider !== "password")
        void app.attempt(async () => location.assign((await app.api.mailboxSignIn(saved.mailbox.id)).url));
    }
    setEdited(null);
    if (saved) void mailboxes.load();
  };
  if (edited) return <MailboxForm box={edited === "new" ? null : edited} onDone={done} />;
  if (!list)
    return mailboxes.error.value ? (
      <Empty icon="alert" title={errorText(mailboxes.error.value)}>
        <Button icon="refresh" onClick={() => void mailboxes.load()}>
          {t("action.again")}
        </Button>
      </Empty>
    ) : (
      <Spinner label={t("state.loading")} />
    );
  return (
    <>
      {signedIn && (
        <Banner
          kind={signedIn === "ok" ? "ok" : "bad"}
          icon={signedIn === "ok" ? "check" : "alert"}
          role="alert"
          actions={
            <Button small kind="quiet" onClick={forget}>
              {t("action.close_box")}
            </Button>
          }
        >
          {signedIn === "ok" ? t("mailboxes.signed_in") : `${t("mailboxes.not_signed_in")} ${mailboxText(signedIn)}`}
        </Banner>
      )}
      {list.length === 0 ? (
        <Empty icon="mail" title={t("mailboxes.none")}>
          <p>{t("mailboxes.none_hint")}</p>
          <Button kind="primary" icon="plus" onClick={() => setEdited("new")}>
            {t("mailboxes.new")}
          </Button>
        </Empty>
      ) : (
        <>
          <div>
            <Button kind="primary" icon="plus" onClick={() => setEdited("new")}>
              {t("mailboxes.new")}
            </Button>
          </div>
          {list.map((box) => (
            <MailboxCard
              key={box.mailbox.id}
              box={box}
              fresh={box.mailbox.id === fresh}
              onEdit={() => setEdited(box)}
              again={mailboxes.load}
            />
          ))}
        </>
      )}
      <Aside />
    </>
  );
}
