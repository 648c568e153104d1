import { Banner, Button, Empty, Spinner } from "@svardesk/ui";
import { useApp } from "../context";
import { t } from "../i18n";
import { Composer } from "./Composer";
import { PostThread } from "./comments/PostThread";
import { Messages } from "./Messages";
import { ThreadHeader } from "./ThreadHeader";
import { unnamed } from "./words";

function Nothing() {
  const app = useApp();
  return (
    <section class="pane thread-pane nothing" aria-label={t("thread.label")}>
      <Empty icon="chat" title={t("thread.none_title")}>
        <p>{t("thread.none")}</p>
        <Button small kind="quiet" icon="keyboard" onClick={() => (app.overlay.value = "help")}>
          {t("help.title")}
        </Button>
      </Empty>
    </section>
  );
}

/** Who answers at this moment, so that the customer does not get two answers. */
function Locked({ id }: { id: string }) {
  const app = useApp();
  const answering = app.presence.others(id).value.filter((other) => other.kind === "answering");
  if (!answering.length) return null;
  const name = answering.map((other) => other.name).join(", ");
  return <Banner icon="lock">{t("thread.locked", { name })}</Banner>;
}

export function ThreadPane() {
  const app = useApp();
  const thread = app.thread.value;
  if (!thread) return <Nothing />;
  const row = app.rows.signal(thread.id).value;
  const state = thread.state.value;
  if (state === "missing" || state === "failed")
    return (
      <section class="pane thread-pane" aria-label={t("thread.label")}>
        <Empty icon="alert" title={t(state === "missing" ? "thread.missing_title" : "thread.failed_title")}>
          <p>{t(state === "missing" ? "thread.missing" : "thread.failed")}</p>
          {state === "failed" && (
            <Button icon="refresh" onClick={() => void thread.load()}>
              {t("action.again")}
            </Button>
          )}
          <Button kind="quiet" onClick={() => app.openConversation(null)}>
            {t("action.back")}
          </Button>
        </Empty>
      </section>
    );
  if (!row || state === "loading")
    return (
      <section class="pane thread-pane centre" aria-label={t("thread.label")}>
        <Spinner label={t("state.loading")} />
      </section>
    );
  return (
    <section class="pane thread-pane" aria-label={t("thread.with", { name: row.contact.name ?? unnamed(row.channel) })}>
      <ThreadHeader row={row} />
      {thread.way.value?.public ? (
        <PostThread key={thread.id} thread={thread} row={row} />
      ) : (
        <Messages key={thread.id} thread={thread} row={row} />
      )}
      <Locked id={thread.id} />
      {app.session.may("conversations.write") ? (
        <Composer key={`write-${thread.id}`} row={row} thread={thread} />
      ) : (
        <Banner icon="eye">{t("thread.read_only")}</Banner>
      )}
    </section>
  );
}
