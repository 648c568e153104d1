import { Icon } from "@svardesk/ui";
import { useId, useState } from "preact/hooks";
import { Body } from "../Body";

/** Something that most never read, behind three dots: what was quoted, a signature, a server's report. */
export function Folded({ label, text }: { label: string; text: string }) {
  const [open, setOpen] = useState(false);
  const id = useId();
  if (!text.trim()) return null;
  return (
    <div class="folded">
      <button
        type="button"
        class="folded-button"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => setOpen(!open)}
      >
        <Icon name="more" />
        {label}
      </button>
      {open && (
        <div class="folded-text" id={id}>
          <Body text={text.trim()} />
        </div>
      )}
    </div>
  );
}
