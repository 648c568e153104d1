import { Banner, Button } from "@svardesk/ui";
import type { Row, Way } from "@svardesk/wire";
import { useApp } from "../../context";
import { t } from "../../i18n";
import { control } from "../../stores/threads";

/** The program that has the conversation, as people call it. */
export const ownerName = (owner: string | null | undefined) =>
  !owner || /^\d+$/.test(owner) ? t("system.some_program") : owner;

/** Another program has the conversation: answers from here may be refused until we take it over. */
export function StandbyNotice({ way, row }: { way: Way; row: Row }) {
  const app = useApp();
  if (!way.standby) return null;
  // The way knows the program by its number; the line in the thread says what people call it.
  const line = app.thread.value?.messages.value.findLast(({ details }) => details?.type === "owner_changed");
  return (
    <Banner
      icon="eye"
      actions={
        app.session.may("conversations.write") ? (
          <Button small kind="primary" onClick={() => void control(app, row, "take")}>
            {t("standby.take")}
          </Button>
        ) : null
      }
    >
      <strong>{t("standby.title", { program: ownerName(line?.details?.name ?? way.owner) })}</strong> {t("standby.why")}
    </Banner>
  );
}
