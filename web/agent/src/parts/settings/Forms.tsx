import { Button, Empty, TextField } from "@svardesk/ui";
import { useCallback, useState } from "preact/hooks";
import { useApp } from "../../context";
import { useForm } from "../../form";
import { t } from "../../i18n";
import { FormEditor } from "./FormEditor";
import { Loading, useLoaded } from "./load";

/** Contact forms: what each asks, who may embed it, which mailbox carries its answers. */
export function Forms() {
  const app = useApp();
  const forms = useLoaded(useCallback(() => app.api.forms(), [app]));
  const [name, setName] = useState("");
  const form = useForm(async () => {
    await app.api.createForm({ name: name.trim(), languages: [app.session.me.value?.agent.locale ?? "nb"] });
    setName("");
    await forms.again();
  });
  return (
    <>
      <Loading of={forms}>
        {({ items, mailboxes }) =>
          items.length === 0 ? (
            <Empty icon="file" title={t("forms.none")} />
          ) : (
            items.map((each) => (
              <FormEditor
                key={`${each.form.id}-${each.form.version}`}
                of={each}
                mailboxes={mailboxes}
                again={forms.again}
              />
            ))
          )
        }
      </Loading>
      <form class="box stack narrow" onSubmit={form.submit}>
        <h2>{t("forms.new")}</h2>
        <TextField
          label={t("forms.name")}
          hint={t("forms.name_hint")}
          required
          maxLength={120}
          value={name}
          onValue={setName}
          error={form.said}
        />
        <div>
          <Button kind="primary" type="submit" icon="plus" busy={form.busy}>
            {t("forms.create")}
          </Button>
        </div>
      </form>
    </>
  );
}
