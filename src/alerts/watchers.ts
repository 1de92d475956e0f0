/** Tells the reducer that alerts have changed, while somebody watches them: one call at a time. */
import { ALERTS_WATCH_MS } from "../core/limits.ts";
import type { Env } from "../env.ts";
import { clockMs } from "../routing/clock.ts";

export class Watchers {
  readonly #env: Env;
  /** The book's version now. */
  readonly #version: () => number;
  #watchedUntilMs = 0;
  #toldVersion = 0;
  #isTelling = false;

  constructor(env: Env, version: () => number) {
    this.#env = env;
    this.#version = version;
  }

  /** Somebody has looked, and watches on. */
  looked(): void {
    this.#watchedUntilMs = clockMs() + ALERTS_WATCH_MS;
    this.#toldVersion = this.#version();
  }

  /** Tells of a change, if there was one. What changes while a call is under way is told by the next. */
  async tell(): Promise<void> {
    if (this.#isTelling) return;
    this.#isTelling = true;
    try {
      while (this.#toldVersion !== this.#version() && clockMs() < this.#watchedUntilMs) {
        this.#toldVersion = this.#version();
        await this.#env.REDUCER.getByName("reducer").alertsChanged();
      }
    } catch {
      // The reducer is being reset; its next tick asks.
    } finally {
      this.#isTelling = false;
    }
  }
}
