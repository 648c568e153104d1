import { Button, IconButton, SelectField, TextField } from "@svardesk/ui";
import { TAG_COLOURS, type Tag } from "@svardesk/wire";
import { useState } from "preact/hooks";
import { useApp } from "../../context";
import { useForm } from "../../form";
import { t } from "../../i18n";

type Colour = (typeof TAG_COLOURS)[number];

function Edit({ tag, onDone }: { tag: Tag | null; onDone: () => void }) {
  const app = useApp();
  const [name, setName] = useState(tag?.name ?? "");
  const [colour, setColour] = useState<Colour>((tag?.colour as Colour) ?? "grey");
  const form = useForm(async () => {
    const values = { name: name.trim(), colour };
    await (tag ? app.api.patchTag(tag.id, values) : app.api.createTag(values));
    await app.directory.loadTags();
    setName("");
    onDone();
  });
  return (
    <form class="inline-form" onSubmit={form.submit}>
      <TextField label={t("tags.name")} required maxLength={60} value={name} onValue={setName} error={form.said} />
      <SelectField
        label={t("tags.colour")}
        value={colour}
        options={TAG_COLOURS.map((each) => [each, t(`colour.${each}`)] as const)}
        onValue={setColour}
      />
      <Button kind="primary" type="submit" busy={form.busy}>
        {t(tag ? "action.save" : "tags.add")}
      </Button>
      {tag && <Button onClick={onDone}>{t("action.cancel")}</Button>}
    </form>
  );
}

export function Tags() {
  const app = useApp();
  const [edited, setEdited] = useState<string | null>(null);
  const archive = (tag: Tag) =>
    void app.attempt(async () => {
      await app.api.patchTag(tag.id, { archived: !tag.archived });
      await app.directory.loadTags();
    }, t("done.saved"));
  return (
    <>
      <p class="quiet narrow">{t("tags.explain")}</p>
      <Edit tag={null} onDone={() => undefined} />
      <ul class="lines">
        {app.directory.tags.value.map((tag) => (
          <li key={tag.id} class={tag.archived ? "faded" : ""}>
            {edited === tag.id ? (
              <Edit tag={tag} onDone={() => setEdited(null)} />
            ) : (
              <>
                <span class={`swatch dot ${tag.colour}`} />
                <span class="grow">
                  {tag.name} {tag.archived && <span class="chip">{t("tags.archived")}</span>}
                </span>
                <Button small onClick={() => setEdited(tag.id)}>
                  {t("action.change")}
                </Button>
                <IconButton
                  icon={tag.archived ? "reopen" : "archive"}
                  label={t(tag.archived ? "tags.restore" : "tags.archive", { name: tag.name })}
                  onClick={() => archive(tag)}
                />
              </>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}
