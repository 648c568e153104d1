import { Button, TextField } from "@svardesk/ui";
import { useState } from "preact/hooks";
import { useApp } from "../../context";
import { useForm } from "../../form";
import { t } from "../../i18n";
import { Sessions } from "./Sessions";
import { Totp } from "./Totp";

function Password() {
  const app = useApp();
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const form = useForm(async () => {
    await app.api.changePassword(current, next);
    setCurrent("");
    setNext("");
    app.toasts.say(t("password.changed"));
  });
  return (
    <section class="stack narrow">
      <h2>{t("password.title")}</h2>
      <form class="stack" onSubmit={form.submit}>
        <input type="hidden" name="username" autocomplete="username" value={app.session.me.value?.agent.email} />
        <TextField
          label={t("password.current")}
          type="password"
          autocomplete="current-password"
          required
          value={current}
          onValue={setCurrent}
        />
        <TextField
          label={t("password.new")}
          hint={t("password.rule")}
          type="password"
          autocomplete="new-password"
          required
          value={next}
          onValue={setNext}
          error={form.said}
        />
        <div>
          <Button kind="primary" type="submit" busy={form.busy}>
            {t("password.change")}
          </Button>
        </div>
      </form>
    </section>
  );
}

export function Security() {
  return (
    <>
      <Password />
      <Totp />
      <Sessions />
    </>
  );
}
