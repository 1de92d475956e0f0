import { describe } from "vitest";
import { MockHost } from "../contract/model/mock-host.ts";
import { modelContract } from "../contract/model-contract.ts";

describe("the model contract in the mock environment", () => {
  modelContract(async () => new MockHost());
});

describe("the model contract in the mock environment that restarts between calls", () => {
  modelContract(async () => new MockHost({ restartBetweenCalls: true }));
});
