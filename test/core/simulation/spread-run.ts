/**
 * A run as the service has it: what passes between its course and its partitions is text, partitions are visited in any
 * order, and between steps all of it may be put away as text and read back, over another number of partitions.
 */
import { modelsByName } from "../../../src/core/hierarchy/check.ts";
import type { ModelDefinition } from "../../../src/core/model.ts";
import { RunCourse } from "../../../src/core/simulation/course.ts";
import type { RoundOrders, StoredCourse } from "../../../src/core/simulation/course.ts";
import { SimulationPartition, partitionOf } from "../../../src/core/simulation/partition.ts";
import { planOf } from "../../../src/core/simulation/plan.ts";
import type { RunInstance, RunPlan, RunRequest } from "../../../src/core/simulation/plan.ts";
import type { RoundResult, RunRecord } from "../../../src/core/simulation/round.ts";

/** How the run is done; nothing of it may show. */
export interface Spread {
  readonly partitions: number;
  /** A number from 0 (included) to 1 (excluded). */
  readonly chance: () => number;
  /** How likely a restart is between two steps, and one with another number of partitions. */
  readonly restarts: number;
}

/** What must be the same. */
export interface Outcome {
  /** Lines of the instances, in order. */
  readonly states: readonly string[];
  readonly records: readonly RunRecord[];
  readonly course: StoredCourse;
}

export class SpreadRun {
  readonly #spread: Spread;
  readonly #models: ReadonlyMap<string, ModelDefinition>;
  readonly #plan: RunPlan;
  readonly #records: RunRecord[] = [];
  #partitions: SimulationPartition[];
  #course: RunCourse;

  constructor(
    models: readonly ModelDefinition[],
    request: RunRequest,
    instances: readonly RunInstance[],
    spread: Spread,
  ) {
    this.#spread = spread;
    this.#models = modelsByName(models);
    const plan = planOf(request, this.#models);
    if (!plan.ok) throw new Error(plan.refusal.detail);
    this.#plan = plan.value;
    this.#partitions = this.#make(spread.partitions);
    for (const instance of this.#shuffled(instances)) this.#of(instance.id).add(instance);
    this.#course = this.#courseOf();
  }

  run(): Outcome {
    for (;;) {
      const orders = this.#course.begin();
      if (orders === null) break;
      this.#step(orders);
      this.#records.push(...this.#course.takeRecords());
      if (this.#spread.chance() < this.#spread.restarts) this.#restart();
    }
    return {
      states: this.#save().toSorted(),
      records: this.#records,
      course: this.#course.save(),
    };
  }

  #step(first: RoundOrders): void {
    for (let orders: RoundOrders | null = first; orders !== null;) {
      const results: RoundResult[] = [];
      for (const order of this.#shuffled(orders)) {
        const text = JSON.stringify(order);
        const result = this.#partitions[order.partition]!.round(JSON.parse(text));
        results.push(JSON.parse(JSON.stringify(result)));
      }
      orders = this.#course.after(this.#shuffled(results));
    }
  }

  #restart(): void {
    const lines = this.#shuffled(this.#save());
    const course = JSON.parse(JSON.stringify(this.#course.save())) as StoredCourse;
    this.#partitions = this.#make(1 + Math.floor(this.#spread.chance() * 16));
    for (const line of lines) this.#of((JSON.parse(line) as string[])[1]!).load(line);
    this.#course = this.#courseOf(course);
  }

  #save(): string[] {
    return this.#partitions.flatMap((partition) => [...partition.save()]);
  }

  #courseOf(stored?: StoredCourse): RunCourse {
    const nextAtMs = this.#partitions.map((partition) => partition.nextAtMs);
    const sizes = this.#partitions.map(({ size }) => size);
    return new RunCourse(this.#plan, nextAtMs, sizes, stored);
  }

  #make(count: number): SimulationPartition[] {
    const plan = this.#plan;
    const models = this.#models;
    return Array.from(
      { length: count },
      (_, index) => new SimulationPartition({ plan, models, index, count }),
    );
  }

  #of(id: string): SimulationPartition {
    return this.#partitions[partitionOf(id, this.#partitions.length)]!;
  }

  #shuffled<T>(list: readonly T[]): T[] {
    return list
      .map((each) => [this.#spread.chance(), each] as const)
      .toSorted(([a], [b]) => a - b)
      .map(([, each]) => each);
  }
}
