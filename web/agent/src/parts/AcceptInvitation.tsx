import { Button, Spinner, TextField } from "@svardesk/ui";
import { useEffect, useState } from "preact/hooks";
import { useApp } from "../context";
import { errorText, fieldError } from "../errors";
import { useForm } from "../form";
import { locale, t } from "../i18n";
import { AuthFrame } from "./AuthFrame";

export function AcceptInvitation({ token }: { token: string }) {
  const app = useApp();
  const [invitation, setInvitation] = useState<{ account_name: string; email: string } | null>(null);
  const [refused, setRefused] = useState<unknown>(null);
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  useEffect(() => {
    app.api.invitationByToken(token).then(setInvitation, setRefused);
  }, [app, token]);
  const form = useForm(async () => {
    await app.session.accept(token, name.trim(), password, locale.value);
    app.router.go({ page: "inbox", view: "mine", viewId: null, filters: {}, conversation: null }, { replace: true });
  });
  if (refused)
    return (
      <AuthFrame title={t("invitation.invalid_title")}>
        <p>{errorText(refused)}</p>
        <p>{t("invitation.invalid")}</p>
        <p class="auth-side">
          <a href="/app/">{t("reset.to_signin")}</a>
        </p>
      </AuthFrame>
    );
  if (!invitation)
    return (
      <main class="whole">
        <Spinner label={t("state.loading")} />
      </main>
    );
  return (
    <AuthFrame title={t("invitation.title", { account: invitation.account_name })}>
      <p>{t("invitation.explain", { email: invitation.email })}</p>
      <form onSubmit={form.submit}>
        <input type="hidden" name="username" autocomplete="username" value={invitation.email} />
        <TextField
          label={t("me.name")}
          hint={t("me.name_hint")}
          autocomplete="name"
          required
          maxLength={120}
          value={name}
          onValue={setName}
          error={fieldError(form.error, "name")}
        />
        <TextField
          label={t("invitation.password")}
          hint={t("password.rule")}
          type="password"
          autocomplete="new-password"
          required
          minLength={12}
          value={password}
          onValue={setPassword}
          error={form.said}
        />
        <Button kind="primary" type="submit" wide busy={form.busy}>
          {t("invitation.submit")}
        </Button>
      </form>
    </AuthFrame>
  );
}

/** An invitation's link was followed by somebody who is at work here: under which name they go on is theirs to say. */
export function InvitedAgain() {
  const app = useApp();
  const form = useForm(() => app.session.signOut());
  return (
    <AuthFrame title={t("invitation.signed_in_title")}>
      <p>{t("invitation.signed_in", { name: app.session.me.value?.agent.name ?? "" })}</p>
      <form onSubmit={form.submit}>
        {form.said && (
          <p class="form-error" role="alert">
            {form.said}
          </p>
        )}
        <Button kind="primary" type="submit" wide busy={form.busy}>
          {t("me.sign_out")}
        </Button>
      </form>
      <p class="auth-side">
        <a href="/app/">{t("invitation.to_inbox")}</a>
      </p>
    </AuthFrame>
  );
}
