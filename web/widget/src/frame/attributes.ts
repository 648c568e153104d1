import type { Attributes } from "../shared/protocol";

/** What the desk takes of the page's attributes; the rest is left out, because a chat that does not open helps nobody. */
export function fitting(all: Attributes): Attributes {
  const kept: Attributes = {};
  for (const [name, value] of Object.entries(all).slice(0, 50)) {
    const simple = ["string", "boolean", "number"].includes(typeof value);
    if (!simple || !name || name.length > 60) continue;
    // Numbers beyond the exact ones are names that happen to be digits.
    const exact = typeof value === "number" ? Math.abs(value) <= 2 ** 53 : typeof value === "boolean";
    kept[name] = exact ? value : `${value}`.slice(0, 500);
  }
  return kept;
}
