/** One twin of a run, and its line in a snapshot. */
import { assert } from "../assert.ts";
import { hash32 } from "../ids.ts";
import type { ModelDefinition, Twin } from "../model.ts";
import type { Refusal } from "../refusal.ts";
import { decodeState, encodeState, reviveDates } from "../state-codec.ts";

/** A model as a run uses it. */
export interface RunModel {
  readonly definition: ModelDefinition;
  /** Whether its twins take part by themselves: the class has `simulate`. */
  readonly isSimulated: boolean;
  /** Whether they are told before they first do: the class has `initSimulation` too. */
  readonly hasInit: boolean;
}

export interface RunTimer {
  dueAtMs: number;
  /** Null for one that fires once. */
  readonly everyMs: number | null;
}

/** An instance as a snapshot holds it; a line is this as JSON. */
type StoredInstance = readonly [
  model: string,
  id: string,
  steps: number,
  wakeAtMs: number | null,
  isStarted: 0 | 1,
  source: string | null,
  timers: readonly (readonly [name: string, dueAtMs: number, everyMs: number | null])[],
  dated: 0 | 1,
  state: Record<string, unknown>,
];

export class Instance {
  readonly model: RunModel;
  readonly id: string;
  twin: Twin;
  /** Steps so far: the next one's random numbers depend on it (SIM10). */
  steps = 0;
  /** When it takes part by itself; null: not before it is woken. */
  wakeAtMs: number | null = null;
  /** The round of the present step in which it takes part because it was woken. */
  wokenFor: number | null = null;
  /** Whether `initSimulation` was called, or needs not be. */
  isStarted = true;
  isGone = false;
  /** The model of the instance that emits its telemetry: its device. */
  source: string | null = null;
  /** In the order of starting. */
  timers: Map<string, RunTimer> | undefined;
  /** The state as its last step left it. */
  #text = "{}";
  #dated = false;
  #randomBases: readonly [number, number] | undefined;

  constructor(model: RunModel, id: string, twin: Twin) {
    this.model = model;
    this.id = id;
    this.twin = twin;
  }

  /** Takes the twin's fields as its state. Refuses, with nothing changed, what the service could not store. */
  commit(): Refusal | undefined {
    const encoded = encodeState(this.twin, this.model.definition.stateBytesMax);
    if (!encoded.ok) return encoded.refusal;
    this.#text = encoded.value.text;
    this.#dated = encoded.value.dated;
    return undefined;
  }

  /** Puts the twin back to its state. */
  rollBack(): void {
    const state = decodeState(this.#text, this.#dated);
    this.twin = Object.assign(this.model.definition.blank(), state);
  }

  /** What the next step's random numbers begin with: the run's seed, the name, and the number of steps (SIM10). */
  randomSeed(runSeed: number): number {
    const { name } = this.model.definition;
    // Of a million names some share 32 bits of hash, and would draw the same for ever; 64 bits none do.
    this.#randomBases ??= [
      hash32(`${runSeed}/${name}/${this.id}`),
      hash32(`${this.id}/${name}/${runSeed}`),
    ];
    const [first, second] = this.#randomBases;
    return (hash32(String(this.steps), first) ^ second) >>> 0;
  }

  /** Whether something of it is due at this time. */
  isDueAt(atMs: number): boolean {
    if (this.isGone) return false;
    if (this.wakeAtMs === atMs) return true;
    if (this.timers === undefined) return false;
    for (const { dueAtMs } of this.timers.values()) if (dueAtMs === atMs) return true;
    return false;
  }

  /** The instance as a line of a snapshot; lines in order of their text are in order of model and id. */
  line(): string {
    const timers = [...(this.timers ?? [])].map(([name, { dueAtMs, everyMs }]) => [
      name,
      dueAtMs,
      everyMs,
    ]);
    const rest = [
      this.model.definition.name,
      this.id,
      this.steps,
      this.wakeAtMs,
      this.isStarted ? 1 : 0,
      this.source,
      timers,
      this.#dated ? 1 : 0,
    ];
    return `${JSON.stringify(rest).slice(0, -1)},${this.#text}]`;
  }
}

/** The instance of a line. Fields that its model has meanwhile got have their defaults. */
export function instanceOfLine(
  line: string,
  modelOf: (name: string) => RunModel | undefined,
): Instance | undefined {
  const stored = JSON.parse(line) as StoredInstance;
  const [name, id, steps, wakeAtMs, isStarted, source, timers, dated, state] = stored;
  const model = modelOf(name);
  if (model === undefined) return undefined;
  const fields = dated === 1 ? reviveDates(state) : state;
  const instance = new Instance(model, id, Object.assign(model.definition.blank(), fields));
  instance.steps = steps;
  instance.wakeAtMs = wakeAtMs;
  instance.isStarted = isStarted === 1;
  instance.source = source;
  if (timers.length > 0) {
    const each = timers.map(([timer, dueAtMs, everyMs]) => [timer, { dueAtMs, everyMs }] as const);
    instance.timers = new Map(each);
  }
  const refusal = instance.commit();
  assert(refusal === undefined, "a state that was saved can be saved again");
  return instance;
}
