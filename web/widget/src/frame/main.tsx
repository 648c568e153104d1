import { effect, untracked } from "@preact/signals-core";
import { render } from "preact";
import { Bridge } from "./bridge";
import { Chat } from "./chat";
import "./style.css";
import { Screen } from "./screen";
import { setTexts } from "./texts";
import { paint } from "./theme";
import type { Boot } from "./types";
import { App } from "./ui/App";
import { autosize } from "./ui/Composer";
import { follow } from "./ui/Log";

const boot = JSON.parse(document.getElementById("svardesk-boot")?.textContent || "{}") as Boot;
setTexts(boot.texts, boot.locale);
paint("auto", boot.accent);
const bridge = new Bridge(boot.parent, (message) => {
  if (message.t === "init") paint(message.theme || "auto", message.accent || boot.accent);
  chat.heard(message);
  if ((message.t === "init" || message.t === "shown") && message.focus) focus(message.modal);
});
const chat = new Chat(boot, (message) => bridge.tell(message));

/** On a phone the keyboard would cover half of the chat, so there the focus goes to the dialogue, not into the box. */
function focus(modal: boolean): void {
  document.querySelector<HTMLElement>(modal ? "#log" : "#text")?.focus();
}

const screen = new Screen();
chat.store.text.value = chat.keep.get("draft") ?? "";
// One effect draws everything: whatever signal the components read while drawing makes it run again.
effect(() => {
  void chat.store.shown.value; // hidden things have no height; fitted anew when they are shown
  render(<App chat={chat} screen={screen} />, document.getElementById("svardesk") as HTMLElement);
  untracked(() => {
    autosize();
    follow({ chat, screen });
  });
});
bridge.tell({ t: "ready" });
