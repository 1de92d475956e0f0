/** Requests that wait for a command to a device: long polls. In memory; what they wait for is not. */
import { COMMAND_WAITERS_MAX } from "../core/limits.ts";

export class CommandWaiters {
  readonly #byTwin = new Map<string, Set<() => void>>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Resolves when the twin sends a command, after `waitMs`, and at once when COMMAND_WAITERS_MAX others wait. */
  next(id: string, waitMs: number): Promise<void> {
    if (this.#count >= COMMAND_WAITERS_MAX) return Promise.resolve();
    return new Promise((resolve) => {
      const waiters = this.#byTwin.get(id) ?? new Set();
      this.#byTwin.set(id, waiters);
      const end = (): void => {
        clearTimeout(timer);
        if (!waiters.delete(end)) return;
        this.#count--;
        if (waiters.size === 0) this.#byTwin.delete(id);
        resolve();
      };
      const timer = setTimeout(end, waitMs);
      waiters.add(end);
      this.#count++;
    });
  }

  /** A twin has sent a command. */
  wake(id: string): void {
    for (const end of this.#byTwin.get(id) ?? []) end();
  }
}
