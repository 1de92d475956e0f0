/** The alerts that are not resolved, in memory: by number, by condition, by source, and counted by model. */
import { identityOf, rankOf, SEVERITIES, TOO_MANY_KEY } from "./alert.ts";
import type { Alert, AlertSource } from "./alert.ts";

export class OpenAlerts {
  /** The book's own alerts about models with too many; they take nobody's place and are not counted. */
  readonly overflows = new Map<string, Alert>();
  /** In the order of numbers: new ones come last, changed ones stay where they are. */
  readonly #byNumber = new Map<number, Alert>();
  readonly #numbers = new Map<string, number>();
  readonly #bySource = new Map<string, Set<number>>();
  /** Counts by severity; of all under the empty name. */
  readonly #counts = new Map<string, number[]>();

  constructor(alerts: Iterable<Alert>) {
    for (const alert of alerts) this.put(alert);
  }

  get(n: number): Alert | undefined {
    return this.#byNumber.get(n);
  }

  find(identity: string): Alert | undefined {
    const n = this.#numbers.get(identity);
    return n === undefined ? undefined : this.#byNumber.get(n);
  }

  /** By number. May be walked while alerts are put and removed: those that were there at the start are given. */
  all(): readonly Alert[] {
    return [...this.#byNumber.values()];
  }

  of(source: AlertSource): readonly Alert[] {
    return [...(this.#bySource.get(identityOf(source, "")) ?? [])].map((n) =>
      this.#byNumber.get(n)!,
    );
  }

  /** How many there are, of one model or in all. */
  count(model = ""): number {
    return (this.#counts.get(model) ?? []).reduce((sum, n) => sum + n, 0);
  }

  /** The oldest of the lowest severity, of one model or of all. */
  leastSevere(model?: string): Alert | undefined {
    const counts = this.#counts.get(model ?? "") ?? [];
    const severity = SEVERITIES[counts.findIndex((n) => n > 0)];
    for (const alert of this.#byNumber.values()) {
      if (
        alert.severity === severity &&
        (model ?? alert.model) === alert.model &&
        !isOverflow(alert)
      )
        return alert;
    }
    return undefined;
  }

  put(alert: Alert): void {
    const before = this.#byNumber.get(alert.n);
    if (before === undefined) this.#index(alert);
    else this.#tally(before, -1);
    this.#byNumber.set(alert.n, alert);
    this.#tally(alert, 1);
  }

  remove(alert: Alert): void {
    const before = this.#byNumber.get(alert.n);
    if (before === undefined) return;
    this.#tally(before, -1);
    this.#byNumber.delete(alert.n);
    this.#numbers.delete(identityOf(alert, alert.key));
    if (isOverflow(alert)) this.overflows.delete(alert.model);
    const source = identityOf(alert, "");
    const numbers = this.#bySource.get(source);
    numbers?.delete(alert.n);
    if (numbers?.size === 0) this.#bySource.delete(source);
  }

  #index(alert: Alert): void {
    this.#numbers.set(identityOf(alert, alert.key), alert.n);
    const source = identityOf(alert, "");
    const numbers = this.#bySource.get(source);
    if (numbers === undefined) this.#bySource.set(source, new Set([alert.n]));
    else numbers.add(alert.n);
  }

  #tally(alert: Alert, by: 1 | -1): void {
    if (isOverflow(alert)) {
      this.overflows.set(alert.model, alert);
      return;
    }
    for (const scope of [alert.model, ""]) {
      let counts = this.#counts.get(scope);
      if (counts === undefined) this.#counts.set(scope, (counts = [0, 0, 0]));
      counts[rankOf(alert.severity)]! += by;
    }
  }
}

function isOverflow({ id, rule, key }: Alert): boolean {
  return id === "" && rule === null && key === TOO_MANY_KEY;
}
