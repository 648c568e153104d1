import { Icon } from "./Icon";

interface AvatarProps {
  /** Decides the tone, so that a person looks the same everywhere. */
  id: string;
  name: string | null;
  size?: "small" | "medium" | "large";
  online?: boolean | undefined;
}

/** First letters of the first and the last name; none for a person without name. */
export function initials(name: string | null): string {
  const words = (name ?? "").trim().split(/\s+/).filter(Boolean);
  const letters = words.length > 1 ? [words[0], words[words.length - 1]] : words;
  return letters.map((word) => [...(word ?? "")][0]?.toUpperCase() ?? "").join("");
}

export function tone(id: string): number {
  let sum = 0;
  for (const letter of id) sum = (sum * 31 + letter.charCodeAt(0)) >>> 0;
  return sum % 6;
}

export function Avatar({ id, name, size = "medium", online }: AvatarProps) {
  return (
    <span class={`avatar ${size} tone-${tone(id)}`} aria-hidden="true">
      {initials(name) || <Icon name="person" />}
      {online !== undefined && <span class={`dot${online ? " online" : ""}`} />}
    </span>
  );
}
