import { Button, IconButton } from "@svardesk/ui";
import { useCallback } from "preact/hooks";
import { useApp } from "../../context";
import { t } from "../../i18n";
import { ago } from "../../time";
import { Loading, useLoaded } from "./load";

/** "Chrome · Windows" from a browser's long name; what is not recognised is shown as it is, cut. */
export function browserName(agent: string | null): string {
  if (!agent) return t("sessions.unknown");
  const program =
    /(Edg|OPR|Firefox|Chrome|Safari)/.exec(agent)?.[1]?.replace("Edg", "Edge").replace("OPR", "Opera") ?? "";
  const system = /(Windows|Android|iPhone|iPad|Mac OS X|Linux)/.exec(agent)?.[1]?.replace("Mac OS X", "macOS") ?? "";
  return [program, system].filter(Boolean).join(" · ") || agent.slice(0, 60);
}

export function Sessions() {
  const app = useApp();
  const sessions = useLoaded(useCallback(() => app.api.sessions(), [app]));
  return (
    <section class="stack">
      <h2>{t("sessions.title")}</h2>
      <Loading of={sessions}>
        {(list) => (
          <ul class="lines">
            {list.map((session) => (
              <li key={session.id}>
                <span class="grow">
                  <strong>{browserName(session.browser)}</strong>
                  {session.current && <span class="chip">{t("sessions.current")}</span>}
                  <span class="quiet block">
                    {session.ip} · {ago(session.last_seen_at)}
                  </span>
                </span>
                {!session.current && (
                  <IconButton
                    icon="leave"
                    label={t("sessions.end")}
                    onClick={() =>
                      void app.attempt(async () => {
                        await app.api.endSession(session.id);
                        await sessions.again();
                      }, t("sessions.ended"))
                    }
                  />
                )}
              </li>
            ))}
          </ul>
        )}
      </Loading>
      <div>
        <Button kind="danger" icon="leave" onClick={() => void app.attempt(() => app.session.signOutEverywhere())}>
          {t("sessions.everywhere")}
        </Button>
      </div>
    </section>
  );
}
