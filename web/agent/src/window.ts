// When a channel lets us write: computed here as the server does (channels/windows.py), so that it can be counted down.
import type { Row, WayWindow } from "@svardesk/wire";

const HOUR = 3_600_000;
/** So long before its end a window is worth a mark. */
export const SOON_MS = 3 * HOUR;

export type Standing =
  /** Anybody may write until then. */
  | { kind: "free"; until: number; left: number }
  /** Only what a person wrote for this customer. */
  | { kind: "people"; until: number; left: number }
  | { kind: "closed"; until: number | null; left: 0 };

/** What may be written at `now`; null where writing never ends. `opened`: what the person did last, null for never. */
export function standing(
  opened: string | null | undefined,
  windows: readonly WayWindow[] | undefined,
  now: number,
): Standing | null {
  if (!windows?.length || windows.some((each) => each.hours === null)) return null;
  const from = opened ? Date.parse(opened) : Number.NaN;
  if (Number.isNaN(from)) return { kind: "closed", until: null, left: 0 };
  const ends = windows
    .map((each) => ({ until: from + (each.hours ?? 0) * HOUR, people: each.people_only ?? false }))
    .sort((a, b) => a.until - b.until);
  const open = ends.find((each) => now < each.until);
  if (!open) return { kind: "closed", until: ends.at(-1)?.until ?? null, left: 0 };
  return { kind: open.people ? "people" : "free", until: open.until, left: open.until - now };
}

/** Milliseconds in which a waiting customer can still be answered freely, when that is soon; else null. */
export function endsSoon(row: Row, now: number): number | null {
  if (!row.window_until || !row.waiting_since || row.status === "closed") return null;
  const remains = Date.parse(row.window_until) - now;
  return remains > 0 && remains <= SOON_MS ? remains : null;
}
