import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { MockEnvironment } from "livetwin/testing";
import fleet from "./fleet.ts";
import offshoreTurbine from "./offshore-turbine.ts";
import windFarm, { WindFarm } from "./wind-farm.ts";
import windTurbine from "./wind-turbine.ts";

const NOON = Date.UTC(2026, 0, 1, 12);
const MINUTE_MS = 60_000;

type State = Readonly<Record<string, unknown>>;

function environment(): MockEnvironment {
  return new MockEnvironment({
    models: [windTurbine, offshoreTurbine, windFarm, fleet],
    nowMs: NOON,
    restartBetweenCalls: true,
  });
}

/** Minutes after noon, and what is beyond its limit then. */
function telemetry(minutes: number, fields: object = {}): object {
  return { Temp: 80, RPMSpeed: 90, Timestamp: NOON + minutes * MINUTE_MS, ...fields };
}

test("a farm knows the condition of each of its turbines, of both kinds", () => {
  const env = environment();
  for (const id of ["a", "b", "c"]) env.put("WindTurbine", id, { farmId: "f1" });
  env.put("OffshoreTurbine", "o", { farmId: "f1" });
  env.send("WindTurbine", "b", telemetry(0, { Temp: 101 }));
  env.send("WindTurbine", "c", [telemetry(0, { RPMSpeed: 0 }), telemetry(11, { RPMSpeed: 0 })]);
  const conditions = { a: "ok", b: "warning", c: "critical", o: "ok" };
  expect(env.twin("WindFarm", "f1")).toMatchObject({
    turbines: 4,
    offshoreTurbines: 1,
    okTurbines: 2,
    warningTurbines: 1,
    criticalTurbines: 1,
    hotTurbines: 1,
    slowTurbines: 1,
    worstCondition: "critical",
    turbineConditions: conditions,
  });
  expect(
    env.children("WindFarm", "f1").map(({ model, id, values }) => [model, id, values["condition"]]),
  ).toEqual([
    ["OffshoreTurbine", "o", "ok"],
    ["WindTurbine", "a", "ok"],
    ["WindTurbine", "b", "warning"],
    ["WindTurbine", "c", "critical"],
  ]);
  env.send("WindTurbine", "c", telemetry(12));
  expect(env.twin("WindFarm", "f1")).toMatchObject({
    worstCondition: "warning",
    turbineConditions: { ...conditions, c: "ok" },
  });
});

test("a message that changes no condition does not reach the farm", () => {
  const env = environment();
  env.put("WindTurbine", "a", { farmId: "f1" });
  const onReport = vi.spyOn(WindFarm.prototype, "onReport");
  env.send("WindTurbine", "a", [telemetry(0), telemetry(1, { Temp: 99 })]);
  expect(onReport).not.toHaveBeenCalled();
  env.send("WindTurbine", "a", telemetry(2, { Temp: 101 }));
  expect(onReport).toHaveBeenCalled();
  onReport.mockRestore();
});

test("a fleet sums up its farms", () => {
  const env = environment();
  env.put("WindTurbine", "a", { farmId: "f1" });
  env.put("WindTurbine", "b", { farmId: "f2" });
  env.put("OffshoreTurbine", "o", { farmId: "f2" });
  env.send(
    "OffshoreTurbine",
    "o",
    [9, 9, 9].map((WaveHeight) => telemetry(0, { WaveHeight })),
  );
  expect(env.twin("Fleet", "fleet")).toEqual({
    farms: 2,
    farmsWithCritical: 1,
    turbines: 3,
    offshoreTurbines: 1,
    okTurbines: 2,
    warningTurbines: 0,
    criticalTurbines: 1,
    worstCondition: "critical",
  });
  env.put("WindFarm", "f2", { fleetId: "north" });
  expect(env.twin("Fleet", "fleet")).toMatchObject({ farms: 1, turbines: 1, worstCondition: "ok" });
  expect(env.twin("Fleet", "north")).toMatchObject({ farms: 1, turbines: 2, criticalTurbines: 1 });
});

test("a turbine that moves, or is removed, is none of the farm's any more", () => {
  const env = environment();
  env.put("WindTurbine", "a", { farmId: "f1" });
  env.put("WindTurbine", "b", { farmId: "f1" });
  env.put("WindTurbine", "a", { farmId: "f2" });
  expect(env.twin("WindFarm", "f1")).toMatchObject({ turbines: 1, turbineConditions: { b: "ok" } });
  env.remove("WindTurbine", "b");
  expect(env.twin("WindFarm", "f1")).toMatchObject({
    turbines: 0,
    worstCondition: null,
    turbineConditions: {},
  });
});

test("a turbine without a farm reports to none", () => {
  const env = environment();
  env.send("WindTurbine", "a", telemetry(0, { Temp: 101 }));
  expect(env.twins("WindFarm").size).toBe(0);
});

const IDS = ["a", "b", "c", "d"];
const FARMS = ["f1", "f2", ""];

const steps = fc.array(
  fc.record({
    model: fc.constantFrom("WindTurbine", "OffshoreTurbine"),
    id: fc.constantFrom(...IDS),
    minutes: fc.nat({ max: 30 }),
    act: fc.oneof(
      { weight: 5, arbitrary: fc.constantFrom("hot", "slow", "waves", "well") },
      { weight: 2, arbitrary: fc.constantFrom("move", "remove", "refleet") },
    ),
    farm: fc.constantFrom(...FARMS),
  }),
  { minLength: 1, maxLength: 25 },
);

/** What the models' fields say, added up anew. */
function countsOf(states: readonly State[], field: string): (value: unknown) => number {
  return (value) => states.filter((state) => state[field] === value).length;
}

function worst(values: readonly unknown[]): unknown {
  return ["critical", "warning", "ok"].find((condition) => values.includes(condition)) ?? null;
}

function farmOf(turbines: readonly (readonly [string, string, State])[]): State {
  const states = turbines.map(([, , state]) => state);
  const conditions = countsOf(states, "condition");
  return {
    turbines: states.length,
    offshoreTurbines: turbines.filter(([model]) => model === "OffshoreTurbine").length,
    okTurbines: conditions("ok"),
    warningTurbines: conditions("warning"),
    criticalTurbines: conditions("critical"),
    hotTurbines: countsOf(states, "trackingHighTemperature")(true),
    slowTurbines: countsOf(states, "trackingLowRPM")(true),
    worstCondition: worst(states.map((state) => state["condition"])),
    turbineConditions: Object.fromEntries(
      turbines.map(([, id, state]) => [id, state["condition"]]),
    ),
  };
}

function fleetOf(farms: readonly State[]): State {
  const sum = (field: string): number => farms.reduce((all, farm) => all + Number(farm[field]), 0);
  return {
    farms: farms.length,
    farmsWithCritical: countsOf(farms, "worstCondition")("critical"),
    ...Object.fromEntries(
      ["turbines", "offshoreTurbines", "okTurbines", "warningTurbines", "criticalTurbines"].map(
        (field) => [field, sum(field)],
      ),
    ),
    worstCondition: worst(farms.map((farm) => farm["worstCondition"])),
  };
}

function act(
  env: MockEnvironment,
  step: { model: string; id: string; minutes: number; act: string; farm: string },
): void {
  const { model, minutes, farm } = step;
  // The two models share no ids, as turbines of a farm do not.
  const id = `${model[0]}-${step.id}`;
  const sendTwice = (fields: object): void => {
    env.send(model, id, [telemetry(minutes, fields), telemetry(minutes + 4, fields)]);
  };
  switch (step.act) {
    case "hot":
      return sendTwice({ Temp: 110 });
    case "slow":
      return sendTwice({ RPMSpeed: 10 });
    case "waves":
      return sendTwice({ WaveHeight: 9 });
    case "move":
      return env.put(model, id, { farmId: farm });
    case "remove":
      if (env.twin(model, id) !== undefined) env.remove(model, id);
      return;
    case "refleet":
      if (farm !== "") env.put("WindFarm", farm, { fleetId: `fleet-${step.id}` });
      return;
    default:
      return sendTwice({});
  }
}

test("whatever happens to turbines, farms and fleets are what adding up gives", () => {
  fc.assert(
    fc.property(steps, (taken) => {
      const env = environment();
      for (const id of IDS) env.put("WindTurbine", `W-${id}`, { farmId: "f1" });
      for (const step of taken) act(env, step);
      const turbines = ["OffshoreTurbine", "WindTurbine"].flatMap((model) =>
        [...env.twins(model)].map(([id, state]) => [model, id, state] as const),
      );
      for (const [id, farm] of env.twins("WindFarm")) {
        expect(farm).toMatchObject(farmOf(turbines.filter(([, , { farmId: of }]) => of === id)));
        const { turbineConditions } = farm;
        expect(Object.keys(turbineConditions as object)).toHaveLength(Number(farm["turbines"]));
      }
      const farms = [...env.twins("WindFarm").values()];
      for (const [id, twin] of env.twins("Fleet")) {
        expect(twin).toEqual(fleetOf(farms.filter(({ fleetId: of }) => of === id)));
      }
      expect(env.logs().filter(({ kind }) => kind === "failure")).toEqual([]);
    }),
    { seed: 23, numRuns: 60 },
  );
});
