import { Banner, Button, SelectField, TextField } from "@svardesk/ui";
import { ApiError } from "@svardesk/wire";
import { useEffect, useState } from "preact/hooks";
import { useApp } from "../context";
import { useForm } from "../form";
import { t } from "../i18n";
import { AuthFrame } from "./AuthFrame";

export function SignIn() {
  const app = useApp();
  return app.session.state.value === "mfa" ? <Code /> : <Password />;
}

function Password() {
  const app = useApp();
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [organisation, setOrganisation] = useState("");
  const form = useForm(() => app.session.signIn(email.trim(), password, organisation.trim()));
  // One address may belong to several organisations; only then is it asked which.
  const [choices, setChoices] = useState<readonly (readonly [string, string])[]>([]);
  const error = form.error;
  useEffect(() => {
    if (!(error instanceof ApiError) || error.code !== "organisation_needed") return;
    const named = (error.fields.organisations ?? []) as { slug: string; name: string }[];
    setChoices(named.map((each) => [each.slug, each.name]));
    setOrganisation(named[0]?.slug ?? "");
  }, [error]);
  return (
    <AuthFrame title={t("signin.title")}>
      {app.session.expired.value && !form.said && <Banner icon="lock">{t("signin.expired")}</Banner>}
      <form onSubmit={form.submit}>
        <TextField
          label={t("signin.email")}
          type="email"
          autocomplete="username"
          name="email"
          required
          value={email}
          onValue={setEmail}
        />
        <TextField
          label={t("signin.password")}
          type="password"
          autocomplete="current-password"
          name="password"
          required
          value={password}
          onValue={setPassword}
        />
        {choices.length > 0 && (
          <SelectField
            label={t("signin.organisation")}
            value={organisation}
            options={choices}
            onValue={setOrganisation}
          />
        )}
        {form.said && (
          <p class="form-error" role="alert">
            {form.said}
          </p>
        )}
        <Button kind="primary" type="submit" wide busy={form.busy}>
          {t("signin.submit")}
        </Button>
      </form>
      <p class="auth-side">
        <a href="/app/password-reset">{t("signin.forgotten")}</a>
      </p>
    </AuthFrame>
  );
}

function Code() {
  const app = useApp();
  const [code, setCode] = useState("");
  const form = useForm(() => app.session.confirm(code.replace(/\s/g, "")));
  return (
    <AuthFrame title={t("mfa.title")}>
      <p>{t("mfa.explain")}</p>
      <form onSubmit={form.submit}>
        <TextField
          label={t("mfa.code")}
          hint={t("mfa.hint")}
          autocomplete="one-time-code"
          name="code"
          required
          autoFocus
          spellcheck={false}
          value={code}
          onValue={setCode}
          error={form.said}
        />
        <Button kind="primary" type="submit" wide busy={form.busy}>
          {t("signin.submit")}
        </Button>
      </form>
      <p class="auth-side">
        <Button kind="quiet" small icon="back" onClick={() => app.session.restart()}>
          {t("mfa.back")}
        </Button>
      </p>
    </AuthFrame>
  );
}
