/** What a run is: its times, its seed, and what it begins with. Plain data. */
import {
  SIMULATION_INTERVAL_MS_MAX,
  SIMULATION_INTERVAL_MS_MIN,
  SIMULATION_PARAMETERS_CHARS_MAX,
  SIMULATION_STEP_MESSAGES_DEFAULT,
  SIMULATION_STEP_MESSAGES_MAX,
} from "../limits.ts";
import { isTwinId } from "../ids.ts";
import type { Json, ModelDefinition } from "../model.ts";
import { ok, refuse } from "../refusal.ts";
import type { Result } from "../refusal.ts";
import { stateOver } from "../state-fields.ts";

export interface RunPlan {
  /** The first time, epoch milliseconds. */
  readonly startMs: number;
  /** An event at this time or later does not run (SIM6); null: there is no end. */
  readonly endMs: number | null;
  /** Times are the start and whole multiples of this after it. */
  readonly intervalMs: number;
  /** An integer: the same seed gives the same run. */
  readonly seed: number;
  /** What models may read. */
  readonly parameters: Readonly<Record<string, Json>>;
  /** Models whose twins are not of the run: what is sent to them is handed out as `telemetry` records. */
  readonly feeds: readonly string[];
  /** Whether telemetry to twins of the run is handed out as records too. */
  readonly showsTelemetry: boolean;
  /** Messages and records in one step at most: beyond it the run fails (SIM14). */
  readonly stepMessagesMax: number;
}

/** What a run is asked for; what is left out has its default. */
export interface RunRequest {
  readonly startMs: number;
  /** Default: none. */
  readonly endMs?: number | null;
  /** Default 1,000. */
  readonly intervalMs?: number;
  /** Default 0. */
  readonly seed?: number;
  readonly parameters?: Readonly<Record<string, Json>>;
  readonly feeds?: readonly string[];
  readonly showsTelemetry?: boolean;
  /** 1 to SIMULATION_STEP_MESSAGES_MAX. Default SIMULATION_STEP_MESSAGES_DEFAULT. */
  readonly stepMessagesMax?: number;
}

/** An instance that a run begins with. */
export interface RunInstance {
  readonly model: string;
  readonly id: string;
  /** Over the defaults and what the model says is initial; a time as ISO 8601 or epoch milliseconds. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** The models of a run by name. */
export type RunModels = ReadonlyMap<string, ModelDefinition>;

/** The plan, complete. Refuses with `simulation/malformed`. */
export function planOf(request: RunRequest, models: RunModels): Result<RunPlan> {
  const plan: RunPlan = {
    startMs: request.startMs,
    endMs: request.endMs ?? null,
    intervalMs: request.intervalMs ?? 1_000,
    seed: request.seed ?? 0,
    parameters: request.parameters ?? {},
    feeds: request.feeds ?? [],
    showsTelemetry: request.showsTelemetry ?? false,
    stepMessagesMax: request.stepMessagesMax ?? SIMULATION_STEP_MESSAGES_DEFAULT,
  };
  const fault = faultOf(plan, models);
  return fault === undefined ? ok(plan) : refuse("simulation/malformed", fault);
}

function faultOf(plan: RunPlan, models: RunModels): string | undefined {
  const { startMs, endMs, intervalMs, seed } = plan;
  if (!isTime(startMs)) return `The start is ${startMs}; it must be epoch milliseconds.`;
  if (endMs !== null && !isTime(endMs))
    return `The end is ${endMs}; it must be epoch milliseconds.`;
  if (endMs !== null && endMs < startMs)
    return `The end, ${endMs}, is before the start, ${startMs}.`;
  if (
    !Number.isInteger(intervalMs) ||
    intervalMs < SIMULATION_INTERVAL_MS_MIN ||
    intervalMs > SIMULATION_INTERVAL_MS_MAX
  )
    return `The interval is ${intervalMs} ms; it must be an integer from ${SIMULATION_INTERVAL_MS_MIN} to ${SIMULATION_INTERVAL_MS_MAX}.`;
  if (!Number.isSafeInteger(seed)) return `The seed is ${seed}; it must be an integer.`;
  const { stepMessagesMax: messages } = plan;
  if (!Number.isInteger(messages) || messages < 1 || messages > SIMULATION_STEP_MESSAGES_MAX)
    return `stepMessagesMax is ${messages}; it must be an integer from 1 to ${SIMULATION_STEP_MESSAGES_MAX}.`;
  const chars = JSON.stringify(plan.parameters).length;
  if (chars > SIMULATION_PARAMETERS_CHARS_MAX)
    return `The parameters have ${chars} characters as JSON; the limit is ${SIMULATION_PARAMETERS_CHARS_MAX}.`;
  const unknown = plan.feeds.find((model) => !models.has(model));
  return unknown === undefined ? undefined : unknownModel(unknown, models);
}

/** Epoch milliseconds; without an end a run ends with the calendar that `Date` has. */
export const TIME_MS_MAX = 8.64e15;

function isTime(ms: number): boolean {
  return Number.isSafeInteger(ms) && Math.abs(ms) <= TIME_MS_MAX;
}

/** What an instance of the run starts with beside its defaults. Refuses with `simulation/malformed` and `twin/invalid-field`. */
export function instanceFields(
  { model, id, fields = {} }: RunInstance,
  { feeds }: RunPlan,
  models: RunModels,
): Result<Record<string, unknown>> {
  const definition = models.get(model);
  if (feeds.includes(model))
    return refuse(
      "simulation/malformed",
      `Twins of model "${model}" are not of the run: it feeds them.`,
    );
  if (definition === undefined) return refuse("simulation/malformed", unknownModel(model, models));
  if (typeof id !== "string" || !isTwinId(id))
    return refuse("simulation/malformed", `${JSON.stringify(id)} is no twin id.`);
  return stateOver(definition, fields);
}

function unknownModel(model: string, models: RunModels): string {
  return `The run has no model "${model}". Models: ${[...models.keys()].join(", ")}.`;
}

/** The time that is `delayMs` after a time of the run: rounded up to the interval, one interval at least (SIM5). */
export function dueAfter(atMs: number, delayMs: number, intervalMs: number): number {
  return atMs + Math.max(1, Math.ceil(delayMs / intervalMs)) * intervalMs;
}

/** The first time of the run that is not before `ms`. */
export function timeFrom(ms: number, { startMs, intervalMs }: RunPlan): number {
  return startMs + Math.max(0, Math.ceil((ms - startMs) / intervalMs)) * intervalMs;
}
