/** Shared data in the hands of a step: what leaves with its commit, and what acts at once. */
import { STEP_SHARED_CHANGES_MAX } from "./limits.ts";
import type { CompareAndSet, SharedQuestion, SharedScope } from "./lookups.ts";
import type { Json } from "./model.ts";
import { checkChange, keyFault } from "./shared-data/change.ts";
import type { SharedChange, SharedEffect } from "./shared-data/change.ts";
import type { SharedEntry, SharedOutcome } from "./shared-data/book.ts";
import type { StepEffects } from "./step.ts";

/** How a scope reaches its step and, through it, the host. */
export interface SharedAsk {
  effects(): StepEffects;
  /** A name for a change that acts at once. */
  operationOf(content: string): string;
  get(name: string, scope: string, keys: readonly string[]): Promise<(SharedEntry | null)[]>;
  ask(name: string, question: SharedQuestion): Promise<SharedOutcome>;
}

export class StepSharedScope implements SharedScope {
  readonly #kind: SharedEffect["scope"];
  readonly #scope: string;
  readonly #ask: SharedAsk;
  /** Where the last change of each key is among the step's effects. */
  readonly #last = new Map<string, number>();

  constructor(kind: SharedEffect["scope"], scope: string, ask: SharedAsk) {
    this.#kind = kind;
    this.#scope = scope;
    this.#ask = ask;
  }

  add(key: string, by: number): void {
    this.#record("add", key, { kind: "add", by });
  }

  set(key: string, value: Json): void {
    this.#record("set", key, { kind: "set", value });
  }

  delete(key: string): void {
    this.#record("delete", key, { kind: "delete" });
  }

  async get(key: string): Promise<SharedEntry | null> {
    const name = this.#name("get", key);
    return (await this.#ask.get(name, this.#scope, [key]))[0] ?? null;
  }

  async getMany(keys: readonly string[]): Promise<readonly (SharedEntry | null)[]> {
    for (const key of keys) this.#name("getMany", key);
    return this.#ask.get(`shared.${this.#kind}.getMany`, this.#scope, keys);
  }

  async compareAndSet(key: string, expectedVersion: number, value: Json): Promise<CompareAndSet> {
    try {
      const set = await this.#act("compareAndSet", key, { kind: "set", value }, expectedVersion);
      return { swapped: true, ...set };
    } catch (error) {
      if ((error as { code?: unknown }).code !== "shared/version-mismatch") throw error;
      const now = await this.get(key);
      return { swapped: false, value: now?.value ?? null, version: now?.version ?? 0 };
    }
  }

  async addAndGet(key: string, by: number): Promise<number> {
    return (await this.#act("addAndGet", key, { kind: "add", by })).value as number;
  }

  async #act(
    method: string,
    key: string,
    wanted: SharedChange,
    ifVersion?: number,
  ): Promise<SharedOutcome> {
    const name = this.#name(method, key);
    const change = checked(name, wanted);
    const content = JSON.stringify([this.#kind, key, change, ifVersion]);
    const operation = this.#ask.operationOf(content);
    const question = { ask: "change", scope: this.#scope, key, change, operation } as const;
    return this.#ask.ask(name, ifVersion === undefined ? question : { ...question, ifVersion });
  }

  #record(method: string, key: string, wanted: SharedChange): void {
    const change = checked(this.#name(method, key), wanted);
    const effects = (this.#ask.effects().shared ??= []);
    const at = this.#last.get(key);
    const before = at === undefined ? undefined : effects[at]!.change;
    // A step of many messages that each count one is one entry of the outbox.
    if (at !== undefined && before?.kind === "add" && change.kind === "add") {
      const by = before.by + change.by;
      effects[at] = { scope: this.#kind, key, change: checked(method, { kind: "add", by }) };
      return;
    }
    if (effects.length >= STEP_SHARED_CHANGES_MAX)
      throw new RangeError(`A step may ask for ${STEP_SHARED_CHANGES_MAX} changes of shared data.`);
    this.#last.set(key, effects.length);
    effects.push({ scope: this.#kind, key, change });
  }

  /** The name of a call, for what becomes of it; throws when the key is none. */
  #name(method: string, key: string): string {
    const fault = keyFault(key);
    if (fault !== undefined)
      throw new RangeError(`shared.${this.#kind}.${method}: ${fault.detail}`);
    return `shared.${this.#kind}.${method}(${JSON.stringify(key)})`;
  }
}

function checked<T extends SharedChange>(name: string, change: T): T {
  const result = checkChange(change);
  if (!result.ok) throw new RangeError(`${name}: ${result.refusal.detail}`);
  return result.value as T;
}
