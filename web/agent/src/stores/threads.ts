// Which program has a conversation at its channel: taken over, passed on, let go.
import type { Row, ThreadAct } from "@svardesk/wire";
import { t } from "../i18n";
import type { AppStore } from "./app";

/** Carries it out and looks again: whether it was granted, the provider tells. */
export async function control(app: AppStore, row: Row, act: ThreadAct): Promise<boolean> {
  return app.attempt(
    async () => {
      await app.api.threadControl(row.id, act);
      const thread = app.thread.peek();
      if (thread?.id === row.id) await thread.load();
    },
    t(`standby.done_${act}`),
  );
}
