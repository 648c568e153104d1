import { Button, Spinner } from "@svardesk/ui";
import type { AuditEntry } from "@svardesk/wire";
import { useCallback, useEffect, useState } from "preact/hooks";
import { useApp } from "../../context";
import { errorText } from "../../errors";
import { has, t } from "../../i18n";
import type { AppStore } from "../../stores/app";
import { full } from "../../time";

/** The log names actions for machines; a text of ours, where there is one, for people. */
function action(entry: AuditEntry): string {
  const key = `audit.${entry.action.replaceAll(".", "_")}`;
  return has(key) ? t(key) : entry.action;
}

const orElse = (key: string, otherwise: string) => (has(key) ? t(key) : otherwise);

function inWords(app: AppStore, name: string, value: unknown): string {
  if (Array.isArray(value)) return value.map((each) => inWords(app, name, each)).join(", ");
  if (typeof value === "object") return JSON.stringify(value);
  const word = String(value);
  if (name === "agent_id") return app.directory.agent(word)?.name ?? word.slice(-8);
  if (name === "role" || name === "role_before") return orElse(`role.${word}`, word);
  if (name === "scopes") return orElse(`scope.${word.replace(".", "_")}`, word);
  return orElse(`audit.word_${word}`, word);
}

/** Other things' ids say nothing to people. */
function details(app: AppStore, entry: AuditEntry): string {
  return Object.entries(entry.details)
    .filter(([name]) => name === "agent_id" || !name.endsWith("_id"))
    .map(([name, value]) => `${orElse(`audit.detail_${name}`, name)}: ${inWords(app, name, value)}`)
    .join(" · ");
}

/** Whom or what it was done to, where that is somebody else and we know the name. */
function object(app: AppStore, { object_kind: kind, object_id: id, actor_id }: AuditEntry): string {
  const found =
    kind === "agent" && id !== actor_id ? app.directory.agent(id) : kind === "team" && app.directory.team(id);
  return found ? `: ${found.name}` : "";
}

export function Audit() {
  const app = useApp();
  const [entries, setEntries] = useState<readonly AuditEntry[]>([]);
  const [cursor, setCursor] = useState<string | null | undefined>(undefined);
  const [error, setError] = useState<unknown>(null);
  const more = useCallback(
    async (from: string | undefined) => {
      try {
        const page = await app.api.audit(from);
        setEntries((before) => (from ? [...before, ...page.items] : page.items));
        setCursor(page.next_cursor);
      } catch (reason) {
        setError(reason);
      }
    },
    [app],
  );
  useEffect(() => void more(undefined), [more]);
  if (error) return <p role="alert">{errorText(error)}</p>;
  if (cursor === undefined) return <Spinner label={t("state.loading")} />;
  return (
    <>
      <p class="quiet narrow">{t("audit.explain")}</p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys */}
      <section class="table-frame" aria-label={t("settings.audit")} tabIndex={0}>
        <table class="table">
          <thead>
            <tr>
              <th scope="col">{t("audit.when")}</th>
              <th scope="col">{t("audit.who")}</th>
              <th scope="col">{t("audit.what")}</th>
              <th scope="col">{t("audit.where")}</th>
            </tr>
          </thead>
          <tbody>
            {entries.map((entry) => (
              <tr key={entry.id}>
                <td>{full(entry.at)}</td>
                <td>{entry.actor_name ?? t(`actor.${entry.actor_kind}`)}</td>
                <td>
                  {action(entry)}
                  {object(app, entry)}
                  <span class="quiet block">{details(app, entry)}</span>
                </td>
                <td class="quiet">{entry.ip}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {cursor && (
        <div>
          <Button onClick={() => void more(cursor)}>{t("audit.more")}</Button>
        </div>
      )}
    </>
  );
}
