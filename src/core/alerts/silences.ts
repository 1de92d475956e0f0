/** What operators do not want to be told of for a while. */
import { SILENCES_MAX } from "../limits.ts";
import { ok, refuse } from "../refusal.ts";
import type { Result } from "../refusal.ts";
import { isMeant } from "./alert.ts";
import type { Alert, Silence } from "./alert.ts";
import type { AlertStore } from "./alert-store.ts";

export class Silences {
  readonly #store: Pick<AlertStore, "writeSilence" | "removeSilence">;
  readonly #silences = new Map<string, Silence>();

  constructor(store: AlertStore) {
    this.#store = store;
    for (const silence of store.readSilences()) this.#silences.set(silence.id, silence);
  }

  all(): readonly Silence[] {
    return [...this.#silences.values()];
  }

  get(id: string): Silence | undefined {
    return this.#silences.get(id);
  }

  /** Adds one, or replaces the one of its id. Refuses with `silence/too-many`. */
  put(silence: Silence): Result<{ readonly created: boolean }> {
    const created = !this.#silences.has(silence.id);
    if (created && this.#silences.size >= SILENCES_MAX) {
      const detail = `There are ${this.#silences.size} silences; ${SILENCES_MAX} is the limit.`;
      return refuse("silence/too-many", detail);
    }
    this.#silences.set(silence.id, silence);
    this.#store.writeSilence(silence);
    return ok({ created });
  }

  remove(id: string): boolean {
    if (!this.#silences.delete(id)) return false;
    this.#store.removeSilence(id);
    return true;
  }

  /** Removes those that have ended; false when there are none. */
  end(nowMs: number): boolean {
    const ended = this.all().filter(({ untilMs }) => untilMs <= nowMs);
    for (const { id } of ended) this.remove(id);
    return ended.length > 0;
  }

  /** When the next one ends; infinity when there is none. */
  nextEndMs(): number {
    return Math.min(...this.all().map(({ untilMs }) => untilMs));
  }

  isSilenced(alert: Alert, nowMs: number): boolean {
    for (const silence of this.#silences.values())
      if (silence.untilMs > nowMs && isMeant(silence, alert)) return true;
    return false;
  }

  /** Until when an alert is silenced, or null. One that has ended and was not removed yet counts: its end is due. */
  untilMs(alert: Alert): number | null {
    let untilMs: number | null = null;
    for (const silence of this.#silences.values())
      if (isMeant(silence, alert)) untilMs = Math.max(untilMs ?? 0, silence.untilMs);
    return untilMs;
  }
}
