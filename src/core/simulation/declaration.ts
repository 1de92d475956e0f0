/** What a simulated twin may ask of its run. See docs/simulation.md, whose rules are cited as SIM1 and so on. */
import type { Json, ProcessingContext } from "../model.ts";

/**
 * The context of every step in a run. The newest of `delay`, `delayIndefinitely` and `wake` says when the instance
 * takes part next; each replaces what was said before. They are for simulated twins: those with `simulate`.
 */
export interface SimulationContext extends ProcessingContext {
  /** The run's first time, epoch milliseconds. */
  readonly startTime: number;
  /** Milliseconds between the times of the run. */
  readonly interval: number;
  /** What the run was started with, for what-ifs. */
  readonly parameters: Readonly<Record<string, Json>>;
  /** Takes part again after this time, rounded up to the interval; after 0 it is the next interval, as it is unasked. */
  delay(ms: number): void;
  /** Takes no part before `wake` or a timer says so. */
  delayIndefinitely(): void;
  /** From `processMessages` and `onTimer`: `simulate` is called once more in the present step. */
  wake(): void;
  /** Sends a message to the real-time twin of the same id, whose device this instance is from then on. */
  emitTelemetry(model: string, message: Json): void;
  /** Creates an instance in the present step; one that exists stays as it is. A simulated one first acts an interval later. */
  createInstance(model: string, id: string, fields?: Readonly<Record<string, unknown>>): void;
  /** Removes an instance in the present step; one that does not exist is ignored. */
  deleteInstance(model: string, id: string): void;
  /** Removes this instance when its step has ended. */
  deleteThisInstance(): void;
  /** Ends the run when the present step is over. */
  stopSimulation(): void;
}
