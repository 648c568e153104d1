import { signal } from "@preact/signals";
import { IconButton } from "./Button";

export interface Toast {
  id: number;
  text: string;
  bad: boolean;
  action?: { label: string; run: () => void };
}

/** Short messages at the foot of the page. Bad ones stay until they are closed. */
export class ToastStore {
  readonly list = signal<readonly Toast[]>([]);
  #next = 1;

  say(text: string, options: { bad?: boolean; action?: Toast["action"]; forMs?: number } = {}): void {
    const toast: Toast = { id: this.#next++, text, bad: options.bad ?? false };
    if (options.action) toast.action = options.action;
    this.list.value = [...this.list.value.filter((each) => each.text !== text), toast].slice(-3);
    if (!toast.bad) setTimeout(() => this.drop(toast.id), options.forMs ?? 5_000);
  }

  drop(id: number): void {
    this.list.value = this.list.value.filter((toast) => toast.id !== id);
  }
}

export function Toasts({ store, closeLabel }: { store: ToastStore; closeLabel: string }) {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {store.list.value.map((toast) => (
        <div key={toast.id} class={`toast${toast.bad ? " bad" : ""}`} role={toast.bad ? "alert" : undefined}>
          <span class="grow">{toast.text}</span>
          {toast.action && (
            <button
              type="button"
              class="btn quiet small"
              onClick={() => {
                toast.action?.run();
                store.drop(toast.id);
              }}
            >
              {toast.action.label}
            </button>
          )}
          <IconButton icon="close" label={closeLabel} small onClick={() => store.drop(toast.id)} />
        </div>
      ))}
    </div>
  );
}
