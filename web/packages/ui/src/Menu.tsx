import type { ComponentChildren } from "preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { Icon, type IconName } from "./Icon";
import { Popover } from "./Popover";

export interface MenuEntry {
  key: string;
  label: string;
  icon?: IconName;
  side?: string;
  danger?: boolean;
  checked?: boolean;
  lineBefore?: boolean;
  /** The box stays open and shows something else. */
  stays?: boolean;
  onPick: () => void;
}

interface MenuProps {
  label: string;
  entries: readonly MenuEntry[];
  /** What the button shows; with `icon` alone the label is read aloud. */
  children?: ComponentChildren;
  icon?: IconName;
  align?: "start" | "end";
  small?: boolean;
  kind?: "quiet" | "plain";
  disabled?: boolean;
  /** The button's own words name it (they hold the label or say it better); otherwise the label does. */
  worded?: boolean;
}

function step(box: HTMLElement, key: string): void {
  const all = [...box.querySelectorAll<HTMLElement>("[role^=menuitem]")];
  const at = all.indexOf(document.activeElement as HTMLElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[key];
  if (to !== undefined) all[(to + all.length) % all.length]?.focus();
  else if (key.length === 1) {
    const letter = key.toLowerCase();
    const from = [...all.slice(at + 1), ...all.slice(0, at + 1)];
    from.find((item) => item.textContent?.trim().toLowerCase().startsWith(letter))?.focus();
  }
}

export function MenuList({ entries, onDone }: { entries: readonly MenuEntry[]; onDone: () => void }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.querySelector<HTMLElement>("[role^=menuitem]")?.focus(), []);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Tab") onDone();
    else if (event.key.startsWith("Arrow") || event.key === "Home" || event.key === "End" || event.key.length === 1) {
      if (event.key === " " || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      event.stopPropagation();
      if (box.current) step(box.current, event.key);
    }
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys of the menu around it
    <div ref={box} onKeyDown={onKeyDown}>
      {entries.map((entry) => (
        <>
          {entry.lineBefore && <div class="menu-line" key={`${entry.key}-line`} />}
          {/* biome-ignore lint/a11y/useAriaPropsSupportedByRole: only the radio form gets it */}
          <button
            key={entry.key}
            type="button"
            role={entry.checked === undefined ? "menuitem" : "menuitemradio"}
            aria-checked={entry.checked}
            class={`menu-item${entry.danger ? " danger" : ""}`}
            tabIndex={-1}
            onClick={() => {
              if (!entry.stays) onDone();
              entry.onPick();
            }}
          >
            {entry.icon && <Icon name={entry.icon} />}
            <span class="grow">{entry.label}</span>
            {entry.checked && <Icon name="check" />}
            {entry.side && <span class="side">{entry.side}</span>}
          </button>
        </>
      ))}
    </div>
  );
}

/** A button that opens a list of things to do. */
export function Menu({ label, entries, children, icon, align, small, kind = "quiet", disabled, worded }: MenuProps) {
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const close = useCallback(() => setOpen(false), []);
  const done = useCallback(() => {
    setOpen(false);
    button.current?.focus();
  }, []);
  const names = ["btn", kind, small && "small", !children && "icon-only"].filter(Boolean).join(" ");
  return (
    <>
      <button
        ref={button}
        type="button"
        class={names}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-label={worded ? undefined : label}
        title={children ? undefined : label}
        disabled={disabled}
        onClick={() => setOpen(!open)}
      >
        {icon && <Icon name={icon} />}
        {children}
      </button>
      {open && (
        <Popover anchor={button} onClose={close} align={align ?? "start"} role="menu" label={label}>
          <MenuList entries={entries} onDone={done} />
        </Popover>
      )}
    </>
  );
}
