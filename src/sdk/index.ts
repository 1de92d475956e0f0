/** What authors of models import. */
export { DigitalTwin, ProcessingResult } from "./digital-twin.ts";
export type { ProcessingAnswer } from "./digital-twin.ts";
export { model } from "./define-model.ts";
export { seededRandom } from "../core/random.ts";
export type { MessageOf, ModelOptions, StateFieldOf } from "./define-model.ts";
export type { HistoryOptions } from "./history-option.ts";
export type { HistoryEntry } from "../core/history/entry.ts";
export type {
  Alert,
  Field,
  FieldType,
  Json,
  ModelDefinition,
  ProcessingContext,
  Severity,
} from "../core/model.ts";

/** Simulations: see docs/simulation.md. */
export type { SimulationContext } from "../core/simulation/declaration.ts";

/** Parents and children: see docs/hierarchy.md. */
export type { ChildReport, ReportedValue, Rollup, TwinRef } from "../core/hierarchy/declaration.ts";

export type {
  CompareAndSet,
  Database,
  DatabaseParameter,
  DatabaseRow,
  LookupTables,
  SharedScope,
} from "../core/lookups.ts";
export type { SharedEntry } from "../core/shared-data/book.ts";
export type { TableRow } from "../core/shared-data/table.ts";

/** Event lists, windows and statistics: see docs/windows.md. */
export { addEvent, addEvents, placeOf, trimEvents, trimSessions } from "./events/event-list.ts";
export {
  sessionWindows,
  slidingWindows,
  tumblingWindows,
  windowStartOf,
} from "./events/windows.ts";
export { addToBins, trimBins } from "./events/bins.ts";
export { addToSummary, mergeSummaries, newSummary, statisticsOf } from "./events/summary.ts";
export { addToEwma, ewmaDeviation, newEwma } from "./events/ewma.ts";
export { forecastOf, slopeOf } from "./events/trend.ts";
export {
  maxOf,
  meanOf,
  minOf,
  percentileOf,
  standardDeviationOf,
  sumOf,
  summaryOf,
  zScoreOf,
} from "./events/statistics.ts";
export { parseTime } from "../core/query/time-text.ts";
export type { Bin, BinOptions } from "./events/bins.ts";
export type { ListBounds, ListOptions } from "./events/event-list.ts";
export type { Ewma } from "./events/ewma.ts";
export type { Statistics, Summary } from "./events/summary.ts";
export type { Timed, TimeValue } from "./events/time.ts";
export type { SlopeOptions } from "./events/trend.ts";
export type {
  EventWindow,
  SlidingOptions,
  TumblingOptions,
  WindowRange,
} from "./events/windows.ts";
