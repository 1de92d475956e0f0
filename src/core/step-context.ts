/** What a model's code has in its hands during one step: it records what is asked for, and checks it. */
import type { ChildReport, TwinRef } from "./hierarchy/declaration.ts";
import { keyOf, checkKey, raiseOf } from "./alerts/ask.ts";
import type { AlertAsk } from "./alerts/ask.ts";
import { hash32, isTwinId } from "./ids.ts";
import {
  MESSAGE_CHARS_MAX,
  STEP_ALERTS_MAX,
  STEP_ARCHIVED_MAX,
  STEP_COMMANDS_MAX,
  STEP_SENDS_MAX,
  TIMER_DELAY_MS_MAX,
  TIMER_NAME_LENGTH_MAX,
} from "./limits.ts";
import type { Database, LookupTables, SharedScope } from "./lookups.ts";
import type { Alert, Json, ModelDefinition, ProcessingContext, Severity } from "./model.ts";
import { seededRandom } from "./random.ts";
import type { SimulationContext } from "./simulation/declaration.ts";
import type { Send, StepEffects, StepWorld } from "./step.ts";
import { StepLookups } from "./step-lookups.ts";
import type { StepOrigin } from "./step-lookups.ts";

/** The twin's relatives, for a model that has some. */
export interface StepKin {
  readonly parent: TwinRef | null;
  readonly children: readonly ChildReport[];
}

const NO_CHILDREN: readonly ChildReport[] = Object.freeze([]);

/** What a model's code has in its hands during one step. `version` makes each step draw other random numbers. */
export class StepContext implements ProcessingContext {
  readonly id: string;
  readonly now: number;
  /** What was asked for; undefined while nothing was. */
  effects: StepEffects | undefined;
  readonly #model: ModelDefinition;
  readonly #version: number;
  readonly #world: StepWorld;
  readonly #kin: StepKin | undefined;
  /** What the step is for, where it matters. */
  origin: StepOrigin | undefined;
  #lookups: StepLookups | undefined;
  #random: (() => number) | undefined;
  #closed = false;

  constructor(
    model: ModelDefinition,
    id: string,
    version: number,
    nowMs: number,
    world: StepWorld,
    kin?: StepKin,
  ) {
    this.id = id;
    this.now = nowMs;
    this.#model = model;
    this.#version = version;
    this.#world = world;
    this.#kin = kin;
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
    this.addSend("sendToTwin", model, id, message);
  }

  /** Checks and records what goes to a twin; `method` is what the model called. */
  protected addSend(
    method: string,
    model: string,
    id: string,
    message: Json,
    as?: NonNullable<Send["as"]>,
  ): void {
    const sends = (this.#open().sends ??= []);
    if (sends.length >= STEP_SENDS_MAX)
      throw new RangeError(`A step may send ${STEP_SENDS_MAX} messages to twins.`);
    const { models } = this.#world;
    if (!models.has(model)) {
      throw new RangeError(
        `${method}: there is no model "${model}". Models: ${[...models.keys()].join(", ")}.`,
      );
    }
    // A model in plain JavaScript may pass anything, and a number is no id.
    if (typeof id !== "string" || !isTwinId(id))
      throw new RangeError(`${method}: ${JSON.stringify(id)} is no twin id.`);
    const copy = frozenCopy(message, method);
    sends.push(as === undefined ? { model, id, message: copy } : { model, id, message: copy, as });
  }

  get parent(): TwinRef | null {
    return this.#kin?.parent ?? null;
  }

  get children(): readonly ChildReport[] {
    return this.#kin?.children ?? NO_CHILDREN;
  }

  sendToParent(message: Json): void {
    const { parent } = this;
    if (parent === null)
      throw new RangeError(
        `sendToParent: twin "${this.id}" of model ${this.model} has no parent: what its model gives as the parent's id is empty, or no twin id.`,
      );
    this.sendToTwin(parent.model, parent.id, message);
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
    this.#askAlerts({ do: "raise", raise: raiseOf(alert) });
  }

  resolveAlert(key: string): void {
    checkKey(key);
    this.#askAlerts({ do: "resolve", key });
  }

  archive(record: Json): void {
    const archived = (this.#open().archived ??= []);
    if (archived.length >= STEP_ARCHIVED_MAX)
      throw new RangeError(`A step may archive ${STEP_ARCHIVED_MAX} records.`);
    archived.push(jsonOf(record, "archive"));
  }

  log(severity: Severity, text: string): void {
    requireText(text, "log: the text");
    (this.#open().logs ??= []).push({ severity, text });
  }

  remove(): void {
    this.#open().removed = true;
  }

  get simulation(): SimulationContext | null {
    return null;
  }

  get shared(): { readonly model: SharedScope; readonly global: SharedScope } {
    return this.lookups.shared;
  }

  get tables(): LookupTables {
    return this.lookups.tables;
  }

  database(name: string): Database {
    return this.lookups.database(name);
  }

  /** What the step looks up; made when it first does. */
  get lookups(): StepLookups {
    this.#lookups ??= new StepLookups({
      model: this.model,
      id: this.id,
      lookups: this.#world.lookups,
      origin: this.origin,
      effects: () => this.#open(),
    });
    if (this.#closed) this.#lookups.close();
    return this.#lookups;
  }

  /** The host's clock and bells, where there are some: they limit how long the step may take. */
  get hostLookups(): StepWorld["lookups"] {
    return this.#world.lookups;
  }

  /** Whether a look-up of the step took too long. */
  get timedOut(): boolean {
    return this.#lookups?.timedOut ?? false;
  }

  /** After the step has ended, a context that was kept says that it does nothing any more. */
  close(): void {
    this.#closed = true;
    this.#lookups?.close();
  }

  #askAlerts(ask: AlertAsk): void {
    const alerts = (this.#open().alerts ??= []);
    // A batch of messages may say the same of one condition again and again: the last is what counts.
    const about = alerts.findLastIndex((other) => keyOf(other) === keyOf(ask));
    if (alerts[about]?.do === ask.do) {
      alerts[about] = ask;
      return;
    }
    if (alerts.length >= STEP_ALERTS_MAX)
      throw new RangeError(`A step may raise and resolve ${STEP_ALERTS_MAX} alerts.`);
    alerts.push(ask);
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
  return JSON.parse(jsonOf(value, method)) as Json;
}

function jsonOf(value: Json, method: string): string {
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) throw new TypeError(`${method}: ${typeof value} is no JSON value.`);
  if (text.length > MESSAGE_CHARS_MAX) {
    throw new RangeError(
      `${method}: ${text.length} characters of JSON; the limit is ${MESSAGE_CHARS_MAX}.`,
    );
  }
  return text;
}
