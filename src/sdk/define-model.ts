import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { ParentDeclaration, Rollup, Rollups } from "../core/hierarchy/declaration.ts";
import { isModelName } from "../core/ids.ts";
import {
  CELLS_DEFAULT,
  CELLS_MAX,
  COMMIT_WINDOW_MS_MAX,
  FIELDS_MAX,
  STATE_BYTES_MAX,
  STATE_LIMIT_BYTES_MIN,
} from "../core/limits.ts";
import type { Field, FieldType, MessageCheck, ModelDefinition } from "../core/model.ts";
import { encodeState } from "../core/state-codec.ts";
import { checkedParent, checkedRollups, rollupType } from "./define-hierarchy.ts";
import type { DigitalTwin } from "./digital-twin.ts";
import { historyBounds } from "./history-option.ts";
import type { HistoryOptions } from "./history-option.ts";

/** Names of the state's fields: own properties that are no methods. */
export type StateFieldOf<T> = {
  [K in keyof T]: T[K] extends (...args: never[]) => unknown ? never : K;
}[keyof T] &
  string;

/** The message type of a twin class. */
export type MessageOf<T> = T extends DigitalTwin<infer Message> ? Message : never;

export interface ModelOptions<T extends DigitalTwin<never>> {
  /** 1 to 64 letters, digits, `_` and `-`, a letter first. It is part of URLs and of stored names: it stays. */
  readonly name: string;
  /** Checks each message; a Standard Schema of any library, synchronous. What it gives is what the twin gets. */
  readonly message: StandardSchemaV1<unknown, MessageOf<T>>;
  /** Fields that a twin of this id starts with, over the class's defaults. */
  readonly initial?: (id: string) => Partial<Pick<T, StateFieldOf<T>>> | undefined;
  /**
   * Fields that aggregates and queries see, with their types. Default: every field whose default value is a
   * number, string, boolean or Date. Name a field here whose default is null, or with false to leave it out.
   */
  readonly query?: { readonly [K in StateFieldOf<T>]?: FieldType | false };
  /**
   * Whose children the twins are: the parent's model, the field that holds the parent's id (null or an empty text: no
   * parent) or a function of the twin and its id that gives it, and the fields that are reported to it. See
   * docs/hierarchy.md.
   */
  readonly parent?: {
    readonly model: string;
    readonly id: StateFieldOf<T> | ((twin: T, id: string) => string | null | undefined);
    readonly report: readonly StateFieldOf<T>[];
  };
  /** Fields that the engine keeps over the twins' children; the model's code reads them. */
  readonly rollups?: { readonly [K in StateFieldOf<T>]?: Rollup };
  /** Cells for the first deployment, 1 to 1,024; fixed afterwards. Default 4; about twins / 16,384 is right. */
  readonly cells?: number;
  /** Milliseconds that a cell waits for more messages to share a commit: cheaper, and later. Default 0. */
  readonly commitWindowMs?: number;
  /** Bytes of state per twin. Default and maximum 512 KiB. */
  readonly stateBytesMax?: number;
  /** Keeps the recent changes of each twin, and what they came from: `GET …/history`. Default false. See docs/history.md. */
  readonly history?: boolean | HistoryOptions;
  /**
   * Whether a message that was processed goes into the archive as `{"kind":"message","message"}`. `twin` is as the step
   * left it. It must be pure; when it throws, the message is archived and the log has the failure. Default: none does.
   */
  readonly archive?: (message: MessageOf<T>, twin: T) => boolean;
}

/** A build takes the types away unchecked, so a misspelt option would otherwise turn nothing on, and say nothing. */
const OPTIONS: Readonly<Record<keyof ModelOptions<DigitalTwin<never>>, true>> = {
  name: true,
  message: true,
  initial: true,
  query: true,
  parent: true,
  rollups: true,
  cells: true,
  commitWindowMs: true,
  stateBytesMax: true,
  history: true,
  archive: true,
};

/**
 * Makes a model of a class. Throws a `TypeError` that names the option when one is wrong: a deployment with such
 * a model must not start.
 */
export function model<T extends DigitalTwin<never>>(
  twinClass: new () => T,
  options: ModelOptions<T>,
): ModelDefinition {
  const { name, message, initial } = options;
  if (typeof name !== "string" || !isModelName(name))
    throw new TypeError(
      `Model name ${JSON.stringify(name)}: a letter, then letters, digits, "_" and "-", 64 at most.`,
    );
  const unknown = Object.keys(options).find((key) => !Object.hasOwn(OPTIONS, key));
  if (unknown !== undefined)
    throw new TypeError(
      `Model ${name}: there is no option ${JSON.stringify(unknown)}. Options: ${Object.keys(OPTIONS).join(", ")}.`,
    );
  if (typeof message?.["~standard"]?.validate !== "function")
    throw new TypeError(
      `Model ${name}: message is no Standard Schema (https://standardschema.dev).`,
    );
  const twin = new twinClass();
  const defaults = defaultsOf(name, twin);
  const rollups = checkedRollups(name, defaults, options.rollups);
  return {
    name,
    defaults,
    fields: fieldsOf(name, defaults, options.query ?? {}, rollups),
    // The function gets twins of this class alone, so the wider parameter is safe.
    parent: checkedParent(name, defaults, options.parent as ParentDeclaration | undefined),
    rollups,
    hearsReports: typeof twin.onReport === "function",
    cells: bounded(name, "cells", options.cells ?? CELLS_DEFAULT, 1, CELLS_MAX),
    commitWindowMs: bounded(
      name,
      "commitWindowMs",
      options.commitWindowMs ?? 0,
      0,
      COMMIT_WINDOW_MS_MAX,
    ),
    stateBytesMax: bounded(
      name,
      "stateBytesMax",
      options.stateBytesMax ?? STATE_BYTES_MAX,
      STATE_LIMIT_BYTES_MIN,
      STATE_BYTES_MAX,
    ),
    history: historyBounds(name, options.history),
    // The engine hands the filter nothing but what the model's schema gave, and twins of its class.
    archive: filterOf(name, options.archive) as ModelDefinition["archive"],
    // The engine hands a twin nothing but what its own schema gave, so the wider parameter is safe.
    blank: () => new twinClass(),
    initial: (id) => initial?.(id),
    check: (input) => checkMessage(name, message, input),
  };
}

function filterOf<Filter>(model: string, filter: Filter): Filter {
  if (filter === undefined || typeof filter === "function") return filter;
  throw new TypeError(
    `Model ${model}: archive is ${String(filter)}; it must be a function of a message and its twin.`,
  );
}

const FIELD_TYPES: readonly FieldType[] = ["number", "string", "boolean", "time"];

function bounded(model: string, option: string, value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new TypeError(
    `Model ${model}: ${option} is ${value}; it must be an integer from ${min} to ${max}.`,
  );
}

/** What a twin starts with. It must be fit to be stored: a deployment finds that out before a message does. */
function defaultsOf(model: string, twin: object): Readonly<Record<string, unknown>> {
  if ("toJSON" in twin)
    throw new TypeError(
      `Model ${model}: a class with toJSON can't be stored; its own fields are the state.`,
    );
  const encoded = encodeState(twin);
  if (!encoded.ok) throw new TypeError(`Model ${model}: ${encoded.refusal.detail}`);
  return Object.freeze(Object.fromEntries(Object.entries(twin)));
}

function fieldsOf(
  model: string,
  defaults: Readonly<Record<string, unknown>>,
  chosen: Readonly<Record<string, FieldType | false | undefined>>,
  rollups: Rollups,
): readonly Field[] {
  for (const [field, type] of Object.entries(chosen)) {
    if (!Object.hasOwn(defaults, field))
      throw new TypeError(`Model ${model}: query names "${field}", which is no field.`);
    if (type !== undefined && type !== false && !FIELD_TYPES.includes(type))
      throw new TypeError(
        `Model ${model}: query gives "${field}" the type "${type}"; there are ${FIELD_TYPES.join(", ")}.`,
      );
  }
  const fields: Field[] = [];
  for (const [name, value] of Object.entries(defaults)) {
    const rollup = rollups[name];
    const type = chosen[name] ?? typeOf(value) ?? (rollup && rollupType(rollup));
    if (type !== undefined && type !== false) fields.push({ name, type });
  }
  if (Object.hasOwn(defaults, "id"))
    throw new TypeError(
      `Model ${model}: a field can't be named "id"; queries have the twin's id there.`,
    );
  if (fields.length > FIELDS_MAX)
    throw new TypeError(
      `Model ${model}: ${fields.length} queryable fields; the limit is ${FIELDS_MAX}.`,
    );
  return fields;
}

function typeOf(value: unknown): FieldType | undefined {
  if (value instanceof Date) return "time";
  const type = typeof value;
  return type === "number" || type === "string" || type === "boolean" ? type : undefined;
}

function checkMessage(model: string, schema: StandardSchemaV1, input: unknown): MessageCheck {
  const result = schema["~standard"].validate(input);
  if (result instanceof Promise)
    throw new TypeError(`Model ${model}: its message schema is asynchronous.`);
  if (result.issues === undefined) return { ok: true, value: result.value };
  return { ok: false, issue: result.issues.map(describeIssue).join("; ") };
}

function describeIssue({ message, path }: StandardSchemaV1.Issue): string {
  if (path === undefined || path.length === 0) return message;
  const keys = path.map((segment) => String(typeof segment === "object" ? segment.key : segment));
  return `${keys.join(".")}: ${message}`;
}
