/** Hands out messages when they are due: in their own time, faster by a factor. */
import type { TimedMessage } from "./outgoing.ts";

export class Pacer {
  readonly #source: Iterator<TimedMessage>;
  readonly #speed: number;
  #next: TimedMessage | undefined;
  /** The message time `#anchorAtMs` is due at `#anchorMs` of the clock. */
  #anchorMs: number;
  #anchorAtMs: number;

  /** The first message of `source`, which is in order of time, is due at `nowMs`. */
  constructor(source: Iterable<TimedMessage>, speed: number, nowMs: number) {
    this.#source = source[Symbol.iterator]();
    this.#speed = speed;
    this.#next = this.#read();
    this.#anchorMs = nowMs;
    this.#anchorAtMs = this.#next?.atMs ?? 0;
  }

  /** When the next message is due; undefined when there is none. */
  get dueMs(): number | undefined {
    if (this.#next === undefined) return undefined;
    return this.#anchorMs + (this.#next.atMs - this.#anchorAtMs) / this.#speed;
  }

  /** The messages that are due at `nowMs`, `count` at most. */
  take(nowMs: number, count: number): readonly TimedMessage[] {
    const taken: TimedMessage[] = [];
    while (taken.length < count && (this.dueMs ?? Number.POSITIVE_INFINITY) <= nowMs) {
      taken.push(this.#next!);
      this.#next = this.#read();
    }
    return taken;
  }

  /** The next messages, `count` at most, due or not. The one after them is due at `nowMs`. */
  takeAhead(nowMs: number, count: number): readonly TimedMessage[] {
    const taken: TimedMessage[] = [];
    while (taken.length < count && this.#next !== undefined) {
      taken.push(this.#next);
      this.#next = this.#read();
    }
    this.#setDue(nowMs);
    return taken;
  }

  /** Lets time stand still for what is late by more than `lagMsMax`: it is not made up for by haste. */
  limitLag(nowMs: number, lagMsMax: number): void {
    if ((this.dueMs ?? nowMs) < nowMs - lagMsMax) this.#setDue(nowMs - lagMsMax);
  }

  #setDue(ms: number): void {
    this.#anchorMs = ms;
    this.#anchorAtMs = this.#next?.atMs ?? 0;
  }

  #read(): TimedMessage | undefined {
    const { done, value } = this.#source.next();
    return done === true ? undefined : value;
  }
}
