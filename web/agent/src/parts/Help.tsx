import { Dialog } from "@svardesk/ui";
import { useApp } from "../context";
import { t } from "../i18n";
import { SHORTCUTS, type Shortcut } from "../shortcuts";

const GROUPS: readonly Shortcut["group"][] = ["move", "write", "act", "other"];
const ARROWS: Record<string, string> = { ArrowDown: "↓", ArrowUp: "↑", Escape: "Esc" };

export function Help({ onClose }: { onClose: () => void }) {
  const app = useApp();
  return (
    <Dialog title={t("help.title")} closeLabel={t("action.close_box")} onClose={onClose} large>
      {!app.prefs.shortcuts.value && <p>{t("help.off")}</p>}
      <div class="help">
        {GROUPS.map((group) => (
          <section key={group}>
            <h3>{t(`help.group_${group}`)}</h3>
            <dl>
              {SHORTCUTS.filter((shortcut) => shortcut.group === group).map((shortcut) => (
                <div key={shortcut.text}>
                  <dt>
                    {shortcut.keys.map((key) => (
                      <kbd key={key}>{ARROWS[key] ?? key}</kbd>
                    ))}
                  </dt>
                  <dd>{t(shortcut.text)}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
