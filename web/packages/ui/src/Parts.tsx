import type { ComponentChildren } from "preact";
import { Icon, type IconName } from "./Icon";

export function Empty(props: { icon: IconName; title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <Icon name={props.icon} />
      <strong>{props.title}</strong>
      {props.children}
    </div>
  );
}

export function Spinner({ label }: { label: string }) {
  return (
    <span role="status">
      <span class="spinner" />
      <span class="hidden-visually">{label}</span>
    </span>
  );
}

interface BannerProps {
  kind?: "warn" | "ok" | "bad";
  icon?: IconName;
  children: ComponentChildren;
  actions?: ComponentChildren;
  /** "alert" is read aloud at once, "status" when the reader pauses. */
  role?: "alert" | "status";
}

export function Banner({ kind = "warn", icon, children, actions, role = "status" }: BannerProps) {
  return (
    <div class={`banner ${kind}`} role={role}>
      {icon && <Icon name={icon} />}
      <span class="grow">{children}</span>
      {actions}
    </div>
  );
}

export function TagChip(props: { name: string; colour: string; onRemove?: () => void; removeLabel?: string }) {
  return (
    <span class="chip">
      <span class={`swatch ${props.colour}`} />
      {props.name}
      {props.onRemove && (
        <button type="button" aria-label={props.removeLabel} title={props.removeLabel} onClick={props.onRemove}>
          <Icon name="close" />
        </button>
      )}
    </span>
  );
}
