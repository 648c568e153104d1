import { Button, Check, Dialog, TextField } from "@svardesk/ui";
import { useState } from "preact/hooks";
import { useApp } from "../context";
import { useForm } from "../form";
import { t } from "../i18n";
import { ALL } from "../router";
import { given } from "./FilterBar";

/** Gives what the list shows now a name, or the saved view that is open another one. */
export function SaveView({ rename, onClose }: { rename: boolean; onClose: () => void }) {
  const app = useApp();
  const route = app.router.route.value;
  const held = rename && route.page === "inbox" ? app.directory.view(route.viewId) : undefined;
  const [name, setName] = useState(held?.name ?? "");
  const [shared, setShared] = useState(held?.shared ?? false);
  const form = useForm(async () => {
    if (route.page !== "inbox") return;
    if (held) {
      await app.directory.changeView(held.id, { name: name.trim(), shared });
      onClose();
      app.toasts.say(t("views.changed"));
      return;
    }
    const view = await app.directory.saveView(name.trim(), given({ ...route.filters, view: route.view }), shared);
    onClose();
    app.router.go({ ...ALL, viewId: view.id });
    app.toasts.say(t("views.saved"));
  });
  return (
    <Dialog
      title={t(held ? "views.rename_title" : "views.save_title")}
      closeLabel={t("action.close_box")}
      onClose={onClose}
    >
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
