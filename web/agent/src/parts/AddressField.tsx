import { Icon } from "@svardesk/ui";
import type { Correspondent } from "@svardesk/wire";
import type { ComponentChildren } from "preact";
import { useId, useRef } from "preact/hooks";
import { t } from "../i18n";
import { inFull, nameOf } from "../mail/words";
import { type AddressingStore, type AddressLine, isAddress, parseAddresses } from "../stores/addressing";

interface Props {
  store: AddressingStore;
  line: AddressLine;
  /** Who stands in the field now; for "to" that may be whoever wrote. */
  people: readonly Correspondent[];
  label: string;
  autoFocus?: boolean;
  children?: ComponentChildren;
}

/** Recipients as chips. Enter, comma, semicolon, Tab and leaving the field make a chip of what was written. */
export function AddressField({ store, line, people, label, autoFocus, children }: Props) {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const text = store.loose.value[line];
  const wrong =
    people.find((one) => !isAddress(one.address))?.address ??
    (/[,;]\s*$|\s$/.test(text) ? parseAddresses(text).find(({ address }) => !isAddress(address))?.address : undefined);
  const problem = wrong
    ? t("addressing.wrong", { address: wrong })
    : people.length === 0 && line === "to" && !text
      ? t("addressing.nobody")
      : null;
  const take = () => store.loose.value[line].trim() && store.add(line, store.loose.value[line], people);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.isComposing || event.ctrlKey || event.metaKey) return;
    const last = people[people.length - 1];
    if ((event.key === "Enter" || event.key === "," || event.key === ";") && text.trim()) take();
    else if (event.key === "Backspace" && !text && last) store.remove(line, last, people);
    else if (event.key !== "Enter") return;
    event.preventDefault();
  };
  return (
    <div class="address-line">
      <label class="address-label" for={id}>
        {label}
      </label>
      <div class="address-field">
        {people.map((one) => (
          <span
            key={one.address}
            class={`chip address-chip${isAddress(one.address) ? "" : " bad"}`}
            title={inFull(one)}
          >
            <span class="cut">{nameOf(one)}</span>
            <button
              type="button"
              aria-label={t("addressing.remove", { name: inFull(one) })}
              onClick={() => {
                store.remove(line, one, people);
                input.current?.focus();
              }}
            >
              <Icon name="close" />
            </button>
          </span>
        ))}
        <input
          ref={input}
          id={id}
          class="address-input"
          type="text"
          inputMode="email"
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          // biome-ignore lint/a11y/noAutofocus: opened by a press on the button that names it
          autoFocus={autoFocus}
          value={text}
          aria-invalid={problem ? "true" : undefined}
          aria-describedby={problem ? `${id}-problem` : undefined}
          onInput={(event) => store.type(line, event.currentTarget.value)}
          onKeyDown={onKeyDown}
          onBlur={take}
        />
        {problem && (
          <span class="address-problem" id={`${id}-problem`} role="alert">
            {problem}
          </span>
        )}
      </div>
      {children}
    </div>
  );
}
