// Why an answer did not arrive: every channel has codes of its own.
import { deliveryText } from "./mail/words";
import { metaText } from "./meta/words";

const CHANNELS: Record<string, (reason: string | null) => string | null> = {
  messenger: metaText,
  facebook: metaText,
};

/** The sentence for a delivery's code; `via` is the kind of connection that it went by. */
export function reasonText(via: string | null | undefined, reason: string | null): string | null {
  return (CHANNELS[via ?? ""] ?? deliveryText)(reason);
}
