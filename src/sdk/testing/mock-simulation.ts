/** A simulation in the mock environment: the engine's own run in memory, as fast as it goes. No real time passes in it. */
import { modelsByName } from "../../core/hierarchy/check.ts";
import type { TwinRef } from "../../core/hierarchy/declaration.ts";
import type { AlertAsk } from "../../core/alerts/ask.ts";
import type { Json, ModelDefinition, Severity } from "../../core/model.ts";
import type { QueryResult } from "../../core/query/plan.ts";
import type { Result } from "../../core/refusal.ts";
import type { EndReason, RunCounts } from "../../core/simulation/course.ts";
import type { Instance } from "../../core/simulation/instance.ts";
import { planOf } from "../../core/simulation/plan.ts";
import type { RunInstance, RunModels } from "../../core/simulation/plan.ts";
import type { RunRecord } from "../../core/simulation/round.ts";
import { columnsOf } from "../../core/simulation/run-columns.ts";
import { resumeRun, startRun } from "../../core/simulation/run.ts";
import type { SimulationRun } from "../../core/simulation/run.ts";
import type { Branch } from "../../core/simulation/snapshot.ts";
import { jsonCopy } from "./mock-cells.ts";
import { queryColumns, specOf } from "./mock-query.ts";
import type { MockQuery } from "./mock-query.ts";

export interface MockSimulationOptions {
  /** Default: those of the environment. */
  readonly models?: readonly ModelDefinition[];
  /** Epoch milliseconds. Default: the environment's time. */
  readonly start?: number;
  /** Epoch milliseconds; an event then or later does not run. Default: the run goes on while there is work. */
  readonly end?: number;
  /** Default 1,000. */
  readonly intervalMs?: number;
  /** An integer; the same seed gives the same run. Default 0. */
  readonly seed?: number;
  readonly instances: Iterable<RunInstance>;
  /** What models read as `context.simulation.parameters`. */
  readonly parameters?: Readonly<Record<string, Json>>;
  /** Models whose live twins, those of the environment, get the telemetry. Default: all twins are the run's own. */
  readonly feeds?: readonly string[];
  /** Messages and records in one step; more fail the run. Default 250,000, at most 2,000,000. */
  readonly stepMessagesMax?: number;
  /** As many parts as the run is done in; the result is the same. Default 1. */
  readonly partitions?: number;
}

/** What a run needs of its environment. */
export interface MockSimulationHost {
  /** Reads the run back from its saved form before each step. */
  readonly restarts: boolean;
  /** Takes the telemetry of a step for live twins. */
  feed(model: string, batch: readonly { readonly id: string; readonly message: Json }[]): void;
}

export interface MockTelemetry extends TwinRef {
  readonly atMs: number;
  readonly from: TwinRef;
  readonly message: Json;
}

export interface MockSimulationCommand extends TwinRef {
  readonly atMs: number;
  readonly body: Json;
}

/** What a twin asked of its alerts: each time that it did. */
export interface MockSimulationAlert extends TwinRef {
  readonly atMs: number;
  readonly ask: AlertAsk;
}

export interface MockSimulationLog extends TwinRef {
  readonly atMs: number;
  readonly severity: Severity;
  readonly text: string;
}

/** A message, or another effect, that did not reach its instance, and why. */
export interface MockDropped extends TwinRef {
  readonly atMs: number;
  readonly text: string;
}

export class MockSimulation {
  readonly #host: MockSimulationHost;
  readonly #models: RunModels;
  readonly #partitions: number;
  readonly #records: RunRecord[] = [];
  #run: SimulationRun;

  constructor(host: MockSimulationHost, models: RunModels, run: SimulationRun, partitions: number) {
    this.#host = host;
    this.#models = models;
    this.#run = run;
    this.#partitions = partitions;
  }

  /** The time of the last step, epoch milliseconds; the end after `end-time`. */
  get now(): number {
    return this.#run.nowMs;
  }

  /** Why the run has ended; null while it goes on. */
  get reason(): EndReason | null {
    return this.#run.end?.reason ?? null;
  }

  /** Who asked for the end, or what failed; null where the reason says all. */
  get detail(): string | null {
    return this.#run.end?.detail ?? null;
  }

  /** What the run has done so far. */
  get counts(): Readonly<RunCounts> {
    return this.#run.counts;
  }

  /** When the next step is, epoch milliseconds; null when there is none. */
  peek(): number | null {
    return this.#run.peek();
  }

  /** Does one step: all that is due at the earliest time, and all that follows at it. False when the run has ended. */
  step(): boolean {
    if (this.#host.restarts) this.#restart();
    const hasStepped = this.#run.step();
    this.#take(this.#run.takeRecords());
    return hasStepped;
  }

  /** Goes on to the run's end, or until its time would be `untilMs`; answers the reason of its end, if it has come. */
  run(untilMs: number = Number.POSITIVE_INFINITY): EndReason | null {
    for (;;) {
      const nextMs = this.peek();
      if (nextMs !== null && nextMs >= untilMs) return null;
      if (!this.step()) return this.reason;
    }
  }

  /** Ends the run. */
  stop(): void {
    this.#run.stop();
  }

  /** A message from outside: it arrives at the run's next time, or at `atMs`. Throws when the run has no such model. */
  send(model: string, id: string, message: unknown, atMs?: number): void {
    const messages = Array.isArray(message) ? (message as unknown[]) : [message];
    for (const each of messages) valueOf(this.#run.post(model, id, jsonCopy(each) as Json, atMs));
  }

  /** An instance's fields, or undefined when there is none. */
  twin(model: string, id: string): Readonly<Record<string, unknown>> | undefined {
    this.#require(model);
    const instance = this.#run.find(model, id);
    return instance && (jsonCopy(instance.twin) as Record<string, unknown>);
  }

  /** All instances of a model by id, in the order of ids. */
  twins(model: string): ReadonlyMap<string, Readonly<Record<string, unknown>>> {
    const twins = this.#sorted(model);
    return new Map(
      twins.map(({ id, twin }) => [id, jsonCopy(twin) as Record<string, unknown>] as const),
    );
  }

  /** What `POST /v1/query` would answer were these twins live. Throws where the service refuses. */
  query(query: MockQuery): QueryResult {
    const spec = specOf(query);
    const { fields } = this.#require(spec.model);
    return queryColumns(columnsOf(this.#sorted(spec.model), fields, this.now), fields, spec);
  }

  /** The telemetry that instances have emitted, in the order of time, by model and id of whom it is for. */
  emitted(model?: string, id?: string): readonly MockTelemetry[] {
    return this.#of("telemetry", model, id);
  }

  /** What twins have sent their devices. */
  commands(model?: string, id?: string): readonly MockSimulationCommand[] {
    return this.#of("command", model, id);
  }

  alerts(model?: string, id?: string): readonly MockSimulationAlert[] {
    return this.#of("alert", model, id);
  }

  logs(model?: string, id?: string): readonly MockSimulationLog[] {
    return this.#of("log", model, id);
  }

  /** What did not reach an instance: it is not in the run, or its model refuses such a message. */
  dropped(model?: string, id?: string): readonly MockDropped[] {
    return this.#of("dropped", model, id);
  }

  /** The run as lines of JSON, between two steps. */
  save(): readonly string[] {
    return this.#run.save();
  }

  /** Another run that goes on from where this one is, with another seed, end or parameters; this one stays as it is. */
  branch(branch: Branch = {}): MockSimulation {
    const run = valueOf(resumeRun(this.#resumeOptions(), this.save(), branch));
    return new MockSimulation(this.#host, this.#models, run, this.#partitions);
  }

  #restart(): void {
    this.#run = valueOf(resumeRun(this.#resumeOptions(), this.save()));
  }

  #resumeOptions(): { readonly models: RunModels; readonly partitions: number } {
    return { models: this.#models, partitions: this.#partitions };
  }

  #take(records: readonly RunRecord[]): void {
    for (const record of records) this.#records.push(record);
    for (const model of this.#run.plan.feeds) {
      const batch = records.flatMap((record) =>
        record.kind === "telemetry" && record.model === model
          ? [{ id: record.id, message: record.message }]
          : [],
      );
      if (batch.length > 0) this.#host.feed(model, batch);
    }
  }

  #of<Kind extends RunRecord["kind"]>(
    kind: Kind,
    model: string | undefined,
    id: string | undefined,
  ): readonly Extract<RunRecord, { kind: Kind }>[] {
    return this.#records.filter(
      (record): record is Extract<RunRecord, { kind: Kind }> =>
        record.kind === kind &&
        (model ?? record.model) === record.model &&
        (id ?? record.id) === record.id,
    );
  }

  #sorted(model: string): Instance[] {
    this.#require(model);
    return [...this.#run.instancesOf(model)].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  #require(model: string): ModelDefinition {
    const definition = this.#models.get(model);
    if (definition !== undefined) return definition;
    const known = [...this.#models.keys()].join(", ");
    throw new RangeError(`The run has no model "${model}". Models: ${known}.`);
  }
}

/** Makes a run. Throws, with the refusal's code, where the service would refuse. */
export function mockSimulation(
  host: MockSimulationHost,
  options: MockSimulationOptions & {
    readonly models: readonly ModelDefinition[];
    readonly start: number;
  },
): MockSimulation {
  const models = modelsByName(options.models);
  const {
    start,
    end,
    intervalMs,
    seed,
    parameters,
    feeds,
    stepMessagesMax,
    partitions = 1,
  } = options;
  const plan = valueOf(
    planOf(
      {
        startMs: start,
        endMs: end ?? null,
        showsTelemetry: true,
        ...(intervalMs !== undefined && { intervalMs }),
        ...(seed !== undefined && { seed }),
        ...(parameters !== undefined && { parameters }),
        ...(feeds !== undefined && { feeds }),
        ...(stepMessagesMax !== undefined && { stepMessagesMax }),
      },
      models,
    ),
  );
  const run = valueOf(startRun({ plan, models, partitions }, options.instances));
  return new MockSimulation(host, models, run, partitions);
}

function valueOf<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw new Error(`${result.refusal.code}: ${result.refusal.detail}`);
}
