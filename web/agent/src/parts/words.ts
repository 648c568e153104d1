// Words and pictures that several parts share.
import type { IconName } from "@svardesk/ui";
import type { DeliveryState, Identity } from "@svardesk/wire";
import { intl, t } from "../i18n";

export { unnamed } from "../names";

/** A picture for a channel's name; channels that this build does not know are a globe. */
export function channelIcon(channel: string): IconName {
  const icons: Record<string, IconName> = {
    webchat: "chat",
    email: "mail",
    phone: "phone",
    form: "file",
    messenger: "chat",
    facebook: "megaphone",
  };
  return icons[channel] ?? "globe";
}

const CHANNELS = new Set(["webchat", "email", "phone", "form", "messenger", "facebook"]);
export function channelName(channel: string): string {
  return CHANNELS.has(channel) ? t(`channel.${channel}`) : channel;
}

/** A browser's number says nothing to people; its channel does. */
export function addressName({ display, kind, address }: Identity): string {
  return display ?? (kind === "email" || kind === "phone" ? address : channelName(kind));
}

/**
 * Each address once, though several contacts of a person have it: as sure as we are of any of them. Browsers stay apart: that
 * one of them signed in says nothing of who sits at the other.
 */
export function onceEach(identities: readonly Identity[], sure: (identity: Identity) => boolean): Identity[] {
  const seen = new Map<string, Identity>();
  for (const each of identities) {
    const key = each.kind === "email" || each.kind === "phone" ? `${each.kind} ${each.address}` : each.id;
    const known = seen.get(key);
    if (!known || (sure(each) && !sure(known))) seen.set(key, each);
  }
  return [...seen.values()];
}

export const FAILED: ReadonlySet<DeliveryState> = new Set([
  "failed_temporary",
  "failed_permanent",
  "blocked_by_window",
  "blocked_by_policy",
  "unknown",
]);

export function fileSize(bytes: number): string {
  const number = (value: number, digits: number) =>
    new Intl.NumberFormat(intl(), { maximumFractionDigits: digits }).format(value);
  if (bytes < 1_000) return `${number(bytes, 0)} B`;
  if (bytes < 1_000_000) return `${number(bytes / 1_000, 0)} kB`;
  return `${number(bytes / 1_000_000, 1)} MB`;
}
