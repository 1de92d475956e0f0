/** Carries out what a step of an instance has asked for. */
import { TIMERS_PER_TWIN_MAX } from "../limits.ts";
import { NO_EFFECTS } from "../step.ts";
import type { Send, StepEffects, StepInput, StepOutcome, TimerChange } from "../step.ts";
import type { Instance } from "./instance.ts";
import { dueAfter } from "./plan.ts";
import { firstOf } from "./round.ts";
import type { Envelope } from "./round.ts";
import type { RoundWork } from "./round-work.ts";
import type { RunContext } from "./run-context.ts";

/** A step that failed is rolled back and ends the run when the round is over (SIM14). */
export function applyStep(
  work: RoundWork,
  instance: Instance,
  input: StepInput,
  outcome: StepOutcome | Promise<StepOutcome>,
  context: RunContext,
  chain: readonly string[] | undefined,
): void {
  const fault = faultOf(instance, outcome);
  if (fault !== undefined || outcome instanceof Promise || !outcome.ok) {
    instance.rollBack();
    work.fail(instance.model.definition, instance.id, `${nameOf(input)}: ${fault}`);
    return;
  }
  const { effects } = outcome;
  if (effects !== NO_EFFECTS) {
    carryOut(work, instance, effects, chain);
    for (const change of effects.timers ?? []) changeTimer(work, instance, change);
    const { size = 0 } = instance.timers ?? {};
    if (size > TIMERS_PER_TWIN_MAX)
      work.fail(
        instance.model.definition,
        instance.id,
        `it has ${size} timers; the limit is ${TIMERS_PER_TWIN_MAX}`,
      );
  }
  if (context.asksStop) {
    const { model, id } = instance;
    work.stoppedBy = firstOf(work.stoppedBy, { model: model.definition.name, id });
  }
  if (outcome.result === "remove") work.home.remove(instance);
  else wakeNext(work, instance, input, context, chain);
}

/** Why a step can't be taken; else the twin's state is committed, or put back where it is to stay. */
function faultOf(
  instance: Instance,
  outcome: StepOutcome | Promise<StepOutcome>,
): string | undefined {
  if (outcome instanceof Promise)
    return "it is asynchronous; a run takes models that answer at once";
  if (!outcome.ok) return describe(outcome.error);
  if (outcome.effects.shared !== undefined)
    return "it changes shared data, which a run does not have";
  if (outcome.result === "remove") return undefined;
  if (outcome.result === "no-update") {
    instance.rollBack();
    return undefined;
  }
  return instance.commit()?.detail;
}

function wakeNext(
  work: RoundWork,
  instance: Instance,
  { kind }: StepInput,
  { wakening }: RunContext,
  chain: readonly string[] | undefined,
): void {
  // Who was simulated and does not say when again takes part at the next interval.
  const next = wakening ?? (kind === "simulate" ? 0 : undefined);
  if (next === undefined) return;
  instance.wokenFor = null;
  instance.wakeAtMs = null;
  if (next === "now") {
    instance.wokenFor = work.depth + 1;
    work.home.wake(instance, chain);
  } else if (next !== "never") {
    instance.wakeAtMs = dueAfter(work.atMs, next, work.home.world.plan.intervalMs);
    work.home.enqueue(instance, instance.wakeAtMs);
  }
}

function carryOut(
  work: RoundWork,
  instance: Instance,
  effects: StepEffects,
  chain: readonly string[] | undefined,
): void {
  const { atMs } = work;
  const { id } = instance;
  const model = instance.model.definition.name;
  for (const body of effects.commands ?? []) {
    work.record({ kind: "command", atMs, model, id, body });
    // Its device is of the run: it hears of it as of any message.
    if (instance.source !== null)
      send(work, instance, { model: instance.source, id, message: body }, chain);
  }
  for (const each of effects.sends ?? []) send(work, instance, each, chain);
  for (const ask of effects.alerts ?? []) work.record({ kind: "alert", atMs, model, id, ask });
  for (const { severity, text } of effects.logs ?? [])
    work.record({ kind: "log", atMs, model, id, severity, text });
  for (const text of effects.archived ?? [])
    work.record({ kind: "archive", atMs, model, id, text });
}

function send(
  work: RoundWork,
  instance: Instance,
  { model, id, message, as }: Send,
  chain: readonly string[] | undefined,
): void {
  const { plan } = work.home.world;
  const from = { model: instance.model.definition.name, id: instance.id };
  if (as === "telemetry") work.telemetry++;
  const leaves = plan.feeds.includes(model);
  if (leaves || (as === "telemetry" && plan.showsTelemetry))
    work.record({ kind: "telemetry", atMs: work.atMs, model, id, from, message });
  if (leaves) return;
  work.messages++;
  const envelope: Envelope = {
    kind: as ?? "message",
    model,
    id,
    fromModel: from.model,
    fromId: from.id,
    n: work.n++,
    body: message,
  };
  work.home.send(chain === undefined ? envelope : { ...envelope, via: chain });
}

function changeTimer(work: RoundWork, instance: Instance, change: TimerChange): void {
  instance.timers?.delete(change.name);
  if (change.kind === "stop") return;
  const { intervalMs } = work.home.world.plan;
  const dueAtMs = dueAfter(work.atMs, change.delayMs, intervalMs);
  const everyMs = change.recurring ? change.delayMs : null;
  (instance.timers ??= new Map()).set(change.name, { dueAtMs, everyMs });
  work.home.enqueue(instance, dueAtMs);
}

function nameOf(input: StepInput): string {
  switch (input.kind) {
    case "messages":
      return "processMessages";
    case "timer":
      return `onTimer "${input.name}"`;
    case "simulate":
      return "simulate";
    case "init-simulation":
      return "initSimulation";
    case "reports":
      return "onReport";
  }
}

/** What was thrown, for a reader: a model may throw anything. */
export function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
