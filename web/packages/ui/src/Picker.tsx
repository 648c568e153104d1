import type { ComponentChildren } from "preact";
import { useCallback, useId, useRef, useState } from "preact/hooks";
import { Icon } from "./Icon";
import { Popover } from "./Popover";

export interface Choice {
  key: string;
  label: string;
  side?: string;
  picture?: ComponentChildren;
  picked?: boolean;
}

interface PickerProps {
  label: string;
  filterLabel: string;
  nothing: string;
  choices: readonly Choice[];
  onPick: (key: string) => void;
  children: ComponentChildren;
  /** Stays open after a pick, for choosing several. */
  several?: boolean;
  align?: "start" | "end";
  disabled?: boolean;
  /** Set by a keyboard shortcut from outside: a change opens it. */
  openSignal?: { value: boolean };
}

const plain = (text: string) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

/** Narrowed by typing, chosen with arrows and Enter: for people, teams, tags. */
export function Picker(props: PickerProps) {
  const [inner, setInner] = useState(false);
  const open = props.openSignal ? props.openSignal.value : inner;
  const setOpen = (value: boolean) => {
    if (props.openSignal) props.openSignal.value = value;
    else setInner(value);
  };
  const button = useRef<HTMLButtonElement>(null);
  const latest = useRef(setOpen);
  latest.current = setOpen;
  const close = useCallback(() => latest.current(false), []);
  return (
    <>
      <button
        ref={button}
        type="button"
        class="btn quiet picker-button"
        aria-haspopup="listbox"
        aria-expanded={open}
        disabled={props.disabled}
        onClick={() => setOpen(!open)}
      >
        <span class="picker-face" aria-hidden="true">
          {props.children}
        </span>
        <span class="hidden-visually">{props.label}</span>
      </button>
      {open && (
        <Popover anchor={button} onClose={close} align={props.align ?? "start"} label={props.label}>
          <PickerList
            {...props}
            onPick={(key) => {
              props.onPick(key);
              if (!props.several) {
                setOpen(false);
                button.current?.focus();
              }
            }}
          />
        </Popover>
      )}
    </>
  );
}

function PickerList({ filterLabel, nothing, choices, onPick, several }: PickerProps) {
  const id = useId();
  const [filter, setFilter] = useState("");
  const [at, setAt] = useState(0);
  const shown = choices.filter((choice) => plain(choice.label).includes(plain(filter.trim())));
  const active = shown[Math.min(at, shown.length - 1)];
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown") setAt(Math.min(at + 1, shown.length - 1));
    else if (event.key === "ArrowUp") setAt(Math.max(0, at - 1));
    else if (event.key === "Enter") {
      if (active) onPick(active.key);
    } else return;
    event.preventDefault();
  };
  return (
    <>
      <input
        class="input picker-filter"
        ref={(element) => element?.focus()}
        role="combobox"
        aria-expanded={shown.length > 0}
        aria-controls={shown.length > 0 ? id : undefined}
        aria-activedescendant={active ? `${id}-${active.key}` : undefined}
        aria-label={filterLabel}
        placeholder={filterLabel}
        value={filter}
        onInput={(event) => {
          setFilter(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
      />
      {shown.length > 0 && (
        <div id={id} role="listbox" aria-multiselectable={several || undefined} aria-label={filterLabel}>
          {shown.map((choice) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents lint/a11y/useFocusableInteractive: keys go to the combobox
            <div
              key={choice.key}
              id={`${id}-${choice.key}`}
              role="option"
              aria-selected={choice.picked ?? false}
              class={`menu-item${choice === active ? " active" : ""}`}
              onPointerMove={() => setAt(shown.indexOf(choice))}
              onClick={() => onPick(choice.key)}
            >
              {choice.picture}
              <span class="grow">{choice.label}</span>
              {choice.side && <span class="side">{choice.side}</span>}
              {choice.picked && <Icon name="check" />}
            </div>
          ))}
        </div>
      )}
      <div class="menu-head" role="status">
        {shown.length === 0 && nothing}
      </div>
    </>
  );
}
