import { Button, Check, SelectField, TextField } from "@svardesk/ui";
import type { Permission } from "@svardesk/wire";
import { useCallback, useState } from "preact/hooks";
import { useApp } from "../../context";
import { useForm } from "../../form";
import { has, t } from "../../i18n";
import { ago, date } from "../../time";
import { Loading, Once, useLoaded } from "./load";

const scopeName = (scope: string) => {
  const key = `scope.${scope.replace(".", "_")}`;
  return has(key) ? t(key) : scope;
};

function Create({ onMade }: { onMade: (token: string) => void }) {
  const app = useApp();
  const [name, setName] = useState("");
  const [days, setDays] = useState("365");
  const [scopes, setScopes] = useState<readonly Permission[]>(["conversations.read"]);
  const form = useForm(async () => {
    const limit = days === "0" ? null : Number(days);
    const made = await app.api.createApiToken({ name: name.trim(), scopes: [...scopes], days: limit });
    setName("");
    onMade(made.token ?? "");
  });
  const lives: [string, string][] = [
    ["30", t("tokens.days_30")],
    ["365", t("tokens.days_365")],
    ["0", t("tokens.no_end")],
  ];
  return (
    <form class="box stack narrow" onSubmit={form.submit}>
      <h2>{t("tokens.new")}</h2>
      <TextField
        label={t("tokens.name")}
        hint={t("tokens.name_hint")}
        required
        maxLength={120}
        value={name}
        onValue={setName}
        error={form.said}
      />
      <SelectField label={t("tokens.life")} value={days} options={lives} onValue={setDays} />
      <fieldset>
        <legend>{t("tokens.scopes")}</legend>
        {(app.session.me.value?.permissions ?? []).map((scope) => (
          <Check
            key={scope}
            label={scopeName(scope)}
            hint={<code>{scope}</code>}
            checked={scopes.includes(scope)}
            onValue={(on) => setScopes(on ? [...scopes, scope] : scopes.filter((each) => each !== scope))}
          />
        ))}
      </fieldset>
      <div>
        <Button kind="primary" type="submit" busy={form.busy} disabled={!scopes.length}>
          {t("tokens.create")}
        </Button>
      </div>
    </form>
  );
}

export function ApiTokens() {
  const app = useApp();
  const tokens = useLoaded(useCallback(() => app.api.apiTokens(), [app]));
  const [fresh, setFresh] = useState<string | null>(null);
  const revoke = (id: string) =>
    void app.attempt(async () => {
      await app.api.revokeApiToken(id);
      await tokens.again();
    }, t("tokens.revoked"));
  return (
    <>
      <p class="quiet narrow">{t("tokens.explain")}</p>
      {fresh && <Once key={fresh} label={t("tokens.fresh")} value={fresh} hint={t("once.hint")} />}
      <Loading of={tokens}>
        {(list) =>
          list.length === 0 ? (
            <p class="quiet">{t("tokens.none")}</p>
          ) : (
            <ul class="lines">
              {list.map((token) => (
                <li key={token.id}>
                  <span class="grow">
                    <strong>{token.name}</strong> <code>{token.prefix}…</code>
                    <span class="quiet block">{token.scopes.map(scopeName).join(", ")}</span>
                    <span class="quiet block">
                      {token.last_used_at ? t("tokens.used", { time: ago(token.last_used_at) }) : t("tokens.unused")}
                      {token.expires_at && ` · ${t("tokens.until", { date: date(token.expires_at) })}`}
                    </span>
                  </span>
                  <Button small kind="danger" onClick={() => revoke(token.id)}>
                    {t("tokens.revoke")}
                  </Button>
                </li>
              ))}
            </ul>
          )
        }
      </Loading>
      <Create
        onMade={(token) => {
          setFresh(token);
          void tokens.again();
        }}
      />
    </>
  );
}
