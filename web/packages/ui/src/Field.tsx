import type { ComponentChildren, JSX } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";

interface Labelled {
  label: string;
  hint?: ComponentChildren;
  error?: string | null | undefined;
}

function Around({ id, label, hint, error, children }: Labelled & { id: string; children: ComponentChildren }) {
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children}
      {hint && (
        <div class="hint" id={`${id}-hint`}>
          {hint}
        </div>
      )}
      {error && (
        <div class="error" id={`${id}-error`} role="alert">
          {error}
        </div>
      )}
    </div>
  );
}

function described(id: string, hint: unknown, error: unknown): string | undefined {
  return [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ") || undefined;
}

export interface InputProps extends Labelled {
  value: string;
  onValue: (value: string) => void;
  type?: "text" | "email" | "password" | "search" | "datetime-local" | "url";
  name?: string;
  autocomplete?: JSX.IntrinsicElements["input"]["autocomplete"];
  inputMode?: "text" | "numeric" | "email" | "url";
  required?: boolean;
  disabled?: boolean;
  readOnly?: boolean;
  minLength?: number;
  maxLength?: number;
  placeholder?: string;
  spellcheck?: boolean;
  min?: string;
  autoFocus?: boolean;
}

export function TextField({ label, hint, error, value, onValue, ...rest }: InputProps) {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  // Browsers heed the attribute only while nothing else has the focus (and in a dialog that opens).
  const first = useRef(rest.autoFocus);
  useEffect(() => {
    if (first.current) input.current?.focus();
  }, []);
  return (
    <Around id={id} label={label} hint={hint} error={error}>
      <input
        ref={input}
        class="input"
        id={id}
        value={value}
        onInput={(event) => onValue(event.currentTarget.value)}
        aria-invalid={error ? "true" : undefined}
        aria-describedby={described(id, hint, error)}
        {...(rest as object)}
      />
    </Around>
  );
}

interface AreaProps extends Labelled {
  value: string;
  onValue: (value: string) => void;
  rows?: number;
  placeholder?: string;
  readOnly?: boolean;
  spellcheck?: boolean;
}

export function TextArea({ label, hint, error, value, onValue, ...rest }: AreaProps) {
  const id = useId();
  return (
    <Around id={id} label={label} hint={hint} error={error}>
      <textarea
        class="input"
        id={id}
        value={value}
        onInput={(event) => onValue(event.currentTarget.value)}
        aria-describedby={described(id, hint, error)}
        {...rest}
      />
    </Around>
  );
}

type SelectProps<T extends string> = Labelled & {
  value: T;
  options: readonly (readonly [T, string])[];
  onValue: (value: T) => void;
  disabled?: boolean;
};

export function SelectField<T extends string>(props: SelectProps<T>) {
  const { label, hint, error, value, options, onValue, disabled } = props;
  const id = useId();
  return (
    <Around id={id} label={label} hint={hint} error={error}>
      <select
        class="input"
        id={id}
        value={value}
        disabled={disabled}
        onChange={(event) => onValue(event.currentTarget.value as T)}
        aria-describedby={described(id, hint, error)}
      >
        {options.map(([key, text]) => (
          <option key={key} value={key} selected={key === value}>
            {text}
          </option>
        ))}
      </select>
    </Around>
  );
}

interface CheckProps {
  label: ComponentChildren;
  hint?: ComponentChildren;
  checked: boolean;
  onValue: (checked: boolean) => void;
  disabled?: boolean;
}

export function Check({ label, hint, checked, onValue, disabled }: CheckProps) {
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={checked}
        disabled={disabled}
        onChange={(event) => onValue(event.currentTarget.checked)}
      />
      <span>
        {label}
        {hint && <span class="hint">{hint}</span>}
      </span>
    </label>
  );
}
