import { Banner, Button } from "@svardesk/ui";
import { useApp } from "../context";
import { t, tn } from "../i18n";

/** Says when the line is cut, that it catches up, and afterwards what it caught up with. */
export function Connection() {
  const app = useApp();
  const { live } = app;
  const waiting = app.delivery.entries.value.filter((entry) => entry.state === "waiting").length;
  const caught = live.caughtUp.value;
  return (
    <div class="connection" role="status" aria-live="polite">
      {live.cut.value && (
        <Banner icon="refresh">
          {t("live.cut")} {waiting > 0 && tn("live.waiting", waiting)}
        </Banner>
      )}
      {!live.cut.value && live.state.value === "catching_up" && <Banner icon="refresh">{t("live.catching_up")}</Banner>}
      {!live.behind.value && caught && (
        <Banner kind="ok" icon="check">
          {caught.missed === null
            ? t("live.replaced")
            : caught.missed === 0
              ? t("live.nothing_missed")
              : tn("live.caught_up", caught.missed)}
        </Banner>
      )}
      {live.newBuild.value && (
        <Banner
          kind="ok"
          icon="refresh"
          actions={
            <Button small onClick={() => location.reload()}>
              {t("live.reload")}
            </Button>
          }
        >
          {t("live.new_build")}
        </Banner>
      )}
    </div>
  );
}
