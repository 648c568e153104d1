import { Button } from "@svardesk/ui";
import { ApiError, type Mailbox } from "@svardesk/wire";
import { useEffect, useRef, useState } from "preact/hooks";
import { useApp } from "../../../context";
import { errorText } from "../../../errors";
import { useForm } from "../../../form";
import { t } from "../../../i18n";
import { AnswerStep } from "./AnswerStep";
import { type BoxDraft, draftOf, newDraft, valuesOf } from "./draft";
import { AddressStep, AdvancedStep, FolderStep, ProviderStep, ServerStep } from "./Steps";

interface FormProps {
  /** Null: a new one. */
  box: Mailbox | null;
  onDone: (saved: Mailbox | null) => void;
}

/** Makes or changes a mailbox, step by step on one page. */
export function MailboxForm({ box, onDone }: FormProps) {
  const app = useApp();
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "Europe/Oslo";
  const [draft, setDraft] = useState<BoxDraft>(() => (box ? draftOf(box) : newDraft(zone)));
  const head = useRef<HTMLHeadingElement>(null);
  useEffect(() => head.current?.focus(), []);
  const form = useForm(async () => {
    const saved = box
      ? await app.api.patchMailbox(box.mailbox.id, valuesOf(draft, box.mailbox.version))
      : await app.api.createMailbox(valuesOf(draft));
    app.toasts.say(t("done.saved"));
    onDone(saved);
  });
  const field = form.error instanceof ApiError ? form.error.fields.field : undefined;
  const step = {
    draft,
    has: box?.mailbox.has ?? [],
    set: (change: Partial<BoxDraft>) => setDraft({ ...draft, ...change }),
    replace: setDraft,
    errorOf: (name: string) => (field === name ? errorText(form.error) : null),
  };
  const oauth = draft.provider !== "password";
  return (
    <form class="stack mailbox-form" onSubmit={form.submit}>
      <h2 ref={head} tabIndex={-1}>
        {box ? t("mailboxes.edit", { name: box.mailbox.name }) : t("mailboxes.new")}
      </h2>
      <AddressStep {...step} />
      <ProviderStep {...step} />
      <ServerStep {...step} />
      <FolderStep {...step} />
      <AnswerStep {...step} />
      <AdvancedStep {...step} />
      {form.said && (
        <p class="form-error" role="alert">
          {form.said}
        </p>
      )}
      <div class="dialog-actions start">
        <Button kind="primary" type="submit" busy={form.busy}>
          {t(box ? "action.save" : oauth ? "mailboxes.save_sign_in" : "mailboxes.save_test")}
        </Button>
        <Button onClick={() => onDone(null)}>{t("action.cancel")}</Button>
      </div>
    </form>
  );
}
