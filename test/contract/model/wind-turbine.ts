/** A demo model over a whole incident: a turbine, its farm and its fleet, its device, and its alert. */
import { describe, expect, test } from "vitest";
import type { HostOf } from "../model-contract.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

export function windTurbineContract(host: HostOf): void {
  describe("a wind turbine", () => {
    const telemetry = (startMs: number, minutes: number, fields: object = {}): object => {
      const Timestamp = startMs + minutes * MINUTE_MS;
      return { Temp: 80, RPMSpeed: 90, Timestamp, ...fields };
    };

    test("that is hot for too long tells its device, its farm and its fleet, until it is well", async () => {
      const [fleetId, farmId] = [host().fresh("fleet"), host().fresh("farm")];
      const [hot, well, sea] = ["hot", "well", "sea"].map((name) => host().fresh(name)) as [
        string,
        string,
        string,
      ];
      await host().put("WindFarm", farmId, { fleetId });
      for (const id of [hot, well]) await host().put("WindTurbine", id, { farmId });
      await host().put("OffshoreTurbine", sea, { farmId });
      const startMs = host().nowMs();
      const send = (minutes: number, Temp: number): ReturnType<ReturnType<HostOf>["send"]> =>
        host().send("WindTurbine", hot, telemetry(startMs, minutes, { Temp }));

      expect((await send(0, 101)).commands).toEqual([]);
      expect(await host().state("WindFarm", farmId)).toMatchObject({
        turbines: 3,
        offshoreTurbines: 1,
        warningTurbines: 1,
        worstCondition: "warning",
      });
      await host().restart();
      expect((await send(10.5, 103)).commands).toEqual([
        {
          type: "HighTemperature",
          duration: 10.5 * MINUTE_MS,
          inPreMaintenancePeriod: false,
          messageCount: 2,
          at: startMs + 10.5 * MINUTE_MS,
        },
      ]);
      expect(await host().alerts("WindTurbine", hot, ["firing"])).toMatchObject([
        { key: "high-temperature", severity: "error" },
      ]);
      expect(await host().state("WindFarm", farmId)).toMatchObject({
        turbineConditions: { [hot]: "critical", [well]: "ok", [sea]: "ok" },
      });
      expect(await host().state("Fleet", fleetId)).toEqual({
        farms: 1,
        farmsWithCritical: 1,
        turbines: 3,
        offshoreTurbines: 1,
        okTurbines: 2,
        warningTurbines: 0,
        criticalTurbines: 1,
        worstCondition: "critical",
      });

      await host().restart();
      await send(11, 90);
      expect(await host().alerts("WindTurbine", hot, ["firing"])).toEqual([]);
      expect(await host().state("Fleet", fleetId)).toMatchObject({
        okTurbines: 3,
        worstCondition: "ok",
      });
      const { incidentList } = (await host().state("WindTurbine", hot)) ?? {};
      expect((incidentList as { incident: string }[]).map(({ incident }) => incident)).toEqual([
        "Started",
        "AlertSent",
        "Resolved",
      ]);
    });

    test("at sea watches the waves too, and near its maintenance everything more closely", async () => {
      const id = host().fresh("sea");
      const startMs = host().nowMs();
      const nextMaintDate = startMs + 30 * DAY_MS;
      await host().put("OffshoreTurbine", id, { nextMaintDate });
      const { commands } = await host().send(
        "OffshoreTurbine",
        id,
        [0, 0.5, 1.5].map((minutes) =>
          telemetry(startMs, minutes, { Temp: 106, WaveHeight: 8 + minutes }),
        ),
      );
      expect(commands).toMatchObject([{ inPreMaintenancePeriod: true, messageCount: 3 }]);
      expect(await host().state("OffshoreTurbine", id)).toMatchObject({
        waveHeight: 9.5,
        numberMsgsWithHighWaves: 2,
        highWaves: false,
      });
      await host().restart();
      await host().send("OffshoreTurbine", id, telemetry(startMs, 2, { WaveHeight: 9 }));
      expect(await host().alerts("OffshoreTurbine", id, ["firing"])).toMatchObject([
        { key: "high-waves" },
      ]);
    });
  });
}
