import { Button, Check, Dialog, TextField } from "@svardesk/ui";
import { useState } from "preact/hooks";
import { useApp } from "../context";
import { useForm } from "../form";
import { t } from "../i18n";

export function SaveView({ onClose }: { onClose: () => void }) {
  const app = useApp();
  const [name, setName] = useState("");
  const [shared, setShared] = useState(false);
  const route = app.router.route.value;
  const form = useForm(async () => {
    if (route.page !== "inbox") return;
    const filters = Object.fromEntries(Object.entries(route.filters).filter(([, value]) => value));
    const view = await app.directory.saveView(name.trim(), { ...filters, view: route.view }, shared);
    onClose();
    app.router.go({ page: "inbox", view: "all", viewId: view.id, filters: {}, conversation: null });
    app.toasts.say(t("views.saved"));
  });
  return (
    <Dialog title={t("views.save_title")} closeLabel={t("action.close_box")} onClose={onClose}>
      <form class="stack" onSubmit={form.submit}>
        <TextField
          label={t("views.name")}
          required
          maxLength={60}
          autoFocus
          value={name}
          onValue={setName}
          error={form.said}
        />
        {app.session.may("views.share") && (
          <Check label={t("views.shared")} hint={t("views.shared_hint")} checked={shared} onValue={setShared} />
        )}
        <div class="dialog-actions">
          <Button onClick={onClose}>{t("action.cancel")}</Button>
          <Button kind="primary" type="submit" busy={form.busy}>
            {t("action.save")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
