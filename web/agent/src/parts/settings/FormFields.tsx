import { Button, Check, SelectField, TextArea, TextField } from "@svardesk/ui";
import type { ContactForm, FormField, Locale } from "@svardesk/wire";
import { t } from "../../i18n";
import type { Change } from "./FormEditor";
import { fresh, moved, replaced, Tools } from "./FormTools";

const TYPES = ["text", "long", "choice", "email", "phone", "order", "file"] as const;

type Choices = NonNullable<FormField["choices"]>;

/** One answer a line in this language: the n-th line is the n-th answer, whatever language it was first written in. */
function withLines(choices: Choices, locale: Locale, text: string): Choices {
  const lines = text.split("\n");
  const made = [...choices];
  lines.forEach((line, place) => {
    const old = made[place];
    const key =
      old?.key ??
      fresh(
        "choice",
        made.map((one) => one.key),
      );
    made[place] = { key, labels: { ...old?.labels, [locale]: line } };
  });
  return made.slice(0, Math.max(lines.length, 0));
}

function Details({ field, locale, put }: { field: FormField; locale: Locale; put: (change: FormField) => void }) {
  if (field.type === "choice")
    return (
      <TextArea
        label={t("forms.choices")}
        hint={t("forms.choices_hint")}
        rows={4}
        value={(field.choices ?? []).map((one) => one.labels[locale] ?? "").join("\n")}
        onValue={(text) => put({ ...field, choices: withLines(field.choices ?? [], locale, text) })}
      />
    );
  if (field.type === "order")
    return (
      <TextField
        label={t("forms.patterns")}
        hint={t("forms.patterns_hint")}
        placeholder="FN-#####"
        spellcheck={false}
        value={(field.patterns ?? []).join(" ")}
        onValue={(text) => put({ ...field, patterns: text.split(" ") })}
      />
    );
  return null;
}

function Field(props: { field: FormField; number: number; locale: Locale; put: (change: FormField) => void }) {
  const { field, number, locale, put } = props;
  const other = Object.values(field.labels)[0] ?? "";
  return (
    <>
      <TextField
        label={t("forms.field", { number })}
        maxLength={200}
        value={field.labels[locale] ?? ""}
        placeholder={other}
        onValue={(label) => put({ ...field, labels: { ...field.labels, [locale]: label } })}
      />
      <SelectField
        label={t("forms.field_type", { number })}
        value={field.type}
        options={TYPES.map((one): [FormField["type"], string] => [one, t(`forms.type_${one}`)])}
        onValue={(type) => put({ ...field, type, choices: [], patterns: [] })}
      />
      <Details field={field} locale={locale} put={put} />
      <TextField
        label={t("forms.field_hint", { number })}
        maxLength={200}
        value={field.hints?.[locale] ?? ""}
        onValue={(hint) => put({ ...field, hints: { ...field.hints, [locale]: hint } })}
      />
      <Check
        label={t("forms.required", { number })}
        checked={field.required ?? false}
        onValue={(required) => put({ ...field, required })}
      />
    </>
  );
}

/** The organisation's own questions, between the address and the message. */
export function FieldList({ form, set, locale }: { form: ContactForm; set: Change; locale: Locale }) {
  const { fields } = form;
  return (
    <fieldset class="stack">
      <legend>{t("forms.fields")}</legend>
      <p class="hint">{t("forms.fields_hint")}</p>
      {fields.map((field, place) => (
        <div class="part stack" key={field.key}>
          <Field
            field={field}
            number={place + 1}
            locale={locale}
            put={(change) => set({ fields: replaced(fields, place, change) })}
          />
          <Tools
            name={field.labels[locale] || t("forms.field", { number: place + 1 })}
            place={place}
            count={fields.length}
            onMove={(by) => set({ fields: moved(fields, place, by) })}
            onRemove={() => set({ fields: replaced(fields, place, null) })}
          />
        </div>
      ))}
      <div>
        <Button
          small
          icon="plus"
          onClick={() => {
            const key = fresh(
              "field",
              fields.map((one) => one.key),
            );
            set({ fields: [...fields, { key, type: "text", labels: {}, hints: {}, required: false }] });
          }}
        >
          {t("forms.add_field")}
        </Button>
      </div>
    </fieldset>
  );
}
