/** The mock environment: models on the service's own engine, in Node, with time in your hand. */
export { MockEnvironment } from "./mock-environment.ts";
export type {
  MockAlert,
  MockCommand,
  MockLog,
  MockMessage,
  MockOptions,
  SendResult,
  TwinState,
} from "./mock-environment.ts";
