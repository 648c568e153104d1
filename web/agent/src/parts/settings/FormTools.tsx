// What the lists of a form's parts have in common: order, removal, keys that nobody has.
import { IconButton } from "@svardesk/ui";
import type { ContactForm } from "@svardesk/wire";
import { t } from "../../i18n";

/** `word_1`, `word_2` …: the first that is not in `taken`. */
export function fresh(word: string, taken: readonly string[]): string {
  let number = taken.length + 1;
  while (taken.includes(`${word}_${number}`)) number += 1;
  return `${word}_${number}`;
}

/** A list with the part at `place` another, or gone (null). */
export function replaced<T>(list: readonly T[], place: number, part: T | null): T[] {
  return list.flatMap((each, at) => (at !== place ? [each] : part === null ? [] : [part]));
}

/** A list with the part at `place` one further up (-1) or down (1). */
export function moved<T>(list: readonly T[], place: number, by: 1 | -1): T[] {
  const copy = [...list];
  const [part] = copy.splice(place, 1);
  if (part !== undefined) copy.splice(place + by, 0, part);
  return copy;
}

/** The languages in which something was written. */
function written<T extends Record<string, string | undefined>>(labels: T | undefined): T {
  return Object.fromEntries(Object.entries(labels ?? {}).filter(([, label]) => label?.trim())) as T;
}

/** A form as it is sent: without empty lines, and without languages in which nothing was written. */
export function cleaned(form: ContactForm): ContactForm {
  return {
    ...form,
    topics: form.topics.map((topic) => ({ ...topic, labels: written(topic.labels) })),
    fields: form.fields.map((field) => ({
      ...field,
      labels: written(field.labels),
      hints: written(field.hints),
      patterns: (field.patterns ?? []).map((one) => one.trim()).filter(Boolean),
      choices: (field.choices ?? [])
        .map((choice) => ({ ...choice, labels: written(choice.labels) }))
        .filter((choice) => Object.keys(choice.labels).length > 0),
    })),
  };
}

interface Props {
  name: string;
  place: number;
  count: number;
  onMove: (by: 1 | -1) => void;
  onRemove: () => void;
}

export function Tools({ name, place, count, onMove, onRemove }: Props) {
  return (
    <div class="line-of-buttons">
      {place > 0 && <IconButton icon="up" label={t("forms.up", { name })} onClick={() => onMove(-1)} />}
      {place < count - 1 && <IconButton icon="down" label={t("forms.down", { name })} onClick={() => onMove(1)} />}
      <IconButton icon="trash" label={t("forms.remove", { name })} onClick={onRemove} />
    </div>
  );
}
