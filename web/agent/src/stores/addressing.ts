// To whom an answer goes, where the channel has addresses: only what the agent chose, the rest is the server's to know.
import { computed, signal } from "@preact/signals";
import type { Addressing, Correspondent, DraftAddressing } from "@svardesk/wire";

export type AddressLine = "to" | "cc" | "bcc";

const ADDRESS = /^[^\s@<>()[\],;:"\\]+@[^\s@<>()[\],;:"\\.]+(?:\.[^\s@<>()[\],;:"\\.]+)+$/u;
const LONGEST = 254;
const MOST = 50;

/** Does it look like an address that mail can be sent to? Whether anybody lives there only sending tells. */
export function isAddress(text: string): boolean {
  return text.length <= LONGEST && ADDRESS.test(text);
}

/** "Kari Nordmann <kari@eksempel.no>; per@eksempel.no" as people and mail programs write it. */
export function parseAddresses(text: string): Correspondent[] {
  const found: Correspondent[] = [];
  // Commas part addresses, but not within a quoted name: "Nordmann, Kari" <kari@eksempel.no>.
  for (const piece of text.match(/(?:"[^"]*"|[^",;\n])+/g) ?? []) {
    const [, name = "", inside] = /^\s*(.*?)\s*<([^<>]*)>\s*$/.exec(piece) ?? [];
    const address = (inside ?? piece).trim().replace(/^mailto:/i, "");
    if (address) found.push({ name: name.replaceAll('"', "").trim(), address });
  }
  return found;
}

export const sameAddress = (a: Correspondent, b: Correspondent) => a.address.toLowerCase() === b.address.toLowerCase();

const without = (list: readonly Correspondent[], one: Correspondent) => list.filter((each) => !sameAddress(each, one));

export class AddressingStore {
  /** Null: to whoever wrote. */
  readonly to = signal<readonly Correspondent[] | null>(null);
  readonly cc = signal<readonly Correspondent[]>([]);
  readonly bcc = signal<readonly Correspondent[]>([]);
  readonly subject = signal("");
  readonly showCopy = signal(false);
  readonly showSubject = signal(false);
  /** Letters in a field that are no chip yet. */
  readonly loose = signal<Readonly<Record<AddressLine, string>>>({ to: "", cc: "", bcc: "" });
  readonly untouched = computed(
    () => this.to.value === null && !this.cc.value.length && !this.bcc.value.length && !this.subject.value.trim(),
  );
  /** Whether it can be sent to, as it stands. */
  readonly valid = computed(
    () =>
      this.to.value?.length !== 0 &&
      [...(this.to.value ?? []), ...this.cc.value, ...this.bcc.value].every((each) => isAddress(each.address)) &&
      (["to", "cc", "bcc"] as const).every((line) =>
        parseAddresses(this.loose.value[line]).every(({ address }) => isAddress(address)),
      ),
  );

  /** Nothing chosen and nothing typed: there is nothing to keep. */
  readonly blank = computed(
    () => this.untouched.value && Object.values(this.loose.value).every((letters) => !letters.trim()),
  );

  constructor(
    /** The agent changed something: it is kept with the draft. */
    readonly changed: () => void = () => undefined,
  ) {}

  /** Takes letters of a field as addresses. `shown` is who stands in the field now: for "to" it may be the default. */
  add(line: AddressLine, text: string, shown: readonly Correspondent[]): void {
    const added = parseAddresses(text);
    this.type(line, "");
    const fresh = added.filter((one, at) => added.findIndex((other) => sameAddress(one, other)) === at);
    const list = [...shown.filter((each) => !fresh.some((one) => sameAddress(one, each))), ...fresh].slice(0, MOST);
    if (fresh.length) this[line].value = list;
    this.changed();
  }

  remove(line: AddressLine, one: Correspondent, shown: readonly Correspondent[]): void {
    this[line].value = without(shown, one);
    this.changed();
  }

  type(line: AddressLine, text: string): void {
    if (text === this.loose.value[line]) return;
    this.loose.value = { ...this.loose.value, [line]: text };
    this.changed();
  }

  setSubject(text: string): void {
    this.subject.value = text;
    this.changed();
  }

  /** What goes with the answer, letters that are no chip yet included; null when the server is to decide all. */
  value(shown: readonly Correspondent[]): Addressing | null {
    for (const line of ["to", "cc", "bcc"] as const) {
      const text = this.loose.value[line];
      if (text.trim()) this.add(line, text, line === "to" ? (this.to.value ?? shown) : this[line].value);
    }
    if (this.untouched.value) return null;
    return {
      to: this.to.value ? [...this.to.value] : null,
      cc: [...this.cc.value],
      bcc: [...this.bcc.value],
      subject: this.subject.value.trim() || null,
    };
  }

  /** Puts back what an answer had that was taken back or refused. An answer's own letter lists its recipients too. */
  restore(from: Partial<Addressing> | null | undefined): void {
    this.to.value = from?.to?.length ? from.to : null;
    this.cc.value = from?.cc ?? [];
    this.bcc.value = from?.bcc ?? [];
    this.subject.value = from?.subject ?? "";
    this.loose.value = { to: "", cc: "", bcc: "" };
    this.showCopy.value = this.cc.value.length + this.bcc.value.length > 0;
    this.showSubject.value = this.subject.value !== "";
  }

  clear(): void {
    this.restore(null);
    this.showCopy.value = this.showSubject.value = false;
  }

  /** All of it as the draft keeps it, null when there is nothing. */
  draft(): DraftAddressing | null {
    if (this.blank.value) return null;
    const { to, cc, bcc, subject, loose } = this;
    return {
      to: to.value ? [...to.value] : null,
      cc: [...cc.value],
      bcc: [...bcc.value],
      subject: subject.value || null,
      typed: { ...loose.value },
    };
  }

  /** The draft is there again, and with it whom it was for. */
  load(kept: DraftAddressing | null | undefined): void {
    this.restore(kept);
    // An empty list of recipients was a choice, too: it must not become "whoever wrote".
    this.to.value = kept?.to ?? null;
    const typed = kept?.typed;
    this.loose.value = { to: typed?.to ?? "", cc: typed?.cc ?? "", bcc: typed?.bcc ?? "" };
    this.showCopy.value ||= this.loose.value.cc + this.loose.value.bcc !== "";
  }
}
