import { Icon } from "@svardesk/ui";
import type { FilledIn } from "@svardesk/wire";
import { t } from "../i18n";

/** Questions that every form asks have no label of their own: they are said in the agent's language. */
const ASKED = new Set(["topic", "phone", "answer"]);

function Value({ field }: { field: FilledIn }) {
  if (field.kind === "answer") return <>{t(field.value === "phone" ? "filled.call" : "filled.email")}</>;
  if (field.kind === "phone") return <a href={`tel:${field.value}`}>{field.value}</a>;
  return <>{field.value}</>;
}

/** What a form asked beside the text, above it. That a call is wanted stands out. */
export function Filled({ fields }: { fields: readonly FilledIn[] | undefined }) {
  if (!fields?.length) return null;
  return (
    <dl class="facts filled">
      {fields.map((field) => {
        const call = field.kind === "answer" && field.value === "phone";
        return (
          <div key={field.name} class={call ? "wanted" : undefined}>
            <dt>{field.label || (ASKED.has(field.name) ? t(`filled.${field.name}`) : field.name)}</dt>
            <dd>
              {call && <Icon name="phone" />}
              <Value field={field} />
            </dd>
          </div>
        );
      })}
    </dl>
  );
}
