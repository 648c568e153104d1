import { Button, Check, SelectField, TextArea, TextField } from "@svardesk/ui";
import type { PagePost } from "@svardesk/wire";
import { useRef, useState } from "preact/hooks";
import { useApp } from "../../context";
import { useForm } from "../../form";
import { t } from "../../i18n";
import { localInput } from "../../time";

const SOONEST_MS = 15 * 60_000;

interface FormProps {
  /** Null: a new one. */
  post: PagePost | null;
  /** Connections by id, with the page's name. */
  pages: readonly [string, string][];
  onDone: (saved: boolean) => void;
}

/** A post of our own: published at once, or at a time of somebody's choice. */
export function PostForm({ post, pages, onDone }: FormProps) {
  const app = useApp();
  const clientId = useRef(crypto.randomUUID());
  const scheduled = post?.state === "scheduled" ? post.scheduled_at : null;
  const [page, setPage] = useState(post?.connection_id ?? pages[0]?.[0] ?? "");
  const [text, setText] = useState(post?.text ?? "");
  const [link, setLink] = useState(post?.link ?? "");
  const [later, setLater] = useState(scheduled !== null);
  const [at, setAt] = useState(localInput(scheduled ? new Date(scheduled) : new Date(Date.now() + 3_600_000)));
  const mayWait = !post || post.state === "scheduled";
  const form = useForm(async () => {
    const publish_at = later ? new Date(at).toISOString() : null;
    if (post)
      await app.api.patchPost(post.id, {
        version: post.version,
        text: text.trim(),
        ...(mayWait ? { publish_at } : {}),
      });
    else
      await app.api.createPost({
        client_id: clientId.current,
        connection_id: page,
        text: text.trim(),
        link: link.trim() || null,
        publish_at,
      });
    app.toasts.say(t(later ? "post.saved_later" : "done.saved"));
    onDone(true);
  });
  return (
    <form class="box stack" onSubmit={form.submit}>
      <h2>{t(post ? "post.edit" : "post.new")}</h2>
      {!post && pages.length > 1 && (
        <SelectField label={t("post.page")} value={page} options={pages} onValue={setPage} />
      )}
      <TextArea label={t("post.text")} rows={6} value={text} onValue={setText} />
      {!post && (
        <TextField
          label={t("post.link")}
          hint={t("post.link_hint")}
          type="url"
          placeholder="https://"
          value={link}
          onValue={setLink}
        />
      )}
      {mayWait && <Check label={t("post.later")} checked={later} onValue={setLater} />}
      {mayWait && later && (
        <TextField
          label={t("send_later.at")}
          hint={t("post.later_hint")}
          type="datetime-local"
          min={localInput(new Date(Date.now() + SOONEST_MS))}
          value={at}
          onValue={setAt}
        />
      )}
      {form.said && (
        <p class="form-error" role="alert">
          {form.said}
        </p>
      )}
      <div class="line-of-buttons">
        <Button kind="primary" type="submit" icon="megaphone" busy={form.busy} disabled={!text.trim() || !page}>
          {t(post ? "action.save" : later ? "post.schedule" : "post.publish")}
        </Button>
        <Button kind="quiet" onClick={() => onDone(false)}>
          {t("action.cancel")}
        </Button>
      </div>
    </form>
  );
}
