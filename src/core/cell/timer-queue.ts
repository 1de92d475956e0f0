/**
 * The named timers of a cell's twins, in the order in which they are due.
 *
 * A binary heap by due time, ties in the order of starting. Stopping or restarting a timer leaves its old
 * entry in the heap, to be skipped when it surfaces or thrown out when such entries are many.
 */

/** A timer of a twin. `everyMs` is null for one that fires once. */
export interface Timer {
  readonly name: string;
  readonly dueAtMs: number;
  readonly everyMs: number | null;
}

interface Entry extends Timer {
  readonly slot: number;
  readonly order: number;
  /** When it surfaces: its due time, or later when it was postponed. */
  readonly atMs: number;
}

/** Entries beyond which stopped ones are thrown out, once they outnumber the timers that run. */
const STALE_MIN = 1_024;

export class TimerQueue {
  #heap: Entry[] = [];
  #bySlot = new Map<number, Map<string, Entry>>();
  #running = 0;
  #started = 0;

  /** Starts a timer, or restarts the one of the same name. */
  start(slot: number, timer: Timer): void {
    this.stop(slot, timer.name);
    let timers = this.#bySlot.get(slot);
    if (timers === undefined) this.#bySlot.set(slot, (timers = new Map<string, Entry>()));
    const entry: Entry = { ...timer, slot, order: this.#started++, atMs: timer.dueAtMs };
    timers.set(timer.name, entry);
    this.#running++;
    this.#push(entry);
  }

  /** Lets a timer surface at `atMs` instead; when it is due is as before. */
  postpone(slot: number, name: string, atMs: number): void {
    const timers = this.#bySlot.get(slot);
    const entry = timers?.get(name);
    if (timers === undefined || entry === undefined) return;
    const postponed = { ...entry, atMs };
    timers.set(name, postponed);
    this.#push(postponed);
  }

  stop(slot: number, name: string): void {
    const timers = this.#bySlot.get(slot);
    if (timers?.delete(name) !== true) return;
    this.#running--;
    if (timers.size === 0) this.#bySlot.delete(slot);
  }

  /** Stops all timers of a slot. */
  clear(slot: number): void {
    this.#running -= this.countOf(slot);
    this.#bySlot.delete(slot);
  }

  /** The timers of a slot, in the order of starting. */
  of(slot: number): readonly Timer[] {
    const timers = this.#bySlot.get(slot);
    if (timers === undefined) return [];
    return [...timers.values()].map(({ name, dueAtMs, everyMs }) => ({ name, dueAtMs, everyMs }));
  }

  countOf(slot: number): number {
    return this.#bySlot.get(slot)?.size ?? 0;
  }

  has(slot: number, name: string): boolean {
    return this.#bySlot.get(slot)?.has(name) ?? false;
  }

  /** Entries in memory: the timers that run, and stopped ones that are not thrown out yet. */
  get entryCount(): number {
    return this.#heap.length;
  }

  /** When the next timer surfaces, or null when there is none. */
  nextDueAtMs(): number | null {
    this.#dropStale();
    return this.#heap[0]?.atMs ?? null;
  }

  /** The earliest timer that has surfaced at `nowMs`, or undefined. It stays until it is restarted, stopped or postponed. */
  firstDue(nowMs: number): { slot: number; timer: Timer } | undefined {
    this.#dropStale();
    const first = this.#heap[0];
    if (first === undefined || first.atMs > nowMs) return undefined;
    return {
      slot: first.slot,
      timer: { name: first.name, dueAtMs: first.dueAtMs, everyMs: first.everyMs },
    };
  }

  #dropStale(): void {
    for (let first = this.#heap[0]; first !== undefined; first = this.#heap[0]) {
      if (this.#isRunning(first)) return;
      this.#pop();
    }
  }

  #isRunning(entry: Entry): boolean {
    return this.#bySlot.get(entry.slot)?.get(entry.name) === entry;
  }

  /** A timer that is restarted again and again before it is due must not fill the memory. */
  #dropMany(): void {
    if (this.#heap.length < STALE_MIN + this.#running * 2) return;
    // What is in order is a heap.
    this.#heap = this.#heap.filter((entry) => this.#isRunning(entry)).sort(inOrder);
  }

  #push(entry: Entry): void {
    this.#dropMany();
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(entry, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

function inOrder(a: Entry, b: Entry): number {
  return isBefore(a, b) ? -1 : 1;
}

/**
 * When a recurring timer is due again: the first multiple of its period after `nowMs`, counted from when it was
 * due, so that it neither drifts nor fires in a burst after a pause.
 */
export function nextDue(timer: Timer, nowMs: number): number | null {
  if (timer.everyMs === null) return null;
  const missed = Math.max(0, Math.floor((nowMs - timer.dueAtMs) / timer.everyMs));
  return timer.dueAtMs + (missed + 1) * timer.everyMs;
}
