/**
 * One step of one twin: its messages (or a timer) in, its changed fields and its effects out. Pure: the same
 * state, input, time and seed give the same step, in the service, in the mock environment and in a simulation.
 * The step carries nothing out; what the model asks for is recorded, and the host commits it with the state.
 */
import { hash32, isTwinId } from "./ids.ts";
import {
  MESSAGE_CHARS_MAX,
  STEP_COMMANDS_MAX,
  STEP_SENDS_MAX,
  TIMER_DELAY_MS_MAX,
  TIMER_NAME_LENGTH_MAX,
} from "./limits.ts";
import type {
  Alert,
  Json,
  ModelDefinition,
  ProcessingContext,
  ProcessingResult,
  Severity,
  Twin,
} from "./model.ts";
import { seededRandom } from "./random.ts";

/** What a twin is stepped with. */
export type StepInput =
  | { readonly kind: "messages"; readonly messages: unknown[] }
  | { readonly kind: "timer"; readonly name: string };

/** A message to another twin. */
export interface Send {
  readonly model: string;
  readonly id: string;
  readonly message: Json;
}

export type TimerChange =
  | {
      readonly kind: "start";
      readonly name: string;
      readonly delayMs: number;
      readonly recurring: boolean;
    }
  | { readonly kind: "stop"; readonly name: string };

/** What a step asks of its host, in order of asking. Lists that nothing was put into are undefined. */
export interface StepEffects {
  commands?: Json[];
  sends?: Send[];
  timers?: TimerChange[];
  alerts?: Alert[];
  logs?: { readonly severity: Severity; readonly text: string }[];
  removed?: boolean;
}

/** What the engine is to know beside the model: which models a twin may send to. */
export interface StepWorld {
  readonly models: ReadonlyMap<string, ModelDefinition>;
}

/** How a step ended. */
export type StepOutcome =
  | { readonly ok: true; readonly result: ProcessingResult; readonly effects: StepEffects }
  | { readonly ok: false; readonly error: unknown };

const NO_EFFECTS: StepEffects = Object.freeze({});
/** The outcome of nearly every step, and of one that leaves all as it was. */
const UPDATED: StepOutcome = Object.freeze({ ok: true, result: "update", effects: NO_EFFECTS });
export const UNCHANGED = Object.freeze({
  ok: true,
  result: "no-update",
  effects: NO_EFFECTS,
} as const);

/** Runs a step on `twin`, which is changed in place; a failed step leaves it in no defined state. */
export function runStep(
  twin: Twin,
  input: StepInput,
  context: StepContext,
): StepOutcome | Promise<StepOutcome> {
  try {
    const answer =
      input.kind === "messages"
        ? twin.processMessages(context, input.messages)
        : twin.onTimer?.(context, input.name);
    if (isThenable(answer)) return settleLater(answer, context);
    context.close();
    return outcomeOf(answer, context);
  } catch (error) {
    context.close();
    return { ok: false, error };
  }
}

async function settleLater(
  answer: PromiseLike<unknown>,
  context: StepContext,
): Promise<StepOutcome> {
  try {
    return outcomeOf(await answer, context);
  } catch (error) {
    return { ok: false, error };
  } finally {
    context.close();
  }
}

function outcomeOf(answer: unknown, { effects }: StepContext): StepOutcome {
  if (effects?.removed === true || answer === "remove") {
    return { ok: true, result: "remove", effects: effects ?? NO_EFFECTS };
  }
  const isUpdate = answer !== "no-update";
  if (effects === undefined) return isUpdate ? UPDATED : UNCHANGED;
  return { ok: true, result: isUpdate ? "update" : "no-update", effects };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as { then?: unknown }).then === "function"
  );
}

/** What a model's code has in its hands during one step. `version` makes each step draw other random numbers. */
export class StepContext implements ProcessingContext {
  readonly id: string;
  readonly now: number;
  /** What was asked for; undefined while nothing was. */
  effects: StepEffects | undefined;
  readonly #model: ModelDefinition;
  readonly #version: number;
  readonly #world: StepWorld;
  #random: (() => number) | undefined;
  #closed = false;

  constructor(
    model: ModelDefinition,
    id: string,
    version: number,
    nowMs: number,
    world: StepWorld,
  ) {
    this.id = id;
    this.now = nowMs;
    this.#model = model;
    this.#version = version;
    this.#world = world;
  }

  get model(): string {
    return this.#model.name;
  }

  random(): number {
    this.#random ??= seededRandom(hash32(`${this.id}/${this.#version}/${this.now}`));
    return this.#random();
  }

  sendToDataSource(command: Json): void {
    const commands = (this.#open().commands ??= []);
    if (commands.length >= STEP_COMMANDS_MAX)
      throw new RangeError(`A step may send ${STEP_COMMANDS_MAX} commands.`);
    commands.push(frozenCopy(command, "sendToDataSource"));
  }

  sendToTwin(model: string, id: string, message: Json): void {
    const sends = (this.#open().sends ??= []);
    if (sends.length >= STEP_SENDS_MAX)
      throw new RangeError(`A step may send ${STEP_SENDS_MAX} messages to twins.`);
    const { models } = this.#world;
    if (!models.has(model)) {
      throw new RangeError(
        `sendToTwin: there is no model "${model}". Models: ${[...models.keys()].join(", ")}.`,
      );
    }
    // A model in plain JavaScript may pass anything, and a number is no id.
    if (typeof id !== "string" || !isTwinId(id))
      throw new RangeError(`sendToTwin: ${JSON.stringify(id)} is no twin id.`);
    sends.push({ model, id, message: frozenCopy(message, "sendToTwin") });
  }

  startTimer(name: string, delayMs: number, options?: { readonly recurring?: boolean }): void {
    if (typeof name !== "string" || name === "")
      throw new TypeError("startTimer: a timer needs a name.");
    if (name.length > TIMER_NAME_LENGTH_MAX) {
      throw new RangeError(
        `startTimer: a name of ${name.length} characters; the limit is ${TIMER_NAME_LENGTH_MAX}.`,
      );
    }
    if (!(delayMs >= 1 && delayMs <= TIMER_DELAY_MS_MAX)) {
      throw new RangeError(
        `startTimer "${name}": the delay is ${delayMs} ms; it must be from 1 to ${TIMER_DELAY_MS_MAX}.`,
      );
    }
    (this.#open().timers ??= []).push({
      kind: "start",
      name,
      // Alarms come on whole milliseconds.
      delayMs: Math.ceil(delayMs),
      recurring: options?.recurring === true,
    });
  }

  stopTimer(name: string): void {
    (this.#open().timers ??= []).push({ kind: "stop", name });
  }

  alert(alert: Alert): void {
    if (typeof alert?.title !== "string") throw new TypeError("alert: an alert needs a title.");
    if (alert.detail !== undefined) requireText(alert.detail, "alert: the detail");
    (this.#open().alerts ??= []).push({ ...alert });
  }

  log(severity: Severity, text: string): void {
    requireText(text, "log: the text");
    (this.#open().logs ??= []).push({ severity, text });
  }

  remove(): void {
    this.#open().removed = true;
  }

  /** After the step has ended, a context that was kept says that it does nothing any more. */
  close(): void {
    this.#closed = true;
  }

  #open(): StepEffects {
    if (this.#closed)
      throw new Error("This context's step has ended; what it is asked for now would be lost.");
    return (this.effects ??= {});
  }
}

/** A model in plain JavaScript may pass anything; what is no text would fail later, outside of the step. */
function requireText(value: unknown, what: string): void {
  if (typeof value !== "string") throw new TypeError(`${what} is a string, not ${typeof value}.`);
}

/** Effects leave as JSON later; a copy now keeps what the model changes afterwards out of them. */
function frozenCopy(value: Json, method: string): Json {
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) throw new TypeError(`${method}: ${typeof value} is no JSON value.`);
  if (text.length > MESSAGE_CHARS_MAX) {
    throw new RangeError(
      `${method}: ${text.length} characters of JSON; the limit is ${MESSAGE_CHARS_MAX}.`,
    );
  }
  return JSON.parse(text) as Json;
}
