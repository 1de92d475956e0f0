/** Where a book of alerts keeps them: SQLite in the service, memory in the mock environment. All of it is synchronous. */
import type { Alert, Silence } from "./alert.ts";

/** What the book must know of every resolved alert: enough to drop it in time. */
export interface ResolvedMark {
  readonly n: number;
  readonly model: string;
  readonly resolvedAtMs: number;
}

export interface AlertStore {
  /** Alerts that are not resolved, by number. Read once. */
  readOpen(): Iterable<Alert>;
  /** The resolved ones, by the time of their resolution. Read once. */
  readMarks(): Iterable<ResolvedMark>;
  /** One alert, open or resolved. */
  read(n: number): Alert | undefined;
  /** Resolved alerts with a number below `n`, the highest first. */
  readResolvedBelow(n: number): Iterable<Alert>;
  write(alert: Alert): void;
  remove(n: number): void;
  readSilences(): Iterable<Silence>;
  writeSilence(silence: Silence): void;
  removeSilence(id: string): void;
}

/** A store in memory. What it keeps is JSON text, as in a database: nobody else's object. */
export class MemoryAlertStore implements AlertStore {
  readonly #alerts = new Map<number, string>();
  readonly #silences = new Map<string, string>();

  *readOpen(): Iterable<Alert> {
    for (const alert of this.#all()) if (alert.resolved === null) yield alert;
  }

  readMarks(): Iterable<ResolvedMark> {
    const marks = this.#all().flatMap(({ n, model, resolved }) =>
      resolved === null ? [] : [{ n, model, resolvedAtMs: resolved.atMs }],
    );
    return marks.toSorted((a, b) => a.resolvedAtMs - b.resolvedAtMs || a.n - b.n);
  }

  read(n: number): Alert | undefined {
    const text = this.#alerts.get(n);
    return text === undefined ? undefined : (JSON.parse(text) as Alert);
  }

  *readResolvedBelow(n: number): Iterable<Alert> {
    for (const alert of this.#all().toReversed())
      if (alert.resolved !== null && alert.n < n) yield alert;
  }

  write(alert: Alert): void {
    this.#alerts.set(alert.n, JSON.stringify(alert));
  }

  remove(n: number): void {
    this.#alerts.delete(n);
  }

  *readSilences(): Iterable<Silence> {
    for (const text of this.#silences.values()) yield JSON.parse(text) as Silence;
  }

  writeSilence(silence: Silence): void {
    this.#silences.set(silence.id, JSON.stringify(silence));
  }

  removeSilence(id: string): void {
    this.#silences.delete(id);
  }

  /** The same, to go its own way. */
  copy(): MemoryAlertStore {
    const copy = new MemoryAlertStore();
    for (const [n, text] of this.#alerts) copy.#alerts.set(n, text);
    for (const [id, text] of this.#silences) copy.#silences.set(id, text);
    return copy;
  }

  /** By number. */
  #all(): Alert[] {
    return [...this.#alerts.values()]
      .map((text) => JSON.parse(text) as Alert)
      .toSorted((a, b) => a.n - b.n);
  }
}
