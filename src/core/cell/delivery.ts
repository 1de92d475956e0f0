/** What a delivery of another cell's outbox asks of this one: messages for its twins, and reports of their children. */
import type { Cell } from "./cell.ts";
import type { ReportDelivery } from "./report-runner.ts";
import { Pending } from "./requests.ts";
import type { DeliveryRequest, InMessage, Settlement } from "./requests.ts";

/** What is new in a delivery. */
export interface Arrived {
  readonly messages: readonly InMessage[];
  readonly pending: Pending;
  /** Undefined when there are none. */
  readonly reports: ReportDelivery | undefined;
}

/** Leaves out what is here already, by the numbers. */
export function arrivedOf(cell: Cell, request: DeliveryRequest): Arrived {
  const { sender, entries } = request;
  const last = cell.received.get(sender) ?? 0;
  const upTo = Math.max(last, entries.at(-1)?.[0] ?? 0);
  const fresh = entries.filter(([n]) => n > last);
  const reports = fresh.filter(([, , , lane]) => lane === "parent");
  const others = reports.length === 0 ? fresh : fresh.filter(([, , , lane]) => lane !== "parent");
  // The marks matter when a delivery is interrupted between two commits; afterwards the number is enough.
  const messages = others.map(([n, id, message]) => ({
    id,
    message,
    messageId: `${sender}/${n}`,
  }));
  cell.counts.delivered += messages.length;
  const settled = ({ rejected }: Settlement): void => {
    for (const [index, { code, detail }] of rejected) {
      const text = `A message from ${sender} was not taken: ${code}: ${detail}`;
      cell.log.add(cell.nowMs, "error", "failure", messages[index]!.id, text);
    }
    request.settle(upTo);
  };
  // All reports together are one thing to be done.
  const open = messages.length + (reports.length > 0 ? 1 : 0);
  const pending = new Pending(open, false, settled, () => cell.noteReceived(sender, upTo));
  // A sender is `model:cell/incarnation`; in the mock environment, a model.
  const model = /^[^:/]*/.exec(sender)![0];
  pending.from = { model, ids: others.map(([, , , , from]) => from) };
  return {
    messages,
    pending,
    reports: reports.length > 0 ? { sender, reports, pending } : undefined,
  };
}
