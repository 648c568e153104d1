import type { Message } from "@svardesk/wire";
import { tn } from "../../i18n";

/** Files that still lie at the provider: they are on their way, nobody need ask for them. */
export function Awaited({ message }: { message: Message }) {
  const count = message.deleted ? 0 : (message.awaited ?? 0);
  if (!count) return null;
  return (
    <span class="awaited" role="status">
      <span class="spinner" />
      {tn("message.awaited", count)}
    </span>
  );
}
