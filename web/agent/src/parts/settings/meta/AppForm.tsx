import { Button, TextField } from "@svardesk/ui";
import type { MetaApp, MetaAppValues } from "@svardesk/wire";
import { useState } from "preact/hooks";
import { useApp } from "../../../context";
import { useForm } from "../../../form";
import { t } from "../../../i18n";
import { Step } from "./Steps";

interface FormProps {
  /** Null: none is known yet. */
  of: MetaApp | null;
  onDone: (saved: boolean) => void;
}

/** The organisation's app at Meta: its number and its secret. */
export function AppForm({ of, onDone }: FormProps) {
  const app = useApp();
  const [name, setName] = useState(of?.name ?? "");
  const [id, setId] = useState(of?.config.app_id ?? "");
  const [secret, setSecret] = useState("");
  const [version, setVersion] = useState(of?.config.version ?? "v26.0");
  const [graph, setGraph] = useState(of?.config.graph_url ?? "");
  const [inbox, setInbox] = useState(of?.config.page_inbox_app_id ?? "");
  const form = useForm(async () => {
    const values: MetaAppValues = {
      ...(name.trim() ? { name: name.trim() } : {}),
      app_id: id.trim(),
      ...(secret.trim() ? { app_secret: secret.trim() } : {}),
      graph_version: version.trim(),
      ...(graph.trim() ? { graph_url: graph.trim() } : {}),
      ...(inbox.trim() ? { page_inbox_app_id: inbox.trim() } : {}),
      forget_older_secret: false,
      ...(of ? { version: of.version } : {}),
    };
    await (of ? app.api.patchMetaApp(of.id, values) : app.api.createMetaApp(values));
    app.toasts.say(t("done.saved"));
    onDone(true);
  });
  return (
    <form class="box stack meta-form" onSubmit={form.submit}>
      <Step n={1} title={t("meta.step_app")}>
        <ol class="plain numbered">
          <li>{t("meta.app_1")}</li>
          <li>{t("meta.app_2")}</li>
          <li>{t("meta.app_3")}</li>
        </ol>
        <TextField
          label={t("meta.app_id")}
          inputMode="numeric"
          required
          value={id}
          onValue={setId}
          autocomplete="off"
        />
        <TextField
          label={t("meta.app_secret")}
          hint={of ? t("meta.app_secret_again") : t("meta.app_secret_hint")}
          type="password"
          required={!of}
          value={secret}
          onValue={setSecret}
          autocomplete="off"
        />
        <details>
          <summary>{t("meta.advanced")}</summary>
          <div class="stack">
            <TextField label={t("meta.app_name")} maxLength={120} value={name} onValue={setName} />
            <TextField label={t("meta.graph_version")} value={version} onValue={setVersion} spellcheck={false} />
            <TextField
              label={t("meta.graph_url")}
              placeholder="https://graph.facebook.com"
              value={graph}
              onValue={setGraph}
              spellcheck={false}
            />
            <TextField
              label={t("meta.page_inbox")}
              hint={t("meta.page_inbox_hint")}
              inputMode="numeric"
              value={inbox}
              onValue={setInbox}
            />
          </div>
        </details>
      </Step>
      {form.said && (
        <p class="form-error" role="alert">
          {form.said}
        </p>
      )}
      <div class="line-of-buttons">
        <Button kind="primary" type="submit" busy={form.busy}>
          {t(of ? "action.save" : "meta.app_save")}
        </Button>
        {of && (
          <Button kind="quiet" onClick={() => onDone(false)}>
            {t("action.cancel")}
          </Button>
        )}
      </div>
    </form>
  );
}
