const LINK = /\bhttps?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]}]/g;

export type Part = { kind: "text" | "link" | "mention"; text: string };

/** Cuts a text into words, links and the names that were mentioned. */
export function parts(text: string, names: readonly string[]): Part[] {
  const found: Part[] = [];
  const words = (piece: string) => {
    const name = names.find((each) => piece.includes(`@${each}`));
    if (!name) {
      if (piece) found.push({ kind: "text", text: piece });
      return;
    }
    const at = piece.indexOf(`@${name}`);
    words(piece.slice(0, at));
    found.push({ kind: "mention", text: `@${name}` });
    words(piece.slice(at + name.length + 1));
  };
  let last = 0;
  for (const match of text.matchAll(LINK)) {
    words(text.slice(last, match.index));
    found.push({ kind: "link", text: match[0] });
    last = match.index + match[0].length;
  }
  words(text.slice(last));
  return found;
}

/** A message's words: line breaks kept, addresses as links, mentions marked. Nothing is taken as HTML. */
export function Body({ text, names = [] }: { text: string; names?: readonly string[] }) {
  return (
    <p class="body" dir="auto">
      {parts(text, names).map((part, index) => {
        // biome-ignore-start lint/suspicious/noArrayIndexKey: pieces of one text keep their order
        if (part.kind === "link")
          return (
            <a key={index} href={part.text} target="_blank" rel="noopener noreferrer nofollow">
              {part.text}
            </a>
          );
        if (part.kind === "mention")
          return (
            <span key={index} class="mention">
              {part.text}
            </span>
          );
        return <span key={index}>{part.text}</span>;
        // biome-ignore-end lint/suspicious/noArrayIndexKey: see above
      })}
    </p>
  );
}
