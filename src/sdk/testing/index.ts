/** The mock environment: models on the service's own engine, in Node, with time in your hand. */
export { MockEnvironment } from "./mock-environment.ts";
export type { MockQuery } from "./mock-query.ts";
export type {
  MockAlert,
  MockCommand,
  MockLog,
  MockMessage,
  MockOptions,
  MockPendingCommand,
  MockShared,
  SendResult,
  TwinState,
} from "./mock-environment.ts";
export type { AlertView } from "../../core/alerts/view.ts";
export type { MockAlertFilter, MockHandled } from "./mock-alerts.ts";
export type { MockDatabase, MockSharedOptions, MockTable } from "./mock-shared-data.ts";
export type { ArchivedLine } from "./mock-archive.ts";
export type {
  MockDropped,
  MockSimulation,
  MockSimulationAlert,
  MockSimulationCommand,
  MockSimulationLog,
  MockSimulationOptions,
  MockTelemetry,
} from "./mock-simulation.ts";
