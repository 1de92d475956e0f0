/** What a model's code has in its hands during one step of a run. */
import { TIMER_DELAY_MS_MAX } from "../limits.ts";
import type { Json } from "../model.ts";
import { seededRandom } from "../random.ts";
import { StepContext } from "../step-context.ts";
import type { StepWorld } from "../step.ts";
import { stateOver } from "../state-fields.ts";
import type { SimulationContext } from "./declaration.ts";
import type { Instance, RunModel } from "./instance.ts";
import type { RunModels, RunPlan } from "./plan.ts";

/** What a step belongs to: the same for all steps of a partition. */
export interface RunWorld extends StepWorld {
  readonly plan: RunPlan;
  modelOf(name: string): RunModel | undefined;
}

/** A run's models as its partitions use them. */
export function worldOf(plan: RunPlan, models: RunModels): RunWorld {
  const runModels = new Map<string, RunModel>();
  for (const [name, definition] of models) {
    const twin = definition.blank();
    const isSimulated = typeof twin.simulate === "function";
    const hasInit = isSimulated && typeof twin.initSimulation === "function";
    runModels.set(name, { definition, isSimulated, hasInit });
  }
  return { plan, models, hasArchive: true, modelOf: (name) => runModels.get(name) };
}

/** When an instance is to take part next: so many milliseconds later, never, or in the next round. */
export type Wakening = number | "never" | "now";

/** Why `simulate` can't ask for itself in the step that it is in. */
const NO_WAKE = "wake: an instance that is simulated just now asks for its next time with delay.";

export class RunContext extends StepContext implements SimulationContext {
  /** What was said last of when the instance takes part next. */
  wakening: Wakening | undefined;
  asksStop = false;
  readonly #instance: Instance;
  readonly #world: RunWorld;
  readonly #mayWake: boolean;
  #draw: (() => number) | undefined;
  #isOver = false;

  constructor(world: RunWorld, instance: Instance, nowMs: number, mayWake: boolean) {
    super(instance.model.definition, instance.id, instance.steps, nowMs, world);
    this.#instance = instance;
    this.#world = world;
    this.#mayWake = mayWake;
  }

  override get simulation(): SimulationContext {
    return this;
  }

  override random(): number {
    this.#draw ??= seededRandom(this.#instance.randomSeed(this.#world.plan.seed));
    return this.#draw();
  }

  get startTime(): number {
    return this.#world.plan.startMs;
  }

  get interval(): number {
    return this.#world.plan.intervalMs;
  }

  get parameters(): Readonly<Record<string, Json>> {
    return this.#world.plan.parameters;
  }

  delay(ms: number): void {
    if (!(ms >= 0 && ms <= TIMER_DELAY_MS_MAX))
      throw new RangeError(`delay: ${ms} ms; it must be from 0 to ${TIMER_DELAY_MS_MAX}.`);
    this.#say("delay", ms);
  }

  delayIndefinitely(): void {
    this.#say("delayIndefinitely", "never");
  }

  wake(): void {
    if (!this.#mayWake) throw new RangeError(NO_WAKE);
    this.#say("wake", "now");
  }

  emitTelemetry(model: string, message: Json): void {
    if (this.#world.modelOf(model)?.isSimulated === true)
      throw new RangeError(
        `emitTelemetry: the twins of model "${model}" are simulated; sendToTwin reaches them.`,
      );
    this.addSend("emitTelemetry", model, this.id, message, "telemetry");
  }

  createInstance(model: string, id: string, fields: Readonly<Record<string, unknown>> = {}): void {
    this.#requireOwn("createInstance", model);
    const definition = this.#world.models.get(model);
    const checked = definition === undefined ? undefined : stateOver(definition, fields);
    if (checked?.ok === false) throw new RangeError(`createInstance: ${checked.refusal.detail}`);
    // A date among the fields leaves as text, which the field's type makes a date again.
    this.addSend("createInstance", model, id, fields as Json, "create");
  }

  deleteInstance(model: string, id: string): void {
    this.#requireOwn("deleteInstance", model);
    this.addSend("deleteInstance", model, id, null, "delete");
  }

  deleteThisInstance(): void {
    this.remove();
  }

  stopSimulation(): void {
    this.#requireOpen("stopSimulation");
    this.asksStop = true;
  }

  override close(): void {
    super.close();
    this.#isOver = true;
  }

  #say(method: string, wakening: Wakening): void {
    this.#requireOpen(method);
    if (!this.#instance.model.isSimulated)
      throw new RangeError(
        `${method}: the twins of model "${this.model}" are not simulated: the class has no simulate.`,
      );
    this.wakening = wakening;
  }

  #requireOwn(method: string, model: string): void {
    if (this.#world.plan.feeds.includes(model))
      throw new RangeError(
        `${method}: the run feeds twins of model "${model}"; they are not its own.`,
      );
  }

  #requireOpen(method: string): void {
    if (this.#isOver) throw new Error(`${method}: this context's step has ended.`);
  }
}
