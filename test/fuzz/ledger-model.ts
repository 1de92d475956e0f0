/**
 * The model that the fuzz test of the cell runs: every message says what it does, and whether it goes well depends
 * on nothing but its content, so that outcomes are the same however messages are put together to steps.
 */
import * as v from "valibot";
import { DigitalTwin, ProcessingResult, model } from "../../src/sdk/index.ts";
import type { ModelDefinition, ProcessingContext } from "../../src/sdk/index.ts";

const LedgerMessage = v.object({
  /** Tells this sending of the message from all others. */
  n: v.number(),
  add: v.optional(v.number()),
  note: v.optional(v.nullable(v.string())),
  active: v.optional(v.boolean()),
  keep: v.optional(v.any()),
  at: v.optional(v.nullable(v.number())),
  start: v.optional(v.object({ name: v.string(), ms: v.number(), recurring: v.boolean() })),
  stop: v.optional(v.string()),
  send: v.optional(v.object({ to: v.string(), add: v.number() })),
  command: v.optional(v.number()),
  /** Waits until the test opens the gate of this name. */
  wait: v.optional(v.string()),
  bad: v.optional(v.picklist(["throw", "oversize", "unstorable"])),
  remove: v.optional(v.literal(true)),
});

export type LedgerMessage = v.InferOutput<typeof LedgerMessage>;

/** A message without what any message does: the step that has only such answers "no-update". */
export function isIdle(message: LedgerMessage): boolean {
  return Object.keys(message).every((key) => key === "n" || key === "command");
}

/** What the test wants to know of the model's work. */
export interface Watch {
  started(
    id: string,
    nowMs: number,
    messages: readonly LedgerMessage[],
    isAsync: boolean,
  ): StepWatch;
  fired(id: string, nowMs: number, timer: string): void;
  /** Resolves when the gate opens. */
  gate(name: string): Promise<void>;
}

export interface StepWatch {
  ended(): void;
}

export const STATE_BYTES_MAX = 2_000;
export const VALUES_MAX = 8;
export const FIRED_MAX = 5;

/** A model whose steps tell whatever `watch` gives when they begin: a restarted cell has a watch of its own. */
export function ledgerModel(watch: () => Watch): ModelDefinition {
  class Ledger extends DigitalTwin<LedgerMessage> {
    total = 0;
    values: number[] = [];
    note: string | null = null;
    active = false;
    at: Date | null = null;
    fired: string[] = [];
    kept: unknown = null;
    bag: unknown = null;

    override processMessages(
      context: ProcessingContext,
      messages: LedgerMessage[],
    ): ProcessingResult | void | Promise<ProcessingResult | void> {
      const watching = watch();
      const isAsync = messages.some(({ wait }) => wait !== undefined);
      const step = watching.started(context.id, context.now, messages, isAsync);
      if (isAsync) return this.#later(context, messages, watching, step);
      for (const message of messages) this.#take(context, message);
      return answerTo(messages);
    }

    override onTimer(context: ProcessingContext, timer: string): void {
      watch().fired(context.id, context.now, timer);
      this.fired = [...this.fired, timer].slice(-FIRED_MAX);
      if (timer === "throws") throw new Error("the timer throws");
      if (timer === "chain") context.startTimer("after-chain", 3);
      if (timer === "quit") context.remove();
      if (timer === "sends") {
        context.sendToTwin("Ledger", "target", { add: 1 });
        context.sendToDataSource(timer);
      }
    }

    async #later(
      context: ProcessingContext,
      messages: LedgerMessage[],
      watching: Watch,
      step: StepWatch,
    ): Promise<ProcessingResult | void> {
      try {
        for (const message of messages) {
          if (message.wait !== undefined) await watching.gate(message.wait);
          this.#take(context, message);
        }
        return answerTo(messages);
      } finally {
        step.ended();
      }
    }

    #take(context: ProcessingContext, message: LedgerMessage): void {
      const { add, note, active, keep, at, start, stop, send, command, bad } = message;
      if (add !== undefined) {
        this.total += add;
        this.values = [...this.values, add].slice(-VALUES_MAX);
      }
      if (note !== undefined) this.note = note;
      if (active !== undefined) this.active = active;
      if (keep !== undefined) this.kept = keep;
      if (at !== undefined) this.at = at === null ? null : new Date(at);
      if (start !== undefined)
        context.startTimer(start.name, start.ms, { recurring: start.recurring });
      if (stop !== undefined) context.stopTimer(stop);
      if (send !== undefined) context.sendToTwin("Ledger", send.to, { add: send.add });
      if (command !== undefined) context.sendToDataSource(command);
      if (bad === "throw") throw new Error("told to throw");
      if (bad === "oversize") this.bag = "x".repeat(STATE_BYTES_MAX);
      if (bad === "unstorable") this.bag = [undefined];
    }
  }

  return model(Ledger, {
    name: "Ledger",
    message: LedgerMessage,
    query: { note: "string", at: "time" },
    stateBytesMax: STATE_BYTES_MAX,
    history: { count: 6 },
    initial: (id) => (id.startsWith("noted-") ? { note: id } : undefined),
  });
}

function answerTo(messages: readonly LedgerMessage[]): ProcessingResult | void {
  // Nobody looks at the state of a twin that goes: a bad message would be bad only in a step without a removal.
  const isBad = messages.some(({ bad }) => bad !== undefined);
  if (isBad && messages.some(({ remove }) => remove === true)) throw new Error("bad, and gone");
  if (messages.some(({ remove }) => remove === true)) return ProcessingResult.Remove;
  return messages.every(isIdle) ? ProcessingResult.NoUpdate : undefined;
}
