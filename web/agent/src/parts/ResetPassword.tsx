import { Button, TextField } from "@svardesk/ui";
import { useState } from "preact/hooks";
import { useApp } from "../context";
import { useForm } from "../form";
import { t } from "../i18n";
import { AuthFrame } from "./AuthFrame";

function ToSignIn() {
  return (
    <p class="auth-side">
      <a href="/app/">{t("reset.to_signin")}</a>
    </p>
  );
}

/** Asks for a link. The answer never says whether the address is known. */
export function AskReset() {
  const app = useApp();
  const [email, setEmail] = useState("");
  const [asked, setAsked] = useState(false);
  const form = useForm(async () => {
    await app.api.askPasswordReset(email.trim());
    setAsked(true);
  });
  return (
    <AuthFrame title={t("reset.ask_title")}>
      {asked ? (
        <p role="status">{t("reset.asked")}</p>
      ) : (
        <form onSubmit={form.submit}>
          <p>{t("reset.ask")}</p>
          <TextField
            label={t("signin.email")}
            type="email"
            autocomplete="username"
            required
            value={email}
            onValue={setEmail}
            error={form.said}
          />
          <Button kind="primary" type="submit" wide busy={form.busy}>
            {t("reset.send")}
          </Button>
        </form>
      )}
      <ToSignIn />
    </AuthFrame>
  );
}

export function NewPassword({ token }: { token: string }) {
  const app = useApp();
  const [password, setPassword] = useState("");
  const [done, setDone] = useState(false);
  const form = useForm(async () => {
    await app.api.resetPassword(token, password);
    setDone(true);
  });
  return (
    <AuthFrame title={t("reset.new_title")}>
      {done ? (
        <p role="status">{t("reset.done")}</p>
      ) : (
        <form onSubmit={form.submit}>
          <TextField
            label={t("password.new")}
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
            {t("password.change")}
          </Button>
        </form>
      )}
      <ToSignIn />
    </AuthFrame>
  );
}
