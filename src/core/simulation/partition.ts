/**
 * The instances of a run whose ids belong to one partition, of all models, with their events. It does what a round
 * asks of it and says what came of that; it knows nothing of other partitions but how ids are dealt to them. An
 * instance and the real-time twin of the same id are in the same partition.
 */
import { assert } from "../assert.ts";
import { bucketOf } from "../ids.ts";
import { SIMULATION_DEPTH_MAX } from "../limits.ts";
import type { Json } from "../model.ts";
import { stateOver } from "../state-fields.ts";
import { EventQueue } from "./event-queue.ts";
import { Instance, instanceOfLine } from "./instance.ts";
import type { RunModel } from "./instance.ts";
import type { RunInstance, RunModels, RunPlan } from "./plan.ts";
import { Mail } from "./round.ts";
import type { Envelope, RoundOrder, RoundResult } from "./round.ts";
import { RoundWork } from "./round-work.ts";
import type { RoundHome } from "./round-work.ts";
import { worldOf } from "./run-context.ts";
import type { RunWorld } from "./run-context.ts";

/** A message from outside, due at a time of the run; `n` numbers those of the run. */
export interface Post {
  readonly atMs: number;
  readonly n: number;
  readonly model: string;
  readonly id: string;
  readonly message: Json;
}

export interface PartitionOptions {
  readonly plan: RunPlan;
  /** All models of the run, those that it feeds too. */
  readonly models: RunModels;
  readonly index: number;
  /** Partitions of the run. */
  readonly count: number;
}

/** The partition of an id. */
export function partitionOf(id: string, count: number): number {
  return bucketOf(id) % count;
}

export class SimulationPartition implements RoundHome {
  readonly world: RunWorld;
  readonly #index: number;
  readonly #count: number;
  readonly #instances = new Map<string, Map<string, Instance>>();
  #size = 0;
  readonly #queue = new EventQueue();
  readonly #posts = new Map<number, Post[]>();
  /** For the next round. */
  #mail = new Mail();
  #woken: { readonly instance: Instance; readonly via: readonly string[] | undefined }[] = [];
  /** For other partitions. */
  #sent: Envelope[] = [];
  #sentInStep = 0;

  constructor({ plan, models, index, count }: PartitionOptions) {
    this.world = worldOf(plan, models);
    this.#index = index;
    this.#count = count;
  }

  /** Instances now. */
  get size(): number {
    return this.#size;
  }

  /** When the next event is due; null when none ever is. */
  get nextAtMs(): number | null {
    let nextMs = this.#queue.nextAtMs();
    for (const atMs of this.#posts.keys()) nextMs = Math.min(nextMs ?? atMs, atMs);
    return nextMs;
  }

  /** Takes an instance before the run. False when there is one of that name. Its fields are checked. */
  add({ model, id, fields = {} }: RunInstance): boolean {
    const runModel = this.world.modelOf(model);
    assert(runModel !== undefined, "the models of instances were checked");
    if (this.find(model, id) !== undefined) return false;
    const instance = this.create(runModel, id, fields);
    if (!runModel.isSimulated) return true;
    instance.wakeAtMs = this.world.plan.startMs;
    instance.isStarted = !runModel.hasInit;
    this.enqueue(instance, instance.wakeAtMs);
    return true;
  }

  /** Takes a message from outside. */
  post(post: Post): void {
    const posts = this.#posts.get(post.atMs);
    if (posts === undefined) this.#posts.set(post.atMs, [post]);
    else posts.push(post);
  }

  /** Does a round. What it has for the next one is there until then; a snapshot is taken between steps. */
  round({ atMs, depth, mail }: RoundOrder): RoundResult {
    const work = new RoundWork(this, atMs, depth);
    const incoming = this.#mail;
    const woken = this.#woken;
    this.#mail = new Mail();
    this.#woken = [];
    this.#sent = [];
    for (const envelope of mail) incoming.add(envelope);
    if (depth === 0) {
      this.#sentInStep = 0;
      for (const post of this.#postsAt(atMs)) incoming.add(post);
    }
    for (const envelopes of incoming.perInstance()) {
      if (this.#isFlooded(work)) break;
      work.deliver(envelopes);
    }
    if (depth === 0) this.#visitDue(work, atMs);
    for (const { instance, via } of woken)
      if (instance.wokenFor === depth) work.visit(instance, via);
    this.#sentInStep += work.messages;
    if (this.#queue.isMostlyStale(this.#size)) this.#requeue();
    return this.#resultOf(work);
  }

  #visitDue(work: RoundWork, atMs: number): void {
    if (this.#queue.nextAtMs() !== atMs) return;
    for (const instance of this.#queue.takeFirst()) {
      if (this.#isFlooded(work)) return;
      if (instance.isDueAt(atMs)) work.visit(instance, undefined);
    }
  }

  /** The run ends with this step: the coordinator counts too. */
  #isFlooded(work: RoundWork): boolean {
    return this.#sentInStep + work.messages > this.world.plan.stepMessagesMax;
  }

  #postsAt(atMs: number): Envelope[] {
    const posts = this.#posts.get(atMs) ?? [];
    this.#posts.delete(atMs);
    return posts.map(({ n, model, id, message: body }) => {
      return { kind: "message", model, id, fromModel: "", fromId: "", n, body };
    });
  }

  #resultOf(work: RoundWork): RoundResult {
    return {
      partition: this.#index,
      sent: this.#sent,
      isBusy: this.#mail.count > 0 || this.#woken.length > 0,
      steps: work.steps,
      messages: work.messages,
      telemetry: work.telemetry,
      dropped: work.dropped,
      records: work.records,
      instances: this.#size,
      stoppedBy: work.stoppedBy,
      failure: work.failure,
      chain: work.depth < SIMULATION_DEPTH_MAX ? null : this.#firstChain(),
      nextAtMs: this.nextAtMs,
    };
  }

  #firstChain(): readonly string[] | null {
    const chains = [
      ...[...this.#mail.perInstance()]
        .flat()
        .map(({ via, model, id }) => [...(via ?? []), `${model}/${id}`]),
      ...this.#sent.map(({ via, model, id }) => [...(via ?? []), `${model}/${id}`]),
      ...this.#woken.map(({ via }) => via ?? []),
    ];
    return (
      chains
        .map((chain) => chain.join(" → "))
        .toSorted()[0]
        ?.split(" → ") ?? null
    );
  }

  find(model: string, id: string): Instance | undefined {
    return this.#instances.get(model)?.get(id);
  }

  create(model: RunModel, id: string, fields: Readonly<Record<string, unknown>>): Instance {
    const { definition } = model;
    const checked = stateOver(definition, fields);
    if (!checked.ok) throw new RangeError(checked.refusal.detail);
    const twin = Object.assign(definition.blank(), definition.initial(id), checked.value);
    const instance = new Instance(model, id, twin);
    const refusal = instance.commit();
    if (refusal !== undefined) throw new RangeError(refusal.detail);
    this.#put(instance);
    return instance;
  }

  remove(instance: Instance): void {
    instance.isGone = true;
    instance.wokenFor = null;
    this.#size--;
    this.#instances.get(instance.model.definition.name)!.delete(instance.id);
  }

  enqueue(instance: Instance, atMs: number): void {
    this.#queue.add(atMs, instance);
  }

  wake(instance: Instance, via: readonly string[] | undefined): void {
    this.#woken.push({ instance, via });
  }

  send(envelope: Envelope): void {
    if (partitionOf(envelope.id, this.#count) === this.#index) this.#mail.add(envelope);
    else this.#sent.push(envelope);
  }

  /** The instances of a model, in no order that means anything. */
  instancesOf(model: string): Iterable<Instance> {
    return this.#instances.get(model)?.values() ?? [];
  }

  /** The state between two steps: a line of JSON for each instance and each message from outside. */
  *save(): Generator<string> {
    for (const byId of this.#instances.values())
      for (const instance of byId.values()) yield instance.line();
    for (const posts of this.#posts.values())
      for (const post of posts) yield JSON.stringify({ post });
  }

  /** Takes a line of `save`, of this partition or of what was another with another number of them. */
  load(line: string): void {
    if (line.startsWith("{")) {
      this.post((JSON.parse(line) as { post: Post }).post);
      return;
    }
    const instance = instanceOfLine(line, (name) => this.world.modelOf(name));
    assert(instance !== undefined, "the models of a snapshot were checked");
    this.#put(instance);
    this.#queue.addAll(instance);
  }

  #put(instance: Instance): void {
    const { name } = instance.model.definition;
    let byId = this.#instances.get(name);
    if (byId === undefined) this.#instances.set(name, (byId = new Map()));
    byId.set(instance.id, instance);
    this.#size++;
  }

  /** What was postponed again and again must not fill the memory. */
  #requeue(): void {
    this.#queue.clear();
    for (const byId of this.#instances.values())
      for (const instance of byId.values()) this.#queue.addAll(instance);
  }
}
