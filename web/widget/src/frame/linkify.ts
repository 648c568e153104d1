export interface Piece {
  text: string;
  href?: string;
}

// Letters of all languages; the length before the @ is bounded, or a long word would be searched from each of its letters.
const LINK = /\b(?:https?:\/\/|www\.)[^\s<>"'`]+|[\p{L}\w.+-]{1,64}@[\p{L}\w-]+(?:\.[\p{L}\w-]+)+/giu;

/**
 * Splits a text at its links. Only http, https and mail addresses become links, so nothing that a message says can run
 * as script; punctuation that ends a sentence stays outside.
 */
export function linkify(text: string): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (const match of text.matchAll(LINK)) {
    let link = match[0].replace(/[.,:;!?…»]+$/, "");
    // A closing bracket belongs to the link only if it was opened in it.
    while (link.endsWith(")") && link.split("(").length < link.split(")").length) link = link.slice(0, -1);
    const href = /^https?:/i.test(link) ? link : /^www\./i.test(link) ? `https://${link}` : `mailto:${link}`;
    if (!URL.canParse(href)) continue;
    if (match.index > at) pieces.push({ text: text.slice(at, match.index) });
    pieces.push({ text: link, href });
    at = match.index + link.length;
  }
  if (at < text.length) pieces.push({ text: text.slice(at) });
  return pieces;
}

/** One to three emoji and nothing else: shown large. */
export function onlyEmoji(text: string): boolean {
  return /^(?:\p{Extended_Pictographic}(?:\p{M}|\p{Emoji_Modifier}|\u200D\p{Extended_Pictographic})*\s*){1,3}$/u.test(
    text,
  );
}
