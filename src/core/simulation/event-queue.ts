/**
 * When which instances are due. Many are due at the same time, so there is a list for each time, and a binary heap of
 * the times. An instance that is due at another time meanwhile, or gone, leaves its entry, to be skipped; when such
 * entries are many, the owner fills the queue anew.
 */
import type { Instance } from "./instance.ts";

/** Entries beyond which stale ones matter, once they outnumber the live ones. */
const STALE_MIN = 4_096;

export class EventQueue {
  readonly #byTime = new Map<number, Instance[]>();
  readonly #times: number[] = [];
  #entries = 0;

  /** Whether the queue should be filled anew: `live` is how many entries there would be. */
  isMostlyStale(live: number): boolean {
    return this.#entries > STALE_MIN + live * 4;
  }

  add(atMs: number, instance: Instance): void {
    this.#entries++;
    const due = this.#byTime.get(atMs);
    if (due !== undefined) {
      due.push(instance);
      return;
    }
    this.#byTime.set(atMs, [instance]);
    this.#pushTime(atMs);
  }

  /** Adds an instance at all times at which something of it is due. */
  addAll(instance: Instance): void {
    if (instance.wakeAtMs !== null) this.add(instance.wakeAtMs, instance);
    for (const { dueAtMs } of instance.timers?.values() ?? []) this.add(dueAtMs, instance);
  }

  /** The earliest time at which an instance is due; null when none ever is. */
  nextAtMs(): number | null {
    for (;;) {
      const atMs = this.#times[0];
      if (atMs === undefined) return null;
      const due = this.#byTime.get(atMs)!;
      while (due.length > 0 && !due.at(-1)!.isDueAt(atMs)) {
        due.pop();
        this.#entries--;
      }
      if (due.length > 0) return atMs;
      this.#dropFirst();
    }
  }

  /** Takes out the list of the earliest time, which `nextAtMs` has just said. It may name an instance twice, or one that is not due any more. */
  takeFirst(): readonly Instance[] {
    const due = this.#byTime.get(this.#times[0]!)!;
    this.#entries -= due.length;
    this.#dropFirst();
    return due;
  }

  clear(): void {
    this.#byTime.clear();
    this.#times.length = 0;
    this.#entries = 0;
  }

  #dropFirst(): void {
    const times = this.#times;
    this.#byTime.delete(times[0]!);
    const last = times.pop()!;
    if (times.length === 0) return;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= times.length) break;
      if (child + 1 < times.length && times[child + 1]! < times[child]!) child++;
      if (times[child]! >= last) break;
      times[at] = times[child]!;
      at = child;
    }
    times[at] = last;
  }

  #pushTime(atMs: number): void {
    const times = this.#times;
    let at = times.push(atMs) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (times[parent]! <= atMs) break;
      times[at] = times[parent]!;
      at = parent;
    }
    times[at] = atMs;
  }
}
