import { Button, Check } from "@svardesk/ui";
import { useApp } from "../../context";
import { t } from "../../i18n";

export function Notifications() {
  const app = useApp();
  const { prefs } = app;
  const desktop = async (wanted: boolean) => {
    if (!wanted) prefs.desktop.value = false;
    else if (!(await prefs.askDesktop())) app.toasts.say(t("notify.refused"), { bad: true });
  };
  return (
    <>
      <section class="stack narrow">
        <p class="quiet">{t("notify.explain")}</p>
        <Check
          label={t("notify.desktop")}
          hint={t("notify.desktop_hint")}
          checked={prefs.desktop.value}
          onValue={(wanted) => void desktop(wanted)}
        />
        <Check
          label={t("notify.sound")}
          hint={t("notify.sound_hint")}
          checked={prefs.sound.value}
          onValue={(wanted) => (prefs.sound.value = wanted)}
        />
        <div>
          <Button small icon="bell" onClick={() => app.notifier.sound()}>
            {t("notify.try")}
          </Button>
        </div>
      </section>
      <section class="stack narrow">
        <h2>{t("settings.keyboard")}</h2>
        <Check
          label={t("keyboard.shortcuts")}
          hint={t("keyboard.shortcuts_hint")}
          checked={prefs.shortcuts.value}
          onValue={(wanted) => (prefs.shortcuts.value = wanted)}
        />
        <Check
          label={t("keyboard.enter")}
          hint={t("keyboard.enter_hint")}
          checked={prefs.enterSends.value}
          onValue={(wanted) => (prefs.enterSends.value = wanted)}
        />
        <div>
          <Button small icon="keyboard" onClick={() => (app.overlay.value = "help")}>
            {t("help.title")}
          </Button>
        </div>
      </section>
    </>
  );
}
