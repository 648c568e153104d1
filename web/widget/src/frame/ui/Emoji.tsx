import { t } from "../texts";

const SIGNS = "😊 😂 😍 😉 😅 🤔 😕 😢 😡 🙏 👍 👎 👏 👋 💪 ❤️ 🎉 ✅ ❌ ⏰ 📦 🔧 💡 ☀️".split(" ");
const STEPS: Record<string, number> = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 8, ArrowUp: -8 };

/** A few emoji for a start; every system has its own picker for the rest. Arrow keys move, Escape goes back. */
export function Emoji({ insert, close }: { insert: (sign: string) => void; close: () => void }) {
  const keys = (event: KeyboardEvent & { currentTarget: HTMLElement }) => {
    const all = [...event.currentTarget.children] as HTMLElement[];
    const step = STEPS[event.key];
    if (step) all[all.indexOf(document.activeElement as HTMLElement) + step]?.focus();
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a set of buttons, not fields
    <div class="emoji" role="group" aria-label={t("widget.emoji")} onKeyDown={keys}>
      {SIGNS.map((sign, index) => (
        <button type="button" key={sign} tabIndex={index ? -1 : 0} onClick={() => insert(sign)}>
          {sign}
        </button>
      ))}
    </div>
  );
}
