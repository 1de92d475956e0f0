/** The alerts of a mock environment: the service's own book, in memory. Nobody is notified. */
import type { Alert } from "../../core/alerts/alert.ts";
import { parseAlertId } from "../../core/alerts/alert.ts";
import { MemoryAlertStore } from "../../core/alerts/alert-store.ts";
import { takeMessage } from "../../core/alerts/ask.ts";
import { AlertBook } from "../../core/alerts/book.ts";
import { listAlerts, viewIn } from "../../core/alerts/view.ts";
import type { AlertFilter, AlertView } from "../../core/alerts/view.ts";
import type { OutboxEntry } from "../../core/cell/outbox.ts";
import { refuse } from "../../core/refusal.ts";
import type { Result } from "../../core/refusal.ts";
import type { MockService } from "./mock-services.ts";

/** Which alerts somebody wants; all of it must hold. `states` is firing and pending unless given. */
export type MockAlertFilter = Partial<AlertFilter>;

/** Who handles an alert, and what they write. */
export interface MockHandled {
  readonly by?: string;
  readonly note?: string;
}

export class MockAlerts implements MockService {
  readonly #store: MemoryAlertStore;
  readonly #book: AlertBook;

  constructor(store = new MemoryAlertStore()) {
    this.#store = store;
    this.#book = new AlertBook(store);
  }

  take(entries: readonly OutboxEntry[], nowMs: number): void {
    for (const entry of entries) takeMessage(this.#book, entry, entry.message, nowMs);
    this.run(nowMs);
  }

  nextDueAtMs(): number {
    return this.#book.nextDueAtMs();
  }

  run(nowMs: number): void {
    this.#book.run(nowMs);
    this.#done();
  }

  copy(): MockAlerts {
    return new MockAlerts(this.#store.copy());
  }

  /** Newest first. */
  list(filter: MockAlertFilter): readonly AlertView[] {
    const wanted: AlertFilter = { states: ["firing", "pending"], ...filter };
    return listAlerts(this.#book, wanted, Number.POSITIVE_INFINITY).alerts;
  }

  /** Throws where the service refuses, with the refusal's code and text. */
  acknowledge(alertId: string, handled: MockHandled, nowMs: number): AlertView {
    return this.#handle(alertId, (n) => this.#book.acknowledge(n, handledAt(handled, nowMs)));
  }

  /** Throws as `acknowledge`. */
  resolve(alertId: string, handled: MockHandled, nowMs: number): AlertView {
    return this.#handle(alertId, (n) => this.#book.resolveByHand(n, handledAt(handled, nowMs)));
  }

  #handle(alertId: string, handle: (n: number) => Result<Alert>): AlertView {
    const n = parseAlertId(alertId);
    const result =
      n === undefined ? refuse("alert/unknown", `There is no alert "${alertId}".`) : handle(n);
    this.#done();
    if (!result.ok) throw new Error(`${result.refusal.code}: ${result.refusal.detail}`);
    return viewIn(this.#book, result.value);
  }

  #done(): void {
    this.#book.takeNotices();
    this.#book.flush();
  }
}

function handledAt(
  { by = "operator", note = "" }: MockHandled,
  atMs: number,
): {
  by: string;
  note: string;
  atMs: number;
} {
  return { by, note, atMs };
}
