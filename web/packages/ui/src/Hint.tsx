import type { ComponentChildren } from "preact";
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { place } from "./Popover";

interface HintProps {
  /** What explains it: shown on hover, focus and press; Escape takes it away. */
  text: string;
  class?: string;
  children: ComponentChildren;
}

/** A small mark that explains itself. The words stay while pointer or focus are on it, or on the words. */
export function Hint({ text, class: name = "", children }: HintProps) {
  const [open, setOpen] = useState(false);
  const mark = useRef<HTMLButtonElement>(null);
  const box = useRef<HTMLSpanElement>(null);
  const id = useId();
  useLayoutEffect(() => {
    if (open && box.current && mark.current) place(box.current, mark.current, "start");
  });
  useEffect(() => {
    if (!open) return;
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      setOpen(false);
    };
    document.addEventListener("keydown", onKeyDown, true);
    return () => document.removeEventListener("keydown", onKeyDown, true);
  }, [open]);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the button inside does the same by keyboard
    <span class="hint-frame" onMouseEnter={() => setOpen(true)} onMouseLeave={() => setOpen(false)}>
      <button
        ref={mark}
        type="button"
        class={`hint-mark ${name}`}
        aria-describedby={id}
        onFocus={() => setOpen(true)}
        onBlur={() => setOpen(false)}
        onClick={() => setOpen(true)}
      >
        {children}
      </button>
      <span ref={box} id={id} role="tooltip" class="hint-box" hidden={!open}>
        {text}
      </span>
    </span>
  );
}
