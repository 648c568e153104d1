import { Button, SelectField, TextField } from "@svardesk/ui";
import type { ContactForm, FormTopic, Locale } from "@svardesk/wire";
import { useApp } from "../../context";
import { t } from "../../i18n";
import type { Change } from "./FormEditor";
import { fresh, moved, replaced, Tools } from "./FormTools";

/** What people may write about; each topic goes to a team of its own. */
export function TopicList({ form, set, locale }: { form: ContactForm; set: Change; locale: Locale }) {
  const app = useApp();
  const { topics } = form;
  const put = (place: number, topic: FormTopic | null) => set({ topics: replaced(topics, place, topic) });
  return (
    <fieldset class="stack">
      <legend>{t("forms.topics")}</legend>
      <p class="hint">{t("forms.topics_hint")}</p>
      {topics.map((topic, place) => {
        const name = topic.labels[locale] ?? Object.values(topic.labels)[0] ?? "";
        return (
          <div class="part stack" key={topic.key}>
            <TextField
              label={t("forms.topic", { number: place + 1 })}
              maxLength={200}
              value={topic.labels[locale] ?? ""}
              placeholder={name}
              onValue={(label) => put(place, { ...topic, labels: { ...topic.labels, [locale]: label } })}
            />
            <SelectField
              label={t("forms.topic_team", { number: place + 1 })}
              value={topic.team_id ?? ""}
              options={[
                ["", t("forms.form_team")],
                ...app.directory.teams.value.map((each): [string, string] => [each.id, each.name]),
              ]}
              onValue={(id) => put(place, { ...topic, team_id: id || null })}
            />
            <Tools
              name={name || t("forms.topic", { number: place + 1 })}
              place={place}
              count={topics.length}
              onMove={(by) => set({ topics: moved(topics, place, by) })}
              onRemove={() => put(place, null)}
            />
          </div>
        );
      })}
      <div>
        <Button
          small
          icon="plus"
          onClick={() => {
            const key = fresh(
              "topic",
              topics.map((one) => one.key),
            );
            set({ topics: [...topics, { key, labels: {}, team_id: null }] });
          }}
        >
          {t("forms.add_topic")}
        </Button>
      </div>
    </fieldset>
  );
}
