import { Avatar } from "@svardesk/ui";
import type { Agent } from "@svardesk/wire";
import type { RefObject } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useApp } from "../context";
import { t } from "../i18n";
import type { ComposerStore } from "../stores/composer";

/** The letters after an @ that is being written just before the caret, or null. */
export function mentionAt(text: string, caret: number): { from: number; letters: string } | null {
  const found = /(?:^|\s)@([\p{L}\p{M}'-]*(?: [\p{L}\p{M}'-]*)?)$/u.exec(text.slice(0, caret));
  return found ? { from: caret - (found[1]?.length ?? 0) - 1, letters: found[1] ?? "" } : null;
}

export function matching(agents: readonly Agent[], letters: string): Agent[] {
  const wanted = letters.toLowerCase();
  return agents.filter((agent) => agent.name.toLowerCase().startsWith(wanted)).slice(0, 6);
}

/** Colleagues to mention in a note: opens after @, chosen with arrows and Enter or Tab. */
export function MentionBox({
  area,
  composer,
}: {
  area: RefObject<HTMLTextAreaElement | null>;
  composer: ComposerStore;
}) {
  const app = useApp();
  const [at, setAt] = useState(0);
  const [shut, setShut] = useState<number | null>(null);
  const text = composer.text.value;
  // Kept beside the element: between a change of the text and its drawing the element's own caret is an old one.
  const [caret, setCaret] = useState(area.current?.selectionStart ?? text.length);
  const mention = mentionAt(text, caret);
  const choices = mention && mention.from !== shut ? matching(app.directory.active.value, mention.letters) : [];
  const exact = choices.length === 1 && choices[0]?.name === mention?.letters;
  const open = choices.length > 0 && !exact;
  const pick = (agent: Agent) => {
    if (!mention) return;
    const after = text.slice(caret);
    const inserted = `@${agent.name}${after.startsWith(" ") ? "" : " "}`;
    composer.mention(agent);
    composer.type(text.slice(0, mention.from) + inserted + after);
    const to = mention.from + inserted.length;
    setCaret(to);
    queueMicrotask(() => {
      area.current?.focus();
      area.current?.setSelectionRange(to, to);
    });
  };
  useEffect(() => {
    const element = area.current;
    if (!element) return;
    const moved = () => setCaret(element.selectionStart);
    const events = ["input", "keyup", "click"] as const;
    for (const event of events) element.addEventListener(event, moved);
    return () => {
      for (const event of events) element.removeEventListener(event, moved);
    };
  }, [area]);
  useEffect(() => {
    const element = area.current;
    if (!element || !open) return;
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.isComposing) return;
      const current = choices[Math.min(at, choices.length - 1)];
      if (event.key === "ArrowDown") setAt((at + 1) % choices.length);
      else if (event.key === "ArrowUp") setAt((at + choices.length - 1) % choices.length);
      else if ((event.key === "Enter" || event.key === "Tab") && current) pick(current);
      else if (event.key === "Escape") setShut(mention?.from ?? null);
      else return;
      event.preventDefault();
      event.stopImmediatePropagation();
    };
    element.addEventListener("keydown", onKeyDown, true);
    return () => element.removeEventListener("keydown", onKeyDown, true);
  });
  if (!open) return null;
  return (
    <div class="mentions">
      <div role="listbox" aria-label={t("composer.mention")}>
        {choices.map((agent, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents lint/a11y/useFocusableInteractive: keys stay in the text
          <div
            key={agent.id}
            role="option"
            aria-selected={index === at}
            class={`menu-item${index === at ? " active" : ""}`}
            onPointerDown={(event) => event.preventDefault()}
            onClick={() => pick(agent)}
          >
            <Avatar id={agent.id} name={agent.name} size="small" online={agent.availability === "online"} />
            <span class="grow">{agent.name}</span>
          </div>
        ))}
      </div>
      <span class="hidden-visually" role="status">
        {choices[at]?.name}
      </span>
    </div>
  );
}
