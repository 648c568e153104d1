import { inkOn } from "../shared/ink";

const dark = matchMedia("(prefers-color-scheme: dark)");
let wanted = "auto";

function apply(): void {
  document.documentElement.dataset.theme = wanted === "auto" ? (dark.matches ? "dark" : "light") : wanted;
}

/** Theme that the page asked for (auto follows the visitor's system) and colour of the brand as #rrggbb. */
export function paint(theme: string, accent?: string): void {
  wanted = /^(light|dark)$/.test(theme) ? theme : "auto";
  apply();
  dark.onchange = apply;
  if (accent && /^#[\da-f]{6}$/i.test(accent)) {
    const { style } = document.documentElement;
    style.setProperty("--accent", accent);
    style.setProperty("--on-accent", inkOn(accent));
  }
}
