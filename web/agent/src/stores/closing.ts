// Calls an agent when a customer waits and the time in which we may answer freely ends soon: once for each end.
import { effect } from "@preact/signals";
import type { Row } from "@svardesk/wire";
import { serverNow } from "../time";
import { endsSoon } from "../window";
import type { RowStore } from "./rows";

const KEY = "svardesk.closing";
const KEPT = 200;

export class ClosingStore {
  /** Which ends have been called; a page that is loaded again need not call twice. */
  #called: string[] = [];

  constructor(
    readonly rows: RowStore,
    readonly concerns: (row: Row) => boolean,
    readonly call: (row: Row, leftMs: number) => void,
  ) {}

  /** Watches until what it returns is called. */
  start(): () => void {
    this.#called = JSON.parse(sessionStorage.getItem(KEY) ?? "[]") as string[];
    const stops = [
      effect(() => {
        serverNow();
        for (const row of this.rows.all()) this.look(row);
      }),
      this.rows.follow({ changed: ({ row }) => this.look(row), gone: () => undefined }),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }

  look(row: Row): void {
    const remains = endsSoon(row, serverNow());
    const end = `${row.id} ${row.window_until}`;
    if (remains === null || this.#called.includes(end) || !this.concerns(row)) return;
    this.#called = [...this.#called, end].slice(-KEPT);
    sessionStorage.setItem(KEY, JSON.stringify(this.#called));
    this.call(row, remains);
  }
}
