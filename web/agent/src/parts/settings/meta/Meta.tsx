import { Banner, Button, Empty, Icon, Spinner } from "@svardesk/ui";
import type { MetaApp, MetaSettings } from "@svardesk/wire";
import { useEffect, useState } from "preact/hooks";
import { useApp } from "../../../context";
import { errorText } from "../../../errors";
import { has, t } from "../../../i18n";
import { problemText } from "../../../meta/words";
import { byPage } from "../../../stores/meta";
import { full } from "../../../time";
import { AppForm } from "./AppForm";
import { ConnectPage } from "./ConnectPage";
import { PageCard } from "./PageCard";
import { AtMeta, Automations } from "./Steps";

/** How signing in at Meta went: it stands in the address when the browser comes back. */
function SignedIn() {
  const [told, setTold] = useState(() => new URLSearchParams(location.search).get("signed_in"));
  useEffect(() => {
    // A reload or a copied address must not tell it again.
    if (told) history.replaceState(null, "", location.pathname);
  }, [told]);
  if (!told) return null;
  const ok = told === "ok";
  const why = has(`error.${told}`) ? t(`error.${told}`) : t("meta.sign_in_failed");
  return (
    <Banner
      kind={ok ? "ok" : "bad"}
      icon={ok ? "check" : "alert"}
      role="alert"
      actions={
        <Button small kind="quiet" onClick={() => setTold(null)}>
          {t("action.close_box")}
        </Button>
      }
    >
      {ok ? t("meta.signed_in") : why}
    </Banner>
  );
}

function AppCard({ of, settings, again }: { of: MetaApp; settings: MetaSettings; again: () => Promise<void> }) {
  const app = useApp();
  const [editing, setEditing] = useState(false);
  const pages = settings.pages.filter((page) => page.app_id === of.id);
  if (editing)
    return (
      <AppForm
        of={of}
        onDone={(saved) => {
          setEditing(false);
          if (saved) void again();
        }}
      />
    );
  return (
    <section class="box stack meta-form" aria-label={of.name}>
      <div class="mailbox-head">
        <Icon name="key" />
        <div class="grow">
          <h2>{of.name}</h2>
          <span class="quiet">{t("meta.app_facts", { id: of.config.app_id, version: of.config.version })}</span>
        </div>
        <Button small icon="note" onClick={() => setEditing(true)}>
          {t("action.change")}
        </Button>
        {!pages.length && (
          <Button
            small
            kind="quiet"
            icon="trash"
            onClick={() => void app.attempt(() => app.api.deleteMetaApp(of.id), t("meta.app_deleted")).then(again)}
          >
            {t("comment.delete")}
          </Button>
        )}
      </div>
      {Object.entries(of.problems).map(([name, { code, since }]) => (
        <div key={name} class="box-trouble" role="alert">
          <strong>{problemText(code)}</strong>
          <span class="quiet">{t("meta.since", { time: full(since) })}</span>
        </div>
      ))}
      <AtMeta app={of} />
      <ConnectPage of={of} done={pages.length > 0} again={again} />
      <Automations />
    </section>
  );
}

/** Messenger and the Facebook page: what to do at Meta, step by step, and how each page is. */
export function Meta() {
  const app = useApp();
  const { meta } = app;
  useEffect(() => void meta.load(), [meta]);
  const settings = meta.settings.value;
  if (!settings)
    return meta.error.value ? (
      <Empty icon="alert" title={errorText(meta.error.value)}>
        <Button icon="refresh" onClick={() => void meta.load()}>
          {t("action.again")}
        </Button>
      </Empty>
    ) : (
      <Spinner label={t("state.loading")} />
    );
  return (
    <>
      <SignedIn />
      {byPage(settings.pages).map((parts) => (
        <PageCard key={parts[0]?.id} parts={parts} again={meta.load} />
      ))}
      {settings.apps.length === 0 ? (
        <>
          <p>{t("meta.intro")}</p>
          <AppForm of={null} onDone={() => void meta.load()} />
        </>
      ) : (
        settings.apps.map((each) => <AppCard key={each.id} of={each} settings={settings} again={meta.load} />)
      )}
    </>
  );
}
