import { Button, IconButton, TextArea, TextField } from "@svardesk/ui";
import { known, locale as mine, t, textIn, tn } from "../../../i18n";
import { LONGEST_GREETING, MOST_LINES, MOST_QUESTIONS, NAME, previewOf, type Sheet } from "./draft";

interface SheetProps {
  locale: string;
  sheet: Sheet;
  page: string;
  onChange: (change: Partial<Sheet>) => void;
}

/** How it looks before the first message. */
function Preview({ sheet, page }: { sheet: Sheet; page: string }) {
  return (
    <figure class="meta-preview">
      <figcaption>{t("meta.preview")}</figcaption>
      <strong>{page}</strong>
      {sheet.greeting && <p>{previewOf(sheet.greeting, "Kari")}</p>}
      {sheet.questions
        .filter(({ question }) => question)
        .map(({ question }, index) => (
          <span key={index} class="meta-bubble">
            {question}
          </span>
        ))}
    </figure>
  );
}

function Questions({ sheet, onChange }: Pick<SheetProps, "sheet" | "onChange">) {
  const { questions } = sheet;
  const set = (at: number, question: string) =>
    onChange({ questions: questions.map((each, index) => (index === at ? { ...each, question } : each)) });
  return (
    <fieldset class="stack">
      <legend>{t("meta.questions")}</legend>
      {questions.map(({ question }, index) => (
        <div key={index} class="inline-form">
          <TextField
            label={t("meta.question", { n: index + 1 })}
            maxLength={80}
            value={question}
            onValue={(value) => set(index, value)}
          />
          <IconButton
            icon="trash"
            label={t("meta.remove_line", { name: question || `${index + 1}` })}
            onClick={() => onChange({ questions: questions.filter((_, at) => at !== index) })}
          />
        </div>
      ))}
      {questions.length < MOST_QUESTIONS && (
        <div>
          <Button
            small
            icon="plus"
            onClick={() => onChange({ questions: [...questions, { question: "", payload: "" }] })}
          >
            {t("meta.add_question")}
          </Button>
        </div>
      )}
    </fieldset>
  );
}

function Menu({ sheet, onChange }: Pick<SheetProps, "sheet" | "onChange">) {
  const { menu } = sheet;
  const set = (at: number, change: object) =>
    onChange({ menu: menu.map((each, index) => (index === at ? { ...each, ...change } : each)) });
  return (
    <fieldset class="stack">
      <legend>{t("meta.menu")}</legend>
      {menu.map(({ title, url }, index) => (
        <div key={index} class="inline-form">
          <TextField
            label={t("meta.menu_title")}
            maxLength={30}
            value={title}
            onValue={(value) => set(index, { title: value })}
          />
          <TextField
            label={t("meta.menu_url")}
            type="url"
            placeholder="https://"
            value={url}
            onValue={(value) => set(index, { url: value })}
          />
          <IconButton
            icon="trash"
            label={t("meta.remove_line", { name: title || `${index + 1}` })}
            onClick={() => onChange({ menu: menu.filter((_, at) => at !== index) })}
          />
        </div>
      ))}
      {menu.length < MOST_LINES && (
        <div>
          <Button small icon="plus" onClick={() => onChange({ menu: [...menu, { title: "", url: "", payload: "" }] })}>
            {t("meta.add_line")}
          </Button>
        </div>
      )}
    </fieldset>
  );
}

/** Greeting, questions and menu in one language. */
export function SheetForm({ locale, sheet, page, onChange }: SheetProps) {
  const left = LONGEST_GREETING - sheet.greeting.length;
  const suggest = async () => onChange({ greeting: await textIn(known(locale) ?? mine.peek(), "meta.greeting_text") });
  return (
    <div class="meta-sheet">
      <div class="stack">
        <TextArea
          label={t("meta.greeting")}
          hint={left < 0 ? tn("composer.too_long", -left) : t("meta.greeting_hint", { name: NAME })}
          rows={3}
          value={sheet.greeting}
          onValue={(greeting) => onChange({ greeting })}
        />
        <div class="line-of-buttons">
          <Button small onClick={() => onChange({ greeting: `${sheet.greeting}${NAME}` })}>
            {t("meta.insert_name")}
          </Button>
          {!sheet.greeting && (
            <Button small onClick={() => void suggest()}>
              {t("meta.suggest")}
            </Button>
          )}
        </div>
        <Questions sheet={sheet} onChange={onChange} />
        <Menu sheet={sheet} onChange={onChange} />
      </div>
      <Preview sheet={sheet} page={page} />
    </div>
  );
}
