import { Button, Empty, SelectField, TextArea, TextField } from "@svardesk/ui";
import type { EmbeddedWidget, WidgetConnection } from "@svardesk/wire";
import { useCallback, useState } from "preact/hooks";
import { useApp } from "../../context";
import { useForm } from "../../form";
import { t } from "../../i18n";
import { date } from "../../time";
import { Loading, Once, useLoaded } from "./load";

const lines = (text: string) =>
  text
    .split(/\s+/)
    .map((line) => line.trim())
    .filter(Boolean);

function Secrets({ widget, again }: { widget: WidgetConnection; again: () => Promise<void> }) {
  const app = useApp();
  const [fresh, setFresh] = useState<string | null>(null);
  const rotate = () =>
    void app.attempt(async () => {
      const made = await app.api.newWidgetSecret(widget.id);
      setFresh(made.secret ?? null);
      await again();
    });
  return (
    <div class="stack">
      <h3>{t("widgets.secrets")}</h3>
      <p class="quiet">{t("widgets.secrets_hint")}</p>
      <ul class="plain">
        {widget.secrets.map((secret) => (
          <li key={secret.id}>{t("widgets.secret_from", { date: date(secret.created_at) })}</li>
        ))}
      </ul>
      {fresh && <Once key={fresh} label={t("widgets.new_secret")} value={fresh} hint={t("once.hint")} />}
      <div>
        <Button small icon="key" onClick={rotate}>
          {t("widgets.rotate")}
        </Button>
      </div>
    </div>
  );
}

function Widget({ of, again }: { of: EmbeddedWidget; again: () => Promise<void> }) {
  const app = useApp();
  const { widget, embed } = of;
  const [name, setName] = useState(widget.name);
  const [title, setTitle] = useState(widget.title ?? "");
  const [origins, setOrigins] = useState(widget.origins.join("\n"));
  const [team, setTeam] = useState(widget.team_id ?? "");
  const form = useForm(async () => {
    const saved = await app.api.patchWidget(widget.id, {
      name: name.trim(),
      title: title.trim() || null,
      origins: lines(origins),
      team_id: team || null,
      version: widget.version,
    });
    // As the desk keeps it: addresses are brought into one form.
    setName(saved.widget.name);
    setTitle(saved.widget.title ?? "");
    setOrigins(saved.widget.origins.join("\n"));
    await again();
    app.toasts.say(t("done.saved"));
  });
  return (
    <section class="box stack">
      <h2>{widget.name}</h2>
      <Once label={t("widgets.snippet")} value={embed.snippet} hint={t("widgets.snippet_hint")} always />
      <form class="stack narrow" onSubmit={form.submit}>
        <TextField label={t("widgets.name")} required maxLength={80} value={name} onValue={setName} />
        <TextField
          label={t("widgets.title")}
          hint={t("widgets.title_hint")}
          maxLength={80}
          value={title}
          onValue={setTitle}
        />
        <TextArea
          label={t("widgets.origins")}
          hint={t("widgets.origins_hint")}
          rows={3}
          spellcheck={false}
          value={origins}
          onValue={setOrigins}
          error={form.said}
        />
        <SelectField
          label={t("widgets.team")}
          value={team}
          options={[
            ["", t("widgets.no_team")],
            ...app.directory.teams.value.map((each): [string, string] => [each.id, each.name]),
          ]}
          onValue={setTeam}
        />
        <div>
          <Button kind="primary" type="submit" busy={form.busy}>
            {t("action.save")}
          </Button>
        </div>
      </form>
      <Secrets widget={widget} again={again} />
    </section>
  );
}

export function Widgets() {
  const app = useApp();
  const widgets = useLoaded(useCallback(() => app.api.widgets(), [app]));
  const [name, setName] = useState("");
  const [origin, setOrigin] = useState("");
  const form = useForm(async () => {
    await app.api.createWidget({ name: name.trim(), origins: lines(origin) });
    setName("");
    setOrigin("");
    await widgets.again();
  });
  return (
    <>
      <Loading of={widgets}>
        {(list) =>
          list.length === 0 ? (
            <Empty icon="chat" title={t("widgets.none")} />
          ) : (
            list.map((each) => <Widget key={each.widget.id} of={each} again={widgets.again} />)
          )
        }
      </Loading>
      <form class="box stack narrow" onSubmit={form.submit}>
        <h2>{t("widgets.new")}</h2>
        <TextField label={t("widgets.name")} required maxLength={80} value={name} onValue={setName} />
        <TextField
          label={t("widgets.origins")}
          placeholder="https://www.nettbutikk.example"
          required
          spellcheck={false}
          value={origin}
          onValue={setOrigin}
          error={form.said}
        />
        <div>
          <Button kind="primary" type="submit" icon="plus" busy={form.busy}>
            {t("widgets.create")}
          </Button>
        </div>
      </form>
    </>
  );
}
