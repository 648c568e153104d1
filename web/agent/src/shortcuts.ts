// Keys that work anywhere outside a text field. They can be switched off (profile), as WCAG 2.1.4 asks.
import { useEffect } from "preact/hooks";
import { isOpen } from "./comments";
import { VIEWS } from "./router";
import { assign, close, reopen, wait } from "./stores/actions";
import type { AppStore } from "./stores/app";
import { atHand, notNeeded } from "./stores/comments";

export interface Shortcut {
  keys: readonly string[];
  /** Key of the text that explains it. */
  text: string;
  group: "move" | "act" | "write" | "other";
  run?: (app: AppStore) => void;
}

const openRow = (app: AppStore) => {
  const id = app.openId.value;
  return id && app.session.may("conversations.write") ? app.rows.get(id) : undefined;
};

function move(app: AppStore, step: 1 | -1): void {
  const next = app.list.value?.neighbour(app.openId.value, step);
  if (next) app.openConversation(next);
}

/** Below a post the key sets a comment aside; elsewhere it begins a note. */
function note(app: AppStore): void {
  const comment = openRow(app) && atHand(app);
  if (comment && isOpen(comment)) void notNeeded(app, comment);
  else write(app, "note");
}

function write(app: AppStore, kind: "answer" | "note"): void {
  app.composer.value?.choose(kind);
  document.querySelector<HTMLTextAreaElement>(".composer textarea")?.focus();
}

function picker(app: AppStore, which: "assign" | "tags" | "snooze"): void {
  if (openRow(app)) app.pickers[which].value = true;
}

export const SHORTCUTS: readonly Shortcut[] = [
  { keys: ["j", "ArrowDown"], text: "help.next", group: "move", run: (app) => move(app, 1) },
  { keys: ["k", "ArrowUp"], text: "help.previous", group: "move", run: (app) => move(app, -1) },
  { keys: ["Escape"], text: "help.back", group: "move", run: (app) => app.openConversation(null) },
  {
    keys: ["/"],
    text: "help.search",
    group: "move",
    run: (app) => app.router.go({ page: "search", q: app.search.query.value, conversation: null }),
  },
  { keys: ["1–7"], text: "help.views", group: "move" },
  { keys: ["r"], text: "help.answer", group: "write", run: (app) => write(app, "answer") },
  { keys: ["n"], text: "help.note", group: "write", run: note },
  { keys: ["n"], text: "help.not_needed", group: "act" },
  { keys: ["Ctrl+Enter"], text: "help.send", group: "write" },
  { keys: ["Ctrl+Shift+Enter"], text: "help.send_close", group: "write" },
  { keys: ["Ctrl+Z"], text: "help.undo", group: "write" },
  { keys: ["a"], text: "help.assign", group: "act", run: (app) => picker(app, "assign") },
  {
    keys: ["i"],
    text: "help.take",
    group: "act",
    run: (app) => {
      const row = openRow(app);
      if (row) void assign(app, row, app.viewer().agentId);
    },
  },
  { keys: ["t"], text: "help.tags", group: "act", run: (app) => picker(app, "tags") },
  { keys: ["s"], text: "help.snooze", group: "act", run: (app) => picker(app, "snooze") },
  {
    keys: ["w"],
    text: "help.wait",
    group: "act",
    run: (app) => {
      const row = openRow(app);
      if (row?.status === "open") void wait(app, row);
    },
  },
  {
    keys: ["e"],
    text: "help.close",
    group: "act",
    run: (app) => {
      const row = openRow(app);
      if (row) void (row.status === "closed" ? reopen(app, row) : close(app, row));
    },
  },
  {
    keys: ["p"],
    text: "help.panel",
    group: "other",
    run: (app) => {
      app.prefs.showPanel(!app.prefs.panel.value);
    },
  },
  {
    keys: ["?"],
    text: "help.help",
    group: "other",
    run: (app) => {
      app.overlay.value = "help";
    },
  },
];

const busyWith = (target: EventTarget | null) =>
  target instanceof HTMLElement &&
  (target.isContentEditable || !!target.closest("input, textarea, select, dialog, .popover"));

export function useShortcuts(app: AppStore): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || busyWith(event.target)) return;
      const named = event.key.length > 1;
      if (!named && !app.prefs.shortcuts.value) return;
      if (app.router.route.value.page === "settings" && event.key !== "?" && event.key !== "/") return;
      // Arrows scroll the messages when these have the focus.
      if (event.key.startsWith("Arrow") && !(event.target as HTMLElement).closest?.(".list-pane")) return;
      const view = VIEWS[Number(event.key) - 1];
      const found = SHORTCUTS.find((shortcut) => shortcut.keys.includes(event.key));
      // A key that is held down walks through the list; it does not close, open and close again.
      if (event.repeat && found?.group !== "move") return;
      if (view) app.router.go({ page: "inbox", view, viewId: null, filters: {}, conversation: null });
      else if (found?.run) found.run(app);
      else return;
      event.preventDefault();
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, [app]);
}
