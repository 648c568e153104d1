import type { ComponentChildren, RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";

interface PopoverProps {
  anchor: RefObject<HTMLElement | null>;
  onClose: () => void;
  /** Where it hangs: under the anchor's left or right edge; above when there is more room. */
  align?: "start" | "end";
  children: ComponentChildren;
  role?: "menu" | "dialog" | "listbox";
  label: string;
}

const MARGIN = 8;

/** Puts a fixed box beside its anchor, within the window. */
export function place(box: HTMLElement, anchor: HTMLElement, align: "start" | "end"): void {
  const at = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = box;
  const below = window.innerHeight - at.bottom;
  const top = below < height + MARGIN && at.top > below ? at.top - height - 4 : at.bottom + 4;
  const left = align === "start" ? at.left : at.right - width;
  box.style.top = `${Math.max(MARGIN, Math.min(top, window.innerHeight - height - MARGIN))}px`;
  box.style.left = `${Math.max(MARGIN, Math.min(left, window.innerWidth - width - MARGIN))}px`;
}

/** Gives the focus to an opener, or to the button in it. */
function focusIn(opener: HTMLElement | null): void {
  const inner = opener?.matches("button") ? opener : opener?.querySelector<HTMLElement>("button");
  inner?.focus();
}

/** A box beside the element that opened it. Escape or a press outside closes it and gives the focus back. */
export function Popover({ anchor, onClose, align = "start", children, role = "dialog", label }: PopoverProps) {
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (box.current && anchor.current) place(box.current, anchor.current, align);
  });
  useEffect(() => {
    const opener = anchor.current;
    const again = () => {
      if (box.current && opener) place(box.current, opener, align);
    };
    const outside = (event: PointerEvent) => {
      const target = event.target as Node;
      if (!box.current?.contains(target) && !opener?.contains(target)) onClose();
    };
    // Wherever the focus is, on the opener or nowhere: Escape means the newest box, and nothing behind it.
    const leave = (event: KeyboardEvent) => {
      if (event.key !== "Escape" || (event.target as Element).closest?.("dialog")) return;
      event.preventDefault();
      event.stopPropagation();
      onClose();
      focusIn(opener);
    };
    document.addEventListener("keydown", leave, true);
    document.addEventListener("pointerdown", outside);
    window.addEventListener("resize", again);
    return () => {
      document.removeEventListener("keydown", leave, true);
      document.removeEventListener("pointerdown", outside);
      window.removeEventListener("resize", again);
    };
  }, [anchor, align, onClose]);
  return (
    // biome-ignore lint/a11y/useAriaPropsSupportedByRole: the role is given by the caller
    <div ref={box} class="popover" role={role} aria-label={label}>
      {children}
    </div>
  );
}
