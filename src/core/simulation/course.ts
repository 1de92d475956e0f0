/**
 * The course of a run: which time comes next, which rounds it takes, and how the run ends. It orders rounds from
 * partitions and is told what came of them; who carries the orders, and over which distance, is its host's business.
 */
import { assert } from "../assert.ts";
import { SIMULATION_DEPTH_MAX, SIMULATION_INSTANCES_MAX } from "../limits.ts";
import type { TwinRef } from "../hierarchy/declaration.ts";
import { byName } from "../hierarchy/declaration.ts";
import { partitionOf } from "./partition.ts";
import { TIME_MS_MAX } from "./plan.ts";
import type { RunPlan } from "./plan.ts";
import { firstOf } from "./round.ts";
import type { Envelope, RoundOrder, RoundResult, RunRecord } from "./round.ts";

/** Why a run has ended. */
export type EndReason = "end-time" | "no-work" | "stopped" | "instance" | "failed";

/** The end of a run: when in its own time, and what there is to say. */
export interface RunEnd {
  readonly reason: EndReason;
  readonly atMs: number;
  /** Who asked for it, or what failed; null where the reason says all. */
  readonly detail: string | null;
}

/** What a run has done so far. */
export interface RunCounts {
  /** Times at which something ran. */
  times: number;
  /** Calls of models' code: the events. */
  steps: number;
  messages: number;
  telemetry: number;
  dropped: number;
}

/** A course as a snapshot holds it. */
export interface StoredCourse {
  readonly nowMs: number;
  readonly counts: RunCounts;
  readonly end: RunEnd | null;
}

/** A round's orders, one for each partition that has something to do. */
export type RoundOrders = readonly (RoundOrder & { readonly partition: number })[];

export class RunCourse {
  readonly #plan: RunPlan;
  /** When each partition has its next event. */
  readonly #nextAtMs: (number | null)[];
  readonly #instances: number[];
  readonly counts: RunCounts;
  #nowMs: number;
  #end: RunEnd | null;
  #records: RunRecord[] = [];
  #stoppedBy: TwinRef | null = null;
  #depth = 0;
  #messagesInStep = 0;

  /** `nextAtMs` and `instances` are what the partitions say. */
  constructor(
    plan: RunPlan,
    nextAtMs: readonly (number | null)[],
    instances: readonly number[],
    stored?: StoredCourse,
  ) {
    this.#plan = plan;
    this.#nextAtMs = [...nextAtMs];
    this.#instances = [...instances];
    this.#nowMs = stored?.nowMs ?? plan.startMs;
    this.#end = stored?.end ?? null;
    this.counts = {
      ...(stored?.counts ?? { times: 0, steps: 0, messages: 0, telemetry: 0, dropped: 0 }),
    };
  }

  /** The time of the last step; the start before the first, the plan's end after `end-time`. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** Null while the run goes on. */
  get end(): RunEnd | null {
    return this.#end;
  }

  /** When the next step is; null when there is none. */
  peek(): number | null {
    if (this.#end !== null) return null;
    const atMs = this.#earliest();
    return atMs === null || this.#isAtEnd(atMs) ? null : atMs;
  }

  /** A partition's next event may come earlier than it said: somebody has sent it something from outside. */
  expect(partition: number, atMs: number): void {
    this.#nextAtMs[partition] = Math.min(this.#nextAtMs[partition] ?? atMs, atMs);
  }

  /** Ends the run between two steps, because somebody wants it. */
  stop(): void {
    this.#end ??= { reason: "stopped", atMs: this.#nowMs, detail: null };
  }

  /** Orders round 0 of the next step; null when there is none, and then the run has ended. */
  begin(): RoundOrders | null {
    if (this.#end !== null) return null;
    const atMs = this.#earliest();
    if (atMs === null || this.#isAtEnd(atMs)) {
      this.#endHere(atMs);
      return null;
    }
    this.#nowMs = atMs;
    this.#depth = 0;
    this.#messagesInStep = 0;
    this.#stoppedBy = null;
    this.counts.times++;
    return this.#nextAtMs.flatMap((next, partition) =>
      next === atMs ? [{ partition, atMs, depth: 0, mail: [] }] : [],
    );
  }

  /** Orders the next round, with what came of the last one; null when the step is over, and perhaps the run. */
  after(results: readonly RoundResult[]): RoundOrders | null {
    for (const result of results) this.#count(result);
    this.#takeRecords(results);
    if (this.#failed(results)) return null;
    const orders = this.#ordersAfter(results);
    if (orders.length > 0) {
      this.#depth++;
      return orders;
    }
    // Ended at once, so that who looks before the next step knows.
    if (this.#stoppedBy !== null) {
      const { model, id } = this.#stoppedBy;
      this.#end = { reason: "instance", atMs: this.#nowMs, detail: `${model}/${id}` };
    } else if (this.peek() === null) this.#endHere(this.#earliest());
    return null;
  }

  /** What was recorded since this was called last, in an order that is the same however instances are spread. */
  takeRecords(): readonly RunRecord[] {
    const records = this.#records;
    this.#records = [];
    return records;
  }

  /** What a snapshot needs, between two steps. */
  save(): StoredCourse {
    return { nowMs: this.#nowMs, counts: { ...this.counts }, end: this.#end };
  }

  #endHere(nextMs: number | null): void {
    if (nextMs !== null) this.#nowMs = this.#plan.endMs ?? TIME_MS_MAX;
    const reason = nextMs === null ? "no-work" : "end-time";
    this.#end = { reason, atMs: this.#nowMs, detail: null };
  }

  #earliest(): number | null {
    let earliestMs: number | null = null;
    for (const atMs of this.#nextAtMs)
      if (atMs !== null) earliestMs = Math.min(earliestMs ?? atMs, atMs);
    return earliestMs;
  }

  #isAtEnd(atMs: number): boolean {
    return atMs >= (this.#plan.endMs ?? TIME_MS_MAX);
  }

  #count(result: RoundResult): void {
    const { counts } = this;
    counts.steps += result.steps;
    counts.messages += result.messages;
    counts.telemetry += result.telemetry;
    counts.dropped += result.dropped;
    this.#messagesInStep += result.messages;
    this.#nextAtMs[result.partition] = result.nextAtMs;
    this.#instances[result.partition] = result.instances;
    this.#stoppedBy = firstOf(this.#stoppedBy, result.stoppedBy);
  }

  #takeRecords(results: readonly RoundResult[]): void {
    const records = results.flatMap((result) => result.records);
    if (records.length > 1) records.sort(inOrder);
    for (const record of records) this.#records.push(record);
  }

  #failed(results: readonly RoundResult[]): boolean {
    const detail = this.#failureOf(results);
    if (detail === null) return false;
    this.#end = { reason: "failed", atMs: this.#nowMs, detail };
    return true;
  }

  #failureOf(results: readonly RoundResult[]): string | null {
    const at = `at ${new Date(this.#nowMs).toISOString()}`;
    let failure: RoundResult["failure"] = null;
    for (const result of results) failure = firstOf(failure, result.failure);
    if (failure !== null) return `${failure.model}/${failure.id} ${at}: ${failure.text}`;
    const { stepMessagesMax } = this.#plan;
    if (this.#messagesInStep > stepMessagesMax)
      return `More than ${stepMessagesMax} messages and records in the step ${at}.`;
    const instances = this.#instances.reduce((sum, each) => sum + each, 0);
    if (instances > SIMULATION_INSTANCES_MAX)
      return `${instances} instances after the step ${at}; the limit is ${SIMULATION_INSTANCES_MAX}.`;
    if (this.#depth < SIMULATION_DEPTH_MAX) return null;
    const chains = results.flatMap(({ chain }) => (chain === null ? [] : [chain.join(" → ")]));
    const [first] = chains.toSorted();
    return first === undefined
      ? null
      : `Messages caused each other more than ${SIMULATION_DEPTH_MAX} deep ${at}: … → ${first}.`;
  }

  #ordersAfter(results: readonly RoundResult[]): RoundOrders {
    const count = this.#nextAtMs.length;
    const mail = new Map<number, Envelope[]>();
    for (const { partition, isBusy, sent } of results) {
      if (isBusy && !mail.has(partition)) mail.set(partition, []);
      for (const envelope of sent) {
        const receiver = partitionOf(envelope.id, count);
        assert(receiver !== partition, "what stays in a partition is not sent");
        const waiting = mail.get(receiver);
        if (waiting === undefined) mail.set(receiver, [envelope]);
        else waiting.push(envelope);
      }
    }
    const depth = this.#depth + 1;
    return [...mail].map(([partition, envelopes]) => {
      return { partition, atMs: this.#nowMs, depth, mail: envelopes };
    });
  }
}

/** By whom they are about. An instance's own are together and in order already, and sorting keeps that. */
function inOrder(a: RunRecord, b: RunRecord): number {
  const order = byName(a, b);
  if (order !== 0 || (a.kind !== "telemetry" && b.kind !== "telemetry")) return order;
  if (a.kind !== "telemetry") return -1;
  return b.kind === "telemetry" ? byName(a.from, b.from) : 1;
}
