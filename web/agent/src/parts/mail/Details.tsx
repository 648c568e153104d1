import { Icon } from "@svardesk/ui";
import type { Correspondent, Letter } from "@svardesk/wire";
import type { ComponentChildren } from "preact";
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

/** To whom a letter went: one line, and all of it, with what else can be done with the letter, on a press. */
export function Details({ letter, children }: { letter: Letter; children?: ComponentChildren }) {
  const [open, setOpen] = useState(false);
  const id = useId();
  const text = recipientsText(letter);
  if (!text && !children) return null;
  return (
    <div class="mail-details">
      <button
        type="button"
        class="mail-line"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => setOpen(!open)}
      >
        <span class="cut">{text ?? t("mail.details")}</span>
        <Icon name={open ? "down" : "right"} />
        {text && <span class="hidden-visually">{t("mail.details")}</span>}
      </button>
      {open && (
        <div class="mail-unfolded" id={id}>
          <dl class="mail-people">
            <Line label={t("mail.reply_to")} people={letter.reply_to} />
            <Line label={t("mail.to")} people={letter.to} />
            <Line label={t("mail.cc")} people={letter.cc} />
            <Line label={t("mail.bcc")} people={letter.bcc} />
          </dl>
          {children}
        </div>
      )}
    </div>
  );
}
