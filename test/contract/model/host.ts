/**
 * What a scenario of the model contract needs of its host: the mock environment, or the service in workerd. All of
 * it is asynchronous, for the service's sake. A scenario makes its ids with `fresh`: the service keeps its twins.
 */
import type { HistoryEntry, ChildReport, Json } from "livetwin";
import type { AlertView } from "livetwin/testing";

/** The answer to messages for one twin, as `POST …/twins/{id}/messages` gives it. */
export interface HostAnswer {
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: readonly {
    readonly index: number;
    readonly code: string;
    readonly detail: string;
  }[];
  readonly commands: readonly Json[];
}

export interface HostMessage {
  readonly id: string;
  readonly message: unknown;
  readonly messageId?: string;
  readonly seq?: number;
}

export interface HostLog {
  readonly atMs: number;
  readonly severity: string;
  readonly kind: string;
  readonly id: string;
  readonly text: string;
}

export interface HostCommand {
  readonly commandId: string;
  readonly body: Json;
}

export interface HostArchived {
  readonly model: string;
  readonly id: string;
  readonly at: string;
  readonly record: Json;
}

export type HostState = Readonly<Record<string, unknown>>;

export interface ModelHost {
  /** An id that nobody has used. */
  fresh(name: string): string;
  /** The current time in epoch milliseconds. It may go on by itself, by less than a scenario takes. */
  nowMs(): number;
  /** One message or a list for one twin; everything that follows from it has happened when this resolves. */
  send(model: string, id: string, message: unknown): Promise<HostAnswer>;
  /** `send` for a model that waits for look-ups. */
  sendAsync(model: string, id: string, message: unknown): Promise<HostAnswer>;
  /** The value of shared data, or null; the scope is a model's name, or `_global`. */
  shared(scope: string, key: string): Promise<unknown>;
  setShared(scope: string, key: string, value: Json): Promise<void>;
  /** Makes or replaces a look-up table. */
  setTable(
    name: string,
    table: {
      readonly key: string;
      readonly index?: readonly string[];
      readonly rows: readonly { readonly [column: string]: Json }[];
    },
  ): Promise<void>;
  /** Messages to many twins. */
  sendBatch(
    model: string,
    messages: readonly HostMessage[],
  ): Promise<Omit<HostAnswer, "commands" | "rejected"> & { rejected: readonly unknown[] }>;
  /** A twin's fields, dates as ISO 8601; undefined when there is none. */
  state(model: string, id: string): Promise<HostState | undefined>;
  /** A twin's children by model and id. */
  children(model: string, id: string): Promise<readonly ChildReport[]>;
  put(model: string, id: string, state: HostState): Promise<void>;
  remove(model: string, id: string): Promise<void>;
  /** The commands that wait for the device of a twin, oldest first. */
  pendingCommands(model: string, id: string): Promise<readonly HostCommand[]>;
  /** The device has these commands; answers how many of them were pending. */
  ackCommands(model: string, id: string, commandIds: readonly string[]): Promise<number>;
  /** Moves time on; what is due on the way happens in its order, each at its own time. */
  advance(byMs: number): Promise<void>;
  /** Every object forgets what only memory knew. */
  restart(): Promise<void>;
  /** A twin's history, newest first; the refusal's code where there is none. */
  history(
    model: string,
    id: string,
    query?: { readonly limit?: number; readonly before?: number; readonly field?: string },
  ): Promise<readonly HistoryEntry[] | string>;
  /** What of a twin has come to the archive, oldest first. The service writes it within an hour. */
  archived(model: string, id: string): Promise<readonly HostArchived[]>;
  /** A twin's alerts in these states, newest first. */
  alerts(
    model: string,
    id: string,
    states: readonly AlertView["state"][],
  ): Promise<readonly AlertView[]>;
  /** What an operator does to an alert. */
  handleAlert(act: "acknowledge" | "resolve", alertId: string, note: string): Promise<AlertView>;
  /** The model's log of a twin, newest first. */
  logs(model: string, id: string): Promise<readonly HostLog[]>;
  /** Rows of a query in SQL, everything before it included. */
  query(sql: string): Promise<readonly (readonly unknown[])[]>;
}
