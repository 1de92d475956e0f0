/** A run in one place: its partitions in memory, one after the other. The mock environment's, and the service's model. */
import { SIMULATION_INSTANCES_MAX, SIMULATION_PARTITIONS_MAX } from "../limits.ts";
import { ok, refuse } from "../refusal.ts";
import type { Result } from "../refusal.ts";
import type { Json } from "../model.ts";
import { RunCourse } from "./course.ts";
import type { RunCounts, RunEnd } from "./course.ts";
import type { Instance } from "./instance.ts";
import { SimulationPartition, partitionOf } from "./partition.ts";
import { instanceFields, timeFrom } from "./plan.ts";
import type { RunInstance, RunModels, RunPlan } from "./plan.ts";
import type { RunRecord } from "./round.ts";
import { headOf, readSnapshot } from "./snapshot.ts";
import type { Branch } from "./snapshot.ts";
import { describe } from "./step-effects.ts";

export interface RunOptions {
  readonly plan: RunPlan;
  readonly models: RunModels;
  /** Default 1. It changes nothing of what happens. */
  readonly partitions?: number;
}

export class SimulationRun {
  readonly plan: RunPlan;
  readonly #models: RunModels;
  readonly #partitions: readonly SimulationPartition[];
  readonly #course: RunCourse;
  #posts: number;

  constructor(
    options: RunOptions,
    partitions: readonly SimulationPartition[],
    course: RunCourse,
    posts: number,
  ) {
    this.plan = options.plan;
    this.#models = options.models;
    this.#partitions = partitions;
    this.#course = course;
    this.#posts = posts;
  }

  /** The time of the last step, epoch milliseconds. */
  get nowMs(): number {
    return this.#course.nowMs;
  }

  get end(): RunEnd | null {
    return this.#course.end;
  }

  get counts(): Readonly<RunCounts> {
    return this.#course.counts;
  }

  /** Instances now, of all models. */
  get size(): number {
    return this.#partitions.reduce((sum, { size }) => sum + size, 0);
  }

  /** When the next step is; null when there is none. */
  peek(): number | null {
    return this.#course.peek();
  }

  /** Does the next step. False when there is none: the run has ended. */
  step(): boolean {
    let orders = this.#course.begin();
    if (orders === null) return false;
    while (orders !== null) {
      const results = orders.map((order) => this.#partitions[order.partition]!.round(order));
      orders = this.#course.after(results);
    }
    return true;
  }

  /** Ends the run between two steps. */
  stop(): void {
    this.#course.stop();
  }

  /**
   * A message from outside, due at the next time of the run after the last step, or at `atMs` when that is later.
   * Refuses with `simulation/malformed` a model that the run does not have.
   */
  post(model: string, id: string, message: Json, atMs = 0): Result<void> {
    const checked = instanceFields({ model, id }, this.plan, this.#models);
    if (!checked.ok) return checked;
    const { intervalMs } = this.plan;
    const soonestMs = this.counts.times === 0 ? this.plan.startMs : this.nowMs + intervalMs;
    const dueMs = timeFrom(Math.max(atMs, soonestMs), this.plan);
    const partition = partitionOf(id, this.#partitions.length);
    this.#partitions[partition]!.post({ atMs: dueMs, n: this.#posts++, model, id, message });
    this.#course.expect(partition, dueMs);
    return ok(undefined);
  }

  find(model: string, id: string): Instance | undefined {
    return this.#partitions[partitionOf(id, this.#partitions.length)]!.find(model, id);
  }

  /** The instances of a model, in no order that means anything. */
  *instancesOf(model: string): Generator<Instance> {
    for (const partition of this.#partitions) yield* partition.instancesOf(model);
  }

  /** What was recorded since this was called last, in an order that does not depend on the partitions. */
  takeRecords(): readonly RunRecord[] {
    return this.#course.takeRecords();
  }

  /** The run between two steps, as lines of JSON: the same lines whatever the number of partitions. */
  save(): readonly string[] {
    const lines = this.#partitions.flatMap((partition) => [...partition.save()]);
    const head = headOf({ plan: this.plan, course: this.#course.save(), posts: this.#posts });
    return [head, ...lines.toSorted()];
  }
}

/** Makes a run. Refuses with `simulation/malformed` and `twin/invalid-field`, naming the instance. */
export function startRun(
  options: RunOptions,
  instances: Iterable<RunInstance>,
): Result<SimulationRun> {
  const partitions = partitionsOf(options);
  if (!partitions.ok) return partitions;
  let count = 0;
  for (const instance of instances) {
    const { model, id } = instance;
    const fields = instanceFields(instance, options.plan, options.models);
    if (!fields.ok) return fields;
    if (++count > SIMULATION_INSTANCES_MAX)
      return refuse(
        "simulation/malformed",
        `The run has more than ${SIMULATION_INSTANCES_MAX} instances.`,
      );
    const fault = addTo(partitions.value[partitionOf(id, partitions.value.length)]!, instance);
    if (fault !== undefined)
      return refuse("simulation/malformed", `Instance "${id}" of model ${model}: ${fault}`);
  }
  return ok(runOf(options, partitions.value, 0));
}

/** Why a partition can't take an instance; a model's own code may throw in it. */
function addTo(partition: SimulationPartition, instance: RunInstance): string | undefined {
  try {
    return partition.add(instance) ? undefined : "there are two of that name.";
  } catch (error) {
    return `it can't be made: ${describe(error)}`;
  }
}

/**
 * Goes on with a run that was saved, with another seed or other parameters where the branch names them. Refuses with
 * `simulation/malformed` what is no snapshot, and one whose models are not given.
 */
export function resumeRun(
  { models, partitions: count = 1 }: Omit<RunOptions, "plan">,
  lines: readonly string[],
  branch: Branch = {},
): Result<SimulationRun> {
  const snapshot = readSnapshot(lines, models, branch);
  if (!snapshot.ok) return snapshot;
  const { plan, course, posts } = snapshot.value;
  const options = { plan, models, partitions: count };
  const partitions = partitionsOf(options);
  if (!partitions.ok) return partitions;
  for (const { id, line } of snapshot.value.lines)
    partitions.value[partitionOf(id, count)]!.load(line);
  return ok(runOf(options, partitions.value, posts, course));
}

function partitionsOf({ plan, models, partitions = 1 }: RunOptions): Result<SimulationPartition[]> {
  if (!Number.isInteger(partitions) || partitions < 1 || partitions > SIMULATION_PARTITIONS_MAX)
    return refuse(
      "simulation/malformed",
      `${partitions} partitions; there must be from 1 to ${SIMULATION_PARTITIONS_MAX}.`,
    );
  return ok(
    Array.from(
      { length: partitions },
      (_, index) => new SimulationPartition({ plan, models, index, count: partitions }),
    ),
  );
}

function runOf(
  options: RunOptions,
  partitions: readonly SimulationPartition[],
  posts: number,
  stored?: ConstructorParameters<typeof RunCourse>[3],
): SimulationRun {
  const course = new RunCourse(
    options.plan,
    partitions.map(({ nextAtMs }) => nextAtMs),
    partitions.map(({ size }) => size),
    stored,
  );
  return new SimulationRun(options, partitions, course, posts);
}
