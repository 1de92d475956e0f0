/** What the engine knows of a model, and what a model's code may ask for. The SDK builds these from classes. */
import type { HistoryBounds } from "./history/entry.ts";
import type { ChildReport, ParentDeclaration, Rollups, TwinRef } from "./hierarchy/declaration.ts";
import type { Database, LookupTables, SharedScope } from "./lookups.ts";
import type { SimulationContext } from "./simulation/declaration.ts";

/** A value that JSON can hold. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json };

/** The type of a queryable field. A `time` is held as epoch milliseconds and shown as ISO 8601. */
export type FieldType = "number" | "string" | "boolean" | "time";

/** A field of the state that aggregates and queries see. */
export interface Field {
  readonly name: string;
  readonly type: FieldType;
}

/** What became of a message under the model's schema. */
export type MessageCheck =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly issue: string };

/** What a step may answer besides nothing: leave the stored state as it was, or remove the twin. */
export type ProcessingResult = "update" | "no-update" | "remove";

export type Severity = "info" | "warning" | "error";

/** An alert that a twin raises about itself. */
export interface Alert {
  readonly title: string;
  /** Default `warning`. */
  readonly severity?: Severity;
  /** Names the condition; the same key raised again is the same alert. Default: the title. */
  readonly key?: string;
  readonly detail?: string;
  /** Milliseconds that it must last before anybody is told: resolved earlier, it has never been. Default 0. */
  readonly holdMs?: number;
  /** Milliseconds after which channels are told again while it is open and nobody acknowledged it. Default: never. */
  readonly repeatMs?: number;
  /** What else a reader needs, 2,000 characters of JSON at most. */
  readonly data?: Json;
}

/** What a model's code may know and ask while it processes. */
export interface ProcessingContext {
  /** The twin's id. */
  readonly id: string;
  /** The model's name. */
  readonly model: string;
  /** The current time in epoch milliseconds: the service's clock, the mock's, or a simulation's. */
  readonly now: number;
  /** A number from 0 (included) to 1 (excluded); seeded, so a step repeated gives the same. */
  random(): number;
  /**
   * Sends a command to the twin's device: it comes with the answer to the request, or over the connection, whose
   * messages caused it. One that a timer or another twin caused, or a batch for many twins, reaches nobody yet.
   */
  sendToDataSource(command: Json): void;
  /** Sends a message to a twin, which is created when unknown. Durable in the same commit; takes effect exactly once. */
  sendToTwin(model: string, id: string, message: Json): void;
  /** The parent that this twin's fields name now, or null. */
  readonly parent: TwinRef | null;
  /** `sendToTwin` to the parent. Throws when there is none. */
  sendToParent(message: Json): void;
  /** The children by model and id, with what they reported last. Made when it is asked for: roll-ups cost less. */
  readonly children: readonly ChildReport[];
  /** Starts (or restarts) a timer by name: `onTimer` is called once after `delayMs`, or every `delayMs`. */
  startTimer(name: string, delayMs: number, options?: { readonly recurring?: boolean }): void;
  /** Stops a timer; unknown names are ignored. */
  stopTimer(name: string): void;
  /**
   * Raises an alert, or says what is new of one that this twin has open under the key. To raise the same at every
   * message is cheap and good style, and so is to resolve it at every message that is well. A twin that is removed
   * resolves its alerts.
   */
  alert(alert: Alert): void;
  /** Resolves this twin's alert of that key; one that is not open is ignored. */
  resolveAlert(key: string): void;
  /** Data that all twins of this model share, and data that the twins of all models share. See docs/shared-data.md. */
  readonly shared: { readonly model: SharedScope; readonly global: SharedScope };
  /** Tables of reference data, for models that wait. See docs/look-ups.md. */
  readonly tables: LookupTables;
  /** A PostgreSQL database that the deployment names, for models that wait. See docs/look-ups.md. */
  database(name: string): Database;
  /**
   * Sends a record to the archive: files by model and hour, in object storage or on disk. Durable in the same commit;
   * written once. Where the deployment has no archive it is dropped, and the log says so.
   */
  archive(record: Json): void;
  /** Writes to the model's log. */
  log(severity: Severity, text: string): void;
  /** Removes this twin when the step ends. */
  remove(): void;
  /** In a simulation, this context with what only a run has; null outside of one. See docs/simulation.md. */
  readonly simulation: SimulationContext | null;
}

/** A live twin: its own fields are the state. */
export interface Twin {
  processMessages(context: ProcessingContext, messages: unknown[]): unknown;
  onTimer?(context: ProcessingContext, timer: string): unknown;
  onReport?(context: ProcessingContext, reports: readonly ChildReport[]): unknown;
  simulate?(context: SimulationContext): unknown;
  initSimulation?(context: SimulationContext): unknown;
}

/** A model as the engine uses it. */
export interface ModelDefinition {
  readonly name: string;
  /** Fields that aggregates see, at most 64. */
  readonly fields: readonly Field[];
  /** Own fields of a twin that was just made, and their first values: what a state may consist of. */
  readonly defaults: Readonly<Record<string, unknown>>;
  /** Cells for a deployment that has none yet. */
  readonly cells: number;
  /** Milliseconds a cell waits for more messages to share a commit. */
  readonly commitWindowMs: number;
  /** Bytes of state per twin. */
  readonly stateBytesMax: number;
  /** What is kept of the changes of each twin; nothing where absent. */
  readonly history?: HistoryBounds | undefined;
  /** Whether a message that was processed goes into the archive; `twin` is as the message left it. */
  readonly archive?: ((message: unknown, twin: Twin) => boolean) | undefined;
  /** Whose children the twins are; null: nobody's. */
  readonly parent: ParentDeclaration | null;
  /** Fields that the engine keeps over the twins' children. */
  readonly rollups: Rollups;
  /** Whether the twins have `onReport`. */
  readonly hearsReports: boolean;
  /** Makes a twin with the class's own defaults. */
  blank(): Twin;
  /** What a new twin of this id starts with, over the defaults. */
  initial(id: string): Readonly<Record<string, unknown>> | undefined;
  /** Checks one message. */
  check(message: unknown): MessageCheck;
}
