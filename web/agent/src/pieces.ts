// Into how many messages an answer is parted; the same places as the server's (channels/messenger/splitting_text.py).
const PLACES = [/\n\s*\n/g, /\n/g, /[.!?…:;]["»”')\]]*\s/g, /\s/g];
const EARLIEST = 0.5;

/** Pieces of at most `limit` characters; 0 for no text. Whole characters are counted, an emoji as one. */
export function pieces(text: string, limit: number): number {
  // Where to part depends on spaces and stops only: what is written with two units may stand as one.
  let rest = text.trim().replace(/[\u{10000}-\u{10ffff}]/gu, "x");
  let count = 0;
  while (rest.length > limit) {
    rest = rest.slice(place(rest, limit)).trimStart();
    count += 1;
  }
  return rest ? count + 1 : count;
}

function place(text: string, limit: number): number {
  const head = text.slice(0, limit + 1);
  for (const pattern of PLACES) {
    const ends = [...head.matchAll(pattern)]
      .map((found) => found.index + found[0].length)
      .filter((end) => head.slice(0, end).trimEnd().length <= limit);
    const last = ends.at(-1);
    if (last !== undefined && last >= limit * EARLIEST) return last;
  }
  return limit;
}
