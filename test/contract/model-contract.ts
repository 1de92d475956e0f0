/**
 * What a model can do, as scenarios: one suite, run on the mock environment and on the service in workerd. The two
 * are hosts of one engine; this holds them to it.
 */
import { beforeEach } from "vitest";
import { alertContract } from "./model/alerts.ts";
import { commandContract } from "./model/commands.ts";
import { hierarchyContract } from "./model/hierarchy.ts";
import { historyContract } from "./model/history.ts";
import type { ModelHost } from "./model/host.ts";
import { lookUpContract } from "./model/look-ups.ts";
import { stepContract } from "./model/steps.ts";
import { timerContract } from "./model/timers.ts";
import { windTurbineContract } from "./model/wind-turbine.ts";

/** The host of the test that runs. */
export type HostOf<Host extends ModelHost = ModelHost> = () => Host;

/** Registers the suite; `start` is called before each test. */
export function modelContract(start: () => Promise<ModelHost>): void {
  let current: ModelHost | undefined;
  beforeEach(async () => {
    current = await start();
  });
  const host: HostOf = () => current!;
  stepContract(host);
  lookUpContract(host);
  historyContract(host);
  hierarchyContract(host);
  windTurbineContract(host);
  // It moves time on by a week: timers that recur, which others leave behind, would fire all along.
  commandContract(host);
  timerContract(host);
  alertContract(host);
}
