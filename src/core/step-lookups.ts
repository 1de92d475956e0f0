/**
 * The look-ups of one step: counted, limited in time, and named in what becomes of them. They fail in the model's
 * hands, by an ordinary exception; when the step has ended, what is still under way is let go.
 */
import type { Entrant, OperationRun } from "./cell/requests.ts";
import type { Timer } from "./cell/timer-queue.ts";
import { hash32 } from "./ids.ts";
import { LOOKUP_MS_MAX, SHARED_GET_MANY_MAX, STEP_LOOKUPS_MAX } from "./limits.ts";
import type {
  Database,
  DatabaseParameter,
  LookupTables,
  Lookups,
  SharedQuestion,
  SharedScope,
} from "./lookups.ts";
import { StepSharedScope } from "./step-shared.ts";
import type { SharedAsk } from "./step-shared.ts";
import { GLOBAL_SCOPE } from "./shared-data/change.ts";
import type { StepEffects } from "./step.ts";

/** The step that looks things up. */
export interface LookupStep {
  readonly model: string;
  readonly lookups: Lookups | undefined;
  readonly id: string;
  /** What the step is for: its first message, or its timer. */
  readonly origin: StepOrigin | undefined;
  /** Throws when the step has ended. */
  effects(): StepEffects;
}

/** The first message of a step, or the timer that it is for. */
export type StepOrigin = Entrant | Timer;

const DIGEST_SEED = 0x9747b28c;

/** Characters of a query that its failure shows. */
const QUERY_CHARS_SHOWN = 80;

interface UnderWay {
  readonly name: string;
  readonly sinceMs: number;
  stop(): void;
}

export class StepLookups {
  readonly shared: { readonly model: SharedScope; readonly global: SharedScope };
  readonly tables: LookupTables;
  /** Whether one of them took too long: then the step's failure says nothing about its messages. */
  timedOut = false;
  readonly #step: LookupStep;
  readonly #underWay = new Set<UnderWay>();
  #count = 0;
  #operations: OperationRun | undefined;
  #isClosed = false;

  constructor(step: LookupStep) {
    this.#step = step;
    const ask: SharedAsk = {
      effects: () => step.effects(),
      operationOf: (content) => this.#operationOf(content),
      get: (name, scope, keys) => this.#get(name, scope, keys),
      ask: (name, question) => this.#ask(name, question),
    };
    this.shared = {
      model: new StepSharedScope("model", step.model, ask),
      global: new StepSharedScope("global", GLOBAL_SCOPE, ask),
    };
    this.tables = {
      get: (table, key) =>
        this.#ask(`tables.get(${JSON.stringify(table)})`, { ask: "row", table, key: String(key) }),
      find: (table, where, limit) =>
        this.#ask(`tables.find(${JSON.stringify(table)})`, {
          ask: "find",
          table,
          where,
          ...(limit === undefined ? {} : { limit }),
        }),
    };
  }

  database(name: string): Database {
    return {
      query: <Row>(sql: string, parameters: readonly DatabaseParameter[] = []) => {
        const shown = sql.length > QUERY_CHARS_SHOWN ? `${sql.slice(0, QUERY_CHARS_SHOWN)}…` : sql;
        return this.#call(`database(${JSON.stringify(name)}).query(${shown})`, (lookups) => {
          const call = lookups.query(name, sql, parameters);
          return { answer: call.rows as Promise<readonly Row[]>, cancel: () => call.cancel() };
        });
      },
    };
  }

  /** What the step waits for, as a part of a sentence. */
  describe(): string {
    const [first] = this.#underWay;
    if (first === undefined) return "no look-up was under way";
    const waitedMs = (this.#step.lookups?.nowMs() ?? 0) - first.sinceMs;
    const others = this.#underWay.size > 1 ? ` and ${this.#underWay.size - 1} more look-ups` : "";
    return `${first.name}${others} was under way for ${waitedMs} ms`;
  }

  /** The step has ended: what comes now is nobody's. */
  close(): void {
    this.#isClosed = true;
    for (const each of this.#underWay) each.stop();
    this.#underWay.clear();
  }

  async #get<T>(name: string, scope: string, keys: readonly string[]): Promise<T> {
    if (keys.length > SHARED_GET_MANY_MAX)
      throw new RangeError(`${name}: ${keys.length} keys; the limit is ${SHARED_GET_MANY_MAX}.`);
    return this.#ask(name, { ask: "get", scope, keys });
  }

  async #ask<T>(name: string, question: SharedQuestion): Promise<T> {
    const result = await this.#call(name, (lookups) => ({
      answer: lookups.ask(question),
      cancel: () => undefined,
    }));
    if (!result.ok)
      throw Object.assign(new Error(`${name}: ${result.refusal.code}: ${result.refusal.detail}`), {
        code: result.refusal.code,
        ...result.refusal.data,
      });
    return result.value as T;
  }

  /** Starts a look-up. It fails after its time; what it answers after that, or after the step, is dropped. */
  #call<T>(
    name: string,
    start: (lookups: Lookups) => { readonly answer: Promise<T>; cancel(): void },
  ): Promise<T> {
    const promise = new Promise<T>((resolve, reject) => {
      const lookups = this.#open(name);
      const call = start(lookups);
      const cancelLimit = lookups.after(LOOKUP_MS_MAX, () => {
        this.timedOut = true;
        settle(() => reject(new Error(`${name} took more than ${LOOKUP_MS_MAX} ms.`)));
        call.cancel();
      });
      const underWay: UnderWay = {
        name,
        sinceMs: lookups.nowMs(),
        stop: () => {
          cancelLimit();
          call.cancel();
        },
      };
      this.#underWay.add(underWay);
      const settle = (outcome: () => void): void => {
        if (!this.#underWay.delete(underWay)) return;
        cancelLimit();
        outcome();
      };
      call.answer.then(
        (answer) => settle(() => resolve(answer)),
        (error: unknown) => settle(() => reject(named(name, error))),
      );
    });
    // A model that does not wait for its look-up does not care for its failure either.
    promise.catch(() => undefined);
    return promise;
  }

  #open(name: string): Lookups {
    const { lookups } = this.#step;
    if (this.#isClosed) throw new Error(`${name}: this context's step has ended.`);
    if (lookups === undefined) throw new Error(`${name}: there are no look-ups here.`);
    if (this.#count >= STEP_LOOKUPS_MAX)
      throw new RangeError(`${name}: a step may make ${STEP_LOOKUPS_MAX} look-ups.`);
    this.#count++;
    return lookups;
  }

  /** The name of a change: the n-th one of this content in the run of the step's messages. */
  #operationOf(content: string): string {
    this.#operations ??= operationsOf(this.#step);
    const { name, made } = this.#operations;
    const nth = (made.get(content) ?? 0) + 1;
    made.set(content, nth);
    // Two hashes of 32 bits: one alone would take different changes for the same now and then.
    const digest = `${hash32(content).toString(36)}${hash32(content, DIGEST_SEED).toString(36)}`;
    return `${name}/${digest}/${nth}`;
  }
}

/** A message without an id of its own can be known again only while it is in memory. */
function operationsOf({ id, origin, lookups }: LookupStep): OperationRun {
  const run = (name: string): OperationRun => ({ name, made: new Map() });
  const unnamed = (): OperationRun => run(lookups?.newOperation() ?? "");
  if (origin === undefined) return unnamed();
  if ("dueAtMs" in origin) return run(`${id}/t${origin.dueAtMs}/${origin.name}`);
  const { ticket, mark, seq } = origin;
  if (mark !== undefined) ticket.operations ??= run(`${id}/m${mark}`);
  else if (seq !== undefined) ticket.operations ??= run(`${id}/s${seq}`);
  return (ticket.operations ??= unnamed());
}

/** An error that says which look-up it is of. */
function named(name: string, error: unknown): Error {
  const text = error instanceof Error ? error.message : String(error);
  const more = error instanceof Error && "code" in error ? { code: error.code } : {};
  return Object.assign(new Error(`${name}: ${text}`, { cause: error }), more);
}
