/**
 * One round in one partition: calls the code of the instances whose turn it is, and gathers what came of it. No
 * instance sees what another does in the same round, so the order in which they are visited says nothing (SIM9).
 */
import { SIMULATION_CHAIN_SHOWN, SIMULATION_DEPTH_MAX, STEP_MESSAGES_MAX } from "../limits.ts";
import type { TwinRef } from "../hierarchy/declaration.ts";
import type { ModelDefinition } from "../model.ts";
import { runStep } from "../step.ts";
import type { StepInput } from "../step.ts";
import type { Instance, RunModel } from "./instance.ts";
import { dueAfter } from "./plan.ts";
import { firstOf } from "./round.ts";
import type { Envelope, RunFailure, RunRecord } from "./round.ts";
import { RunContext } from "./run-context.ts";
import type { RunWorld } from "./run-context.ts";
import { applyStep, describe } from "./step-effects.ts";

/** What the partition does for its rounds. */
export interface RoundHome {
  readonly world: RunWorld;
  find(model: string, id: string): Instance | undefined;
  /** Throws what the model's own code throws. */
  create(model: RunModel, id: string, fields: Readonly<Record<string, unknown>>): Instance;
  remove(instance: Instance): void;
  /** Has the instance looked at when that time comes. */
  enqueue(instance: Instance, atMs: number): void;
  wake(instance: Instance, via: readonly string[] | undefined): void;
  send(envelope: Envelope): void;
}

type Via = readonly string[] | undefined;

export class RoundWork {
  readonly home: RoundHome;
  readonly atMs: number;
  readonly depth: number;
  readonly records: RunRecord[] = [];
  steps = 0;
  messages = 0;
  telemetry = 0;
  dropped = 0;
  stoppedBy: TwinRef | null = null;
  failure: RunFailure | null = null;
  /** The place of the next envelope among those of the instance that is visited. */
  n = 0;

  constructor(home: RoundHome, atMs: number, depth: number) {
    this.home = home;
    this.atMs = atMs;
    this.depth = depth;
  }

  /** Gives an instance, which may not exist yet, what has reached it; then its turn if it has one. */
  deliver(envelopes: readonly Envelope[]): void {
    this.n = 0;
    const { model, id } = envelopes[0]!;
    const kind = this.home.world.modelOf(model)!;
    for (let at = 0; at < envelopes.length;) {
      const first = envelopes[at]!;
      if (first.kind === "create") this.#create(kind, first);
      else if (first.kind === "delete") this.#delete(first);
      else {
        const end = endOfMessages(envelopes, at);
        this.#process(kind, id, envelopes.slice(at, end));
        at = end;
        continue;
      }
      at++;
    }
    const instance = this.home.find(model, id);
    if (instance !== undefined) this.#takePart(instance, envelopes[0]!.via);
  }

  /** Gives an instance its turn: what it was woken for, or what is due in round 0. */
  visit(instance: Instance, via: Via): void {
    if (instance.isGone) return;
    this.n = 0;
    this.#takePart(instance, via);
  }

  #takePart(instance: Instance, via: Via): void {
    const { atMs, depth } = this;
    if (!instance.isStarted) this.#start(instance, via);
    if (depth === 0 && instance.timers !== undefined) this.#fireTimers(instance, via);
    const isDue = depth === 0 && instance.wakeAtMs === atMs;
    if (instance.isGone || !(isDue || instance.wokenFor === depth)) return;
    instance.wakeAtMs = null;
    instance.wokenFor = null;
    this.#step(instance, { kind: "simulate" }, via);
  }

  #start(instance: Instance, via: Via): void {
    instance.isStarted = true;
    this.#step(instance, { kind: "init-simulation" }, via);
  }

  #fireTimers(instance: Instance, via: Via): void {
    const { atMs } = this;
    const { intervalMs } = this.home.world.plan;
    const due = [...instance.timers!].filter(([, { dueAtMs }]) => dueAtMs === atMs);
    for (const [name, timer] of due) {
      // One that fired just before may have stopped or restarted it, or removed its instance.
      if (instance.isGone || instance.timers?.get(name) !== timer) continue;
      if (timer.everyMs === null) instance.timers.delete(name);
      else {
        timer.dueAtMs = dueAfter(atMs, timer.everyMs, intervalMs);
        this.home.enqueue(instance, timer.dueAtMs);
      }
      this.#step(instance, { kind: "timer", name }, via);
    }
  }

  #create(model: RunModel, { id, body, via }: Envelope): void {
    if (this.home.find(model.definition.name, id) !== undefined) {
      this.drop(model.definition, id, "createInstance: it exists, and stays as it is");
      return;
    }
    const instance = this.#make(model, id, body as Readonly<Record<string, unknown>>);
    if (instance === undefined || !model.isSimulated) return;
    const { atMs, home } = this;
    instance.wakeAtMs = dueAfter(atMs, 0, home.world.plan.intervalMs);
    home.enqueue(instance, instance.wakeAtMs);
    if (model.hasInit) this.#start(instance, via);
  }

  #delete({ model, id }: Envelope): void {
    const instance = this.home.find(model, id);
    if (instance !== undefined) this.home.remove(instance);
  }

  #process(model: RunModel, id: string, envelopes: readonly Envelope[]): void {
    const { definition, isSimulated } = model;
    let instance = this.home.find(definition.name, id);
    if (instance === undefined && isSimulated) {
      for (const { kind } of envelopes)
        this.drop(definition, id, `a ${kind} for an instance that is not in the run`);
      return;
    }
    const messages: unknown[] = [];
    for (const { body } of envelopes) {
      const value = this.#checked(definition, id, body);
      if (value !== undefined) messages.push(value.message);
    }
    if (messages.length === 0) return;
    instance ??= this.#make(model, id, {});
    if (instance === undefined) return;
    for (const { kind, fromModel } of envelopes)
      if (kind === "telemetry") instance.source = fromModel;
    // Someone must start before it hears of anything.
    if (!instance.isStarted) this.#start(instance, envelopes[0]!.via);
    if (!instance.isGone) this.#step(instance, { kind: "messages", messages }, envelopes[0]!.via);
  }

  /** A message as the model's schema gives it; undefined when it is not for the model. */
  #checked(
    definition: ModelDefinition,
    id: string,
    body: unknown,
  ): { message: unknown } | undefined {
    try {
      const check = definition.check(body);
      if (check.ok) return { message: check.value };
      this.drop(definition, id, `a message that does not fit the model: ${check.issue}`);
    } catch (error) {
      this.fail(definition, id, `its message schema failed: ${describe(error)}`);
    }
    return undefined;
  }

  #make(
    model: RunModel,
    id: string,
    fields: Readonly<Record<string, unknown>>,
  ): Instance | undefined {
    try {
      return this.home.create(model, id, fields);
    } catch (error) {
      this.fail(model.definition, id, `it can't be made: ${describe(error)}`);
      return undefined;
    }
  }

  #step(instance: Instance, input: StepInput, via: Via): void {
    this.steps++;
    const mayWake = input.kind === "messages" || input.kind === "timer";
    const context = new RunContext(this.home.world, instance, this.atMs, mayWake);
    const outcome = runStep(instance.twin, input, context);
    instance.steps++;
    applyStep(this, instance, input, outcome, context, this.#chain(instance, via));
  }

  /** Who is named should it go too deep: only what is nearly too deep pays for it. */
  #chain({ model, id }: Instance, via: Via): Via {
    if (this.depth <= SIMULATION_DEPTH_MAX - SIMULATION_CHAIN_SHOWN) return undefined;
    return [...(via ?? []), `${model.definition.name}/${id}`];
  }

  /** Notes something that was for an instance and did not reach it. */
  drop({ name }: ModelDefinition, id: string, text: string): void {
    this.dropped++;
    this.record({ kind: "dropped", atMs: this.atMs, model: name, id, text });
  }

  record(record: RunRecord): void {
    this.messages++;
    this.records.push(record);
  }

  /** Of several failures in a round the first by name counts, so that it is the same however they are spread. */
  fail({ name }: ModelDefinition, id: string, text: string): void {
    this.failure = firstOf(this.failure, { model: name, id, text });
  }
}

function endOfMessages(envelopes: readonly Envelope[], start: number): number {
  const stop = Math.min(envelopes.length, start + STEP_MESSAGES_MAX);
  for (let at = start; at < stop; at++) {
    const { kind } = envelopes[at]!;
    if (kind === "create" || kind === "delete") return at;
  }
  return stop;
}
