/** What the engine knows of a model, and what a model's code may ask for. The SDK builds these from classes. */

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
  /** Starts (or restarts) a timer by name: `onTimer` is called once after `delayMs`, or every `delayMs`. */
  startTimer(name: string, delayMs: number, options?: { readonly recurring?: boolean }): void;
  /** Stops a timer; unknown names are ignored. */
  stopTimer(name: string): void;
  /** Raises an alert. */
  alert(alert: Alert): void;
  /** Writes to the model's log. */
  log(severity: Severity, text: string): void;
  /** Removes this twin when the step ends. */
  remove(): void;
}

/** A live twin: its own fields are the state. */
export interface Twin {
  processMessages(context: ProcessingContext, messages: unknown[]): unknown;
  onTimer?(context: ProcessingContext, timer: string): unknown;
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
  /** Makes a twin with the class's own defaults. */
  blank(): Twin;
  /** What a new twin of this id starts with, over the defaults. */
  initial(id: string): Readonly<Record<string, unknown>> | undefined;
  /** Checks one message. */
  check(message: unknown): MessageCheck;
}
