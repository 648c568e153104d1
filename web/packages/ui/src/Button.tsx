import type { ComponentChildren, JSX } from "preact";
import { Icon, type IconName } from "./Icon";

type Native = Omit<JSX.IntrinsicElements["button"], "icon" | "size">;

export interface ButtonProps extends Native {
  kind?: "plain" | "primary" | "danger" | "quiet";
  small?: boolean;
  wide?: boolean;
  icon?: IconName;
  /** Shows that the press is being carried out and takes no second one. */
  busy?: boolean;
  children?: ComponentChildren;
}

export function Button({ kind = "plain", small, wide, icon, busy, children, disabled, ...rest }: ButtonProps) {
  const names = ["btn", kind, small && "small", wide && "wide"].filter(Boolean).join(" ");
  return (
    <button type="button" class={names} disabled={disabled || busy} aria-busy={busy || undefined} {...rest}>
      {busy ? <span class="spinner" /> : icon && <Icon name={icon} />}
      {children}
    </button>
  );
}

export interface IconButtonProps extends Native {
  icon: IconName;
  /** What it does, in words: read aloud and shown on hover. */
  label: string;
  small?: boolean;
}

export function IconButton({ icon, label, small, ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      class={`btn quiet icon-only${small ? " small" : ""}`}
      aria-label={label}
      title={label}
      {...rest}
    >
      <Icon name={icon} />
    </button>
  );
}
