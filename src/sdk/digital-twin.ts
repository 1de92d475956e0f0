import type { ChildReport } from "../core/hierarchy/declaration.ts";
import type {
  ProcessingContext,
  ProcessingResult as ProcessingResultValue,
  Twin,
} from "../core/model.ts";
import type { SimulationContext } from "../core/simulation/declaration.ts";

/** What `processMessages` and `onTimer` may answer. Nothing means `Update`. */
export const ProcessingResult = {
  /** Keep the changed fields (the default). */
  Update: "update",
  /** Leave the stored state as it was; effects that were asked for still happen. */
  NoUpdate: "no-update",
  /** Remove this twin. */
  Remove: "remove",
} as const satisfies Record<string, ProcessingResultValue>;

export type ProcessingResult = ProcessingResultValue;

/** What a step answers: at once, or later when it awaits a look-up. */
export type ProcessingAnswer = ProcessingResult | void | Promise<ProcessingResult | void>;

/**
 * The base class of a model: one object per data source.
 *
 * Own fields are the state. They may hold what JSON can (numbers, strings, booleans, null, lists and plain objects
 * of these) and `Date`; anything else is refused with the field's name when a step ends. Everything a twin is to
 * remember must be in its fields: module variables are shared with other twins and lost at any time.
 */
export abstract class DigitalTwin<Message = unknown> implements Twin {
  /**
   * Handles all messages that arrived for this twin since the last call, in order. Called for one batch at a
   * time. When it throws, the state is rolled back and the messages are tried one by one: only the bad ones are
   * rejected (`model/failed`).
   */
  abstract processMessages(context: ProcessingContext, messages: Message[]): ProcessingAnswer;

  /** Called when a timer that this twin started is due. */
  onTimer?(context: ProcessingContext, timer: string): ProcessingAnswer;

  /**
   * Called with what children have reported since the last call, the newest report of each, after the roll-ups are
   * set. Must not be asynchronous. When it throws, what it did to the state is rolled back and it is called once for
   * each report: only the bad ones go into the log.
   */
  onReport?(context: ProcessingContext, reports: readonly ChildReport[]): ProcessingResult | void;

  /**
   * Takes part in a simulation: called each time this instance's simulated time has come, first at the run's start.
   * Without `context.delay` the next time is one interval later. See docs/simulation.md.
   */
  simulate?(context: SimulationContext): ProcessingResult | void;

  /** Called once before `simulate` is; `context.delay` says when that is. */
  initSimulation?(context: SimulationContext): ProcessingResult | void;
}
