/**
 * One step of one twin: its messages (or a timer) in, its changed fields and its effects out. Pure: the same
 * state, input, time and seed give the same step, in the service, in the mock environment and in a simulation.
 * The step carries nothing out; what the model asks for is recorded, and the host commits it with the state.
 */
import type { ChildReport } from "./hierarchy/declaration.ts";
import { STEP_ASYNC_MS_MAX } from "./limits.ts";
import type { Lookups } from "./lookups.ts";
import type { AlertAsk } from "./alerts/ask.ts";
import type { Json, ModelDefinition, ProcessingResult, Severity, Twin } from "./model.ts";
import { assert, unreachable } from "./assert.ts";
import type { SharedEffect } from "./shared-data/change.ts";
import type { SimulationContext } from "./simulation/declaration.ts";
import type { StepContext } from "./step-context.ts";

/** What a twin is stepped with. */
export type StepInput =
  | { readonly kind: "messages"; readonly messages: unknown[] }
  | { readonly kind: "timer"; readonly name: string }
  | { readonly kind: "reports"; readonly reports: readonly ChildReport[] }
  | { readonly kind: "simulate" | "init-simulation" };

/** A message to another twin. */
export interface Send {
  readonly model: string;
  readonly id: string;
  readonly message: Json;
  /** In a simulation alone: no message of `sendToTwin`, but this. */
  readonly as?: "telemetry" | "create" | "delete";
}

export type TimerChange =
  | {
      readonly kind: "start";
      readonly name: string;
      readonly delayMs: number;
      readonly recurring: boolean;
    }
  | { readonly kind: "stop"; readonly name: string };

/** What a step asks of its host, in order of asking. Lists that nothing was put into are undefined. */
export interface StepEffects {
  commands?: Json[];
  sends?: Send[];
  timers?: TimerChange[];
  alerts?: AlertAsk[];
  shared?: SharedEffect[];
  logs?: { readonly severity: Severity; readonly text: string }[];
  removed?: boolean;
  /** Records for the archive, as JSON. */
  archived?: string[];
}

/** What the engine is to know beside the model: which models a twin may send to. */
export interface StepWorld {
  readonly models: ReadonlyMap<string, ModelDefinition>;
  /** False where nothing takes what goes to the archive. */
  readonly hasArchive?: boolean;
  /** What a step may wait for; without it every look-up fails, and no step is limited in time. */
  readonly lookups?: Lookups;
}

/** How a step ended. */
export type StepOutcome =
  | { readonly ok: true; readonly result: ProcessingResult; readonly effects: StepEffects }
  | {
      readonly ok: false;
      readonly error: unknown;
      /** It took too long, or a look-up of it did: trying its messages one by one would take as long again. */
      readonly timedOut?: true;
    };

/** Of a step that asked for nothing. */
export const NO_EFFECTS: StepEffects = Object.freeze({});
/** The outcome of nearly every step, and of one that leaves all as it was. */
const UPDATED: StepOutcome = Object.freeze({ ok: true, result: "update", effects: NO_EFFECTS });
export const UNCHANGED = Object.freeze({
  ok: true,
  result: "no-update",
  effects: NO_EFFECTS,
} as const);

/** Runs a step on `twin`, which is changed in place; a failed step leaves it in no defined state. */
export function runStep(
  twin: Twin,
  input: StepInput,
  context: StepContext,
): StepOutcome | Promise<StepOutcome> {
  try {
    const answer = callTwin(twin, input, context);
    if (isThenable(answer)) return settleLater(answer, context);
    context.close();
    return outcomeOf(answer, context);
  } catch (error) {
    context.close();
    return { ok: false, error };
  }
}

function callTwin(twin: Twin, input: StepInput, context: StepContext): unknown {
  switch (input.kind) {
    case "messages":
      return twin.processMessages(context, input.messages);
    case "timer":
      return twin.onTimer?.(context, input.name);
    case "reports":
      return twin.onReport?.(context, input.reports);
    case "simulate":
      return twin.simulate?.(simulationOf(context));
    case "init-simulation":
      return twin.initSimulation?.(simulationOf(context));
    default:
      return unreachable(input);
  }
}

function simulationOf({ simulation }: StepContext): SimulationContext {
  assert(simulation !== null, "only a run calls what is for simulations");
  return simulation;
}

/** Waits for the model's answer, but not for ever; what comes after the limit is nobody's. */
function settleLater(answer: PromiseLike<unknown>, context: StepContext): Promise<StepOutcome> {
  return new Promise((resolve) => {
    const cancelLimit = context.hostLookups?.after(STEP_ASYNC_MS_MAX, () => {
      const waitedFor = context.lookups.describe();
      const text = `The step took more than ${STEP_ASYNC_MS_MAX} ms; ${waitedFor}.`;
      end({ ok: false, error: new Error(text), timedOut: true });
    });
    const end = (outcome: StepOutcome): void => {
      cancelLimit?.();
      context.close();
      resolve(outcome);
    };
    void Promise.resolve(answer).then(
      (value) => end(outcomeOf(value, context)),
      (error: unknown) =>
        end(context.timedOut ? { ok: false, error, timedOut: true } : { ok: false, error }),
    );
  });
}

function outcomeOf(answer: unknown, { effects }: StepContext): StepOutcome {
  if (effects?.removed === true || answer === "remove") {
    return { ok: true, result: "remove", effects: effects ?? NO_EFFECTS };
  }
  const isUpdate = answer !== "no-update";
  if (effects === undefined) return isUpdate ? UPDATED : UNCHANGED;
  return { ok: true, result: isUpdate ? "update" : "no-update", effects };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as { then?: unknown }).then === "function"
  );
}
