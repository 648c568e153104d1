import { Button, TextField } from "@svardesk/ui";
import type { Contact } from "@svardesk/wire";
import { useState } from "preact/hooks";
import { useApp } from "../context";
import { useForm } from "../form";
import { t } from "../i18n";

export function ContactName({ contact, onDone }: { contact: Contact; onDone: () => void }) {
  const app = useApp();
  const [name, setName] = useState(contact.name ?? "");
  const form = useForm(async () => {
    const changed = await app.api.patchContact(contact.id, { name: name.trim(), version: contact.version });
    const thread = app.thread.value;
    if (thread?.contact.value?.id === contact.id) thread.contact.value = { ...contact, ...changed };
    onDone();
  });
  return (
    <form class="stack" onSubmit={form.submit}>
      <TextField label={t("panel.name")} value={name} onValue={setName} maxLength={200} autoFocus error={form.said} />
      <div class="dialog-actions">
        <Button small onClick={onDone}>
          {t("action.cancel")}
        </Button>
        <Button small kind="primary" type="submit" busy={form.busy}>
          {t("action.save")}
        </Button>
      </div>
    </form>
  );
}
