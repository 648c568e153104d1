import { Button, Dialog, Icon } from "@svardesk/ui";
import type { MetaHealth, MetaPage } from "@svardesk/wire";
import { useState } from "preact/hooks";
import { useApp } from "../../../context";
import { has, t, tn } from "../../../i18n";
import { metaText, problemText } from "../../../meta/words";
import { ago, full } from "../../../time";
import { PageSwitches } from "./PageSwitches";
import { Profile } from "./Profile";

const RANK = ["ok", "degraded", "disconnected", "paused"];
const LOOKS: Record<string, string> = { ok: "works", degraded: "trouble", disconnected: "broken", paused: "broken" };

function Problems({ parts }: { parts: readonly MetaPage[] }) {
  const problems = new Map(parts.flatMap((part) => Object.values(part.problems)).map((each) => [each.code, each]));
  return (
    <>
      {[...problems.values()].map(({ code, since, detail, status }) => (
        <div key={code} class={`box-trouble${status === "degraded" ? " mild" : ""}`} role="alert">
          <strong>{problemText(code)}</strong>
          <span class="quiet">{t("meta.since", { time: full(since) })}</span>
          {detail && <span class="quiet">{t("meta.meta_says", { said: detail })}</span>}
        </div>
      ))}
    </>
  );
}

function Health({ health }: { health: MetaHealth }) {
  return (
    <div class="box-health" role="status">
      {health.checks.map(({ name, ok, detail }) => {
        const key = `meta.check_${name}_${ok ? "ok" : "bad"}`;
        return (
          <p key={name} class={ok ? "good" : "bad"}>
            <Icon name={ok ? "check" : "alert"} />
            <span>
              <strong>{has(key) ? t(key) : name}</strong>{" "}
              {!ok && detail && (name === "token" ? metaText(detail) : <span class="quiet">{detail}</span>)}
            </span>
          </p>
        );
      })}
    </div>
  );
}

function Disconnect({ parts, onClose }: { parts: readonly MetaPage[]; onClose: (done: boolean) => void }) {
  const app = useApp();
  const name = parts[0]?.name ?? "";
  const go = () =>
    void app
      .attempt(
        async () => {
          for (const part of parts) await app.api.disconnectPage(part.id);
        },
        t("meta.disconnected", { name }),
      )
      .then((done) => onClose(done));
  return (
    <Dialog
      title={t("meta.disconnect_title", { name })}
      closeLabel={t("action.close_box")}
      onClose={() => onClose(false)}
    >
      <p>{t("meta.disconnect_explain")}</p>
      <div class="dialog-actions">
        <Button onClick={() => onClose(false)}>{t("action.cancel")}</Button>
        <Button kind="danger" onClick={go}>
          {t("meta.disconnect")}
        </Button>
      </div>
    </Dialog>
  );
}

/** One page with both of its connections: how it is, and what can be done with it. */
export function PageCard({ parts, again }: { parts: readonly MetaPage[]; again: () => Promise<void> }) {
  const app = useApp();
  const [health, setHealth] = useState<MetaHealth | null>(null);
  const [testing, setTesting] = useState(false);
  const [leaving, setLeaving] = useState(false);
  const messenger = parts.find((part) => part.kind === "messenger");
  const first = messenger ?? parts[0];
  if (!first) return null;
  const status = parts.map((part) => part.status).sort((a, b) => RANK.indexOf(b) - RANK.indexOf(a))[0] ?? "ok";
  const test = async () => {
    setTesting(true);
    await app.attempt(async () => setHealth(await app.api.testPage(first.id)));
    setTesting(false);
    await again();
  };
  const resume = () =>
    void app.attempt(async () => {
      let sent = 0;
      for (const part of parts) if (part.status === "paused") sent += (await app.api.resumePage(part.id)).sent;
      app.toasts.say(tn("meta.resumed", sent));
      await again();
    });
  return (
    <section class="box stack mailbox" aria-label={first.name}>
      <div class="mailbox-head">
        <Icon name="megaphone" />
        <div class="grow">
          <h2>{first.name}</h2>
          <span class="quiet">{parts.map((part) => t(`channel.${part.kind}`)).join(" · ")}</span>
        </div>
        <span class={`box-status ${LOOKS[status] ?? "trouble"}`}>
          <Icon name={status === "ok" ? "check" : "alert"} />
          {t(`meta.status_${status}`)}
        </span>
      </div>
      <Problems parts={parts} />
      <p class="quiet box-facts">
        <span>{first.heard_at ? t("meta.heard", { time: ago(first.heard_at) }) : t("meta.not_heard")}</span>
        {first.looked_at && <span>{t("meta.looked", { time: ago(first.looked_at) })}</span>}
        {first.backfilled > 0 && <span>{tn("meta.backfilled", first.backfilled)}</span>}
      </p>
      {health && <Health health={health} />}
      <div class="dialog-actions start">
        {status === "paused" && (
          <Button small kind="primary" icon="send" onClick={resume}>
            {t("meta.resume")}
          </Button>
        )}
        <Button small icon="refresh" busy={testing} onClick={() => void test()}>
          {t("meta.test")}
        </Button>
        <Button small kind="quiet" icon="trash" onClick={() => setLeaving(true)}>
          {t("meta.disconnect")}
        </Button>
      </div>
      <PageSwitches parts={parts} again={again} />
      {messenger && <Profile page={messenger} />}
      {leaving && (
        <Disconnect
          parts={parts}
          onClose={(done) => {
            setLeaving(false);
            if (done) void again();
          }}
        />
      )}
    </section>
  );
}
