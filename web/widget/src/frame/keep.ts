/** Small strings that outlive the page, in the frame's own localStorage; in memory where the browser refuses it. */
export class Keep {
  #memory: Record<string, string> = {};

  constructor(readonly prefix: string) {}

  get(name: string): string | null {
    try {
      return localStorage.getItem(this.prefix + name) ?? this.#memory[name] ?? null;
    } catch {
      return this.#memory[name] ?? null;
    }
  }

  set(name: string, value: string | null): void {
    delete this.#memory[name];
    try {
      if (value === null) localStorage.removeItem(this.prefix + name);
      else localStorage.setItem(this.prefix + name, value);
    } catch {
      if (value !== null) this.#memory[name] = value;
    }
  }
}

/**
 * Runs `work` alone among all tabs of this browser; where Web Locks are refused, at least alone in this tab is the
 * caller's own business.
 */
export async function alone<T>(name: string, work: () => Promise<T>): Promise<T> {
  let started = false;
  try {
    return (await navigator.locks.request(name, () => {
      started = true;
      return work();
    })) as T;
  } catch (error) {
    if (started) throw error;
    return work();
  }
}
