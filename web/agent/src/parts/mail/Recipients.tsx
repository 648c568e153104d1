import { Icon } from "@svardesk/ui";
import type { Correspondent, Letter } from "@svardesk/wire";
import { useId, useState } from "preact/hooks";
import { t } from "../../i18n";
import { inFull, recipientsText } from "../../mail/words";

function Line({ label, people }: { label: string; people: readonly Correspondent[] | undefined }) {
  if (!people?.length) return null;
  return (
    <div>
      <dt>{label}</dt>
      <dd>
        {people.map((one) => (
          <span key={one.address} class="block">
            {inFull(one)}
          </span>
        ))}
      </dd>
    </div>
  );
}

/** To whom a letter went: one line, and all of it on a press. */
export function Recipients({ letter }: { letter: Letter }) {
  const [open, setOpen] = useState(false);
  const id = useId();
  const text = recipientsText(letter);
  if (!text) return null;
  return (
    <div class="mail-recipients">
      <button
        type="button"
        class="mail-line"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => setOpen(!open)}
      >
        <span class="cut">{text}</span>
        <Icon name={open ? "down" : "right"} />
        <span class="hidden-visually">{t("mail.recipients")}</span>
      </button>
      {open && (
        <dl class="mail-people" id={id}>
          <Line label={t("mail.to")} people={letter.to} />
          <Line label={t("mail.cc")} people={letter.cc} />
          <Line label={t("mail.bcc")} people={letter.bcc} />
        </dl>
      )}
    </div>
  );
}
