import { describe } from "vitest";
import { modelContract } from "../contract/model-contract.ts";
import { ServiceHost } from "./service-host.ts";

describe("the model contract in workerd", () => {
  modelContract(async () => new ServiceHost());
});
