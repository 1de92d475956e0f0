import { describe, expect, test } from "vitest";
import { MockEnvironment } from "livetwin/testing";
import statusTracker from "./status-tracker.ts";

const NOW = Date.UTC(2026, 0, 1);

/** Every test runs on twins that are read back from their stored form before each call. */
function environment(): MockEnvironment {
  return new MockEnvironment({ models: [statusTracker], nowMs: NOW, restartBetweenCalls: true });
}

/** A node with a history, as if it had been through it. */
function nodeWith(fields: Readonly<Record<string, unknown>>): MockEnvironment {
  const env = environment();
  env.put("StatusTracker", "00501", fields);
  return env;
}

function init(fields: object = {}): object {
  return {
    type: "init",
    node_type: "controller",
    region: "NE",
    longitude: -72.6,
    latitude: 40.9,
    ...fields,
  };
}

function status(node_condition: string): object {
  return { type: "status", node_condition };
}

function send(
  env: MockEnvironment,
  ...messages: readonly unknown[]
): ReturnType<MockEnvironment["send"]> {
  return env.send("StatusTracker", "00501", messages);
}

function node(env: MockEnvironment): Readonly<Record<string, unknown>> {
  return env.twin("StatusTracker", "00501") ?? {};
}

test("a new node has no incidents", () => {
  const env = nodeWith({});
  expect(node(env)).toEqual({
    node_type: "",
    node_condition: "",
    region: "",
    longitude: 0,
    latitude: 0,
    alert_level: 0,
    experiencingIncident: false,
    minorIncidentCount: 0,
    moderateIncidentCount: 0,
    severeIncidentCount: 0,
    falseIncidentCount: 0,
    totalIncidents: 0,
    totalResolvedIncidents: 0,
    incidentList: [],
  });
});

describe("init", () => {
  test("says what and where a node is, and that its condition is normal", () => {
    const env = environment();
    send(env, init());
    expect(node(env)).toMatchObject({
      node_type: "controller",
      node_condition: "normal",
      region: "NE",
      longitude: -72.6,
      latitude: 40.9,
      alert_level: 0,
      totalIncidents: 0,
    });
  });

  test("may name another condition, which is no incident", () => {
    const env = environment();
    send(env, init({ node_condition: "moderate" }));
    expect(node(env)).toMatchObject({
      node_condition: "moderate",
      alert_level: 0,
      totalIncidents: 0,
    });
  });

  test("leaves what it does not name as it was", () => {
    const env = nodeWith({ node_type: "controller", region: "SW", longitude: -110, latitude: 33 });
    send(env, { type: "init", region: "NW" });
    expect(node(env)).toMatchObject({
      node_type: "controller",
      region: "NW",
      longitude: -110,
      latitude: 33,
    });
  });

  test("in the middle of a batch holds for the messages after it", () => {
    const env = environment();
    send(
      env,
      status("minor"),
      status("normal"),
      init({ node_type: "infrastructure" }),
      status("minor"),
    );
    expect(node(env)).toMatchObject({
      node_condition: "minor",
      alert_level: 1,
      minorIncidentCount: 2,
      falseIncidentCount: 1,
      totalIncidents: 2,
      totalResolvedIncidents: 1,
    });
  });
});

/** The table of docs: condition, what the node had been through, the two alert levels, and what else changes. */
const RULES = [
  [
    "offline",
    "after a minor incident",
    { node_condition: "minor" },
    [0, 0],
    { falseIncidentCount: 1, totalResolvedIncidents: 1 },
  ],
  [
    "offline",
    "after a moderate incident",
    { node_condition: "moderate" },
    [0, 0],
    { falseIncidentCount: 1, totalResolvedIncidents: 1 },
  ],
  [
    "offline",
    "after a severe incident",
    { node_condition: "severe" },
    [0, 0],
    { totalResolvedIncidents: 1 },
  ],
  ["offline", "when it was normal", { node_condition: "normal" }, [0, 0], {}],
  ["offline", "when it was offline", { node_condition: "offline" }, [0, 0], {}],
  ["offline", "when it had said nothing", {}, [0, 0], {}],
  [
    "normal",
    "after a minor incident",
    { node_condition: "minor" },
    [0, 0],
    { falseIncidentCount: 1, totalResolvedIncidents: 1 },
  ],
  [
    "normal",
    "after a moderate incident",
    { node_condition: "moderate" },
    [0, 0],
    { falseIncidentCount: 1, totalResolvedIncidents: 1 },
  ],
  [
    "normal",
    "after a severe incident",
    { node_condition: "severe" },
    [0, 0],
    { totalResolvedIncidents: 1 },
  ],
  ["normal", "when it was normal", { node_condition: "normal" }, [0, 0], {}],
  ["normal", "when it was offline", { node_condition: "offline" }, [0, 0], {}],
  ["minor", "at any time", {}, [1, 2], { minorIncidentCount: 1 }],
  ["severe", "at any time", {}, [10, 20], { severeIncidentCount: 1 }],
  [
    "moderate",
    "after a severe incident",
    { severeIncidentCount: 1, falseIncidentCount: 1 },
    [5, 11],
    { moderateIncidentCount: 1 },
  ],
  [
    "moderate",
    "without severe or false ones",
    { moderateIncidentCount: 3 },
    [6, 12],
    { moderateIncidentCount: 1 },
  ],
  [
    "moderate",
    "with false ones, none moderate",
    { falseIncidentCount: 1 },
    [7, 13],
    { moderateIncidentCount: 1 },
  ],
  [
    "moderate",
    "with half of the moderate ones false",
    { falseIncidentCount: 1, moderateIncidentCount: 2 },
    [7, 13],
    { moderateIncidentCount: 1 },
  ],
  [
    "moderate",
    "with more false than moderate ones",
    { falseIncidentCount: 3, moderateIncidentCount: 2 },
    [7, 13],
    { moderateIncidentCount: 1 },
  ],
  [
    "moderate",
    "with less than half of the moderate ones false",
    { falseIncidentCount: 1, moderateIncidentCount: 3 },
    [8, 14],
    { moderateIncidentCount: 1 },
  ],
  [
    "moderate",
    "with false ones just short of half",
    { falseIncidentCount: 49, moderateIncidentCount: 99 },
    [8, 14],
    { moderateIncidentCount: 1 },
  ],
] as const;

describe.each(["infrastructure", "controller"] as const)("a node of type %s", (node_type) => {
  test.each(RULES)("that reports %s %s", (condition, _, history, levels, increments) => {
    const env = nodeWith({ node_type, alert_level: 3, experiencingIncident: true, ...history });
    const before = node(env);
    send(env, status(condition));

    const isIncident = condition !== "offline" && condition !== "normal";
    const ended = "totalResolvedIncidents" in increments;
    const expected: Record<string, unknown> = {
      ...before,
      node_condition: condition,
      alert_level: levels[node_type === "infrastructure" ? 0 : 1],
      experiencingIncident: !ended,
      totalIncidents: isIncident ? 1 : 0,
      incidentList: isIncident ? [{ timestamp: NOW, incidentType: condition }] : [],
    };
    for (const [count, by] of Object.entries(increments))
      expected[count] = (before[count] as number) + by;
    expect(node(env)).toEqual(expected);
  });

  test.each(["minor", "moderate", "severe"])(
    "that reports %s is experiencing an incident",
    (condition) => {
      const env = nodeWith({ node_type });
      send(env, status(condition));
      expect(node(env)).toMatchObject({ experiencingIncident: true });
    },
  );
});

test.each(["", "substation", "constructor"])(
  'a node of the unknown type "%s" keeps its level, and its incidents count',
  (node_type) => {
    const env = nodeWith({ node_type, alert_level: 3 });
    send(env, status("severe"), status("normal"), status("minor"));
    expect(node(env)).toMatchObject({
      alert_level: 3,
      node_condition: "minor",
      severeIncidentCount: 1,
      minorIncidentCount: 1,
      totalIncidents: 2,
      totalResolvedIncidents: 1,
    });
    expect([env.alerts(), env.commands()]).toEqual([[], []]);
  },
);

test("a node's history decides on its next moderate report, message by message", () => {
  const env = environment();
  const levels = [
    "moderate",
    "normal",
    "moderate",
    "moderate",
    "moderate",
    "severe",
    "moderate",
  ].map((condition) => {
    send(
      env,
      ...(node(env)["node_type"] === undefined ? [init({ node_type: "infrastructure" })] : []),
      status(condition),
    );
    return node(env)["alert_level"];
  });
  // False / moderate before each: -, -, 1/1, 1/2, 1/3, -, after a severe one.
  expect(levels).toEqual([6, 0, 7, 7, 8, 10, 5]);
});

test("the incident list holds the newest 15, oldest first", () => {
  const env = nodeWith({ node_type: "controller" });
  for (let i = 0; i < 15; i++) {
    send(env, status(i === 0 ? "moderate" : "minor"));
    env.advance(1_000);
  }
  expect(incidents(env)).toHaveLength(15);
  expect(incidents(env)[0]).toEqual({ timestamp: NOW, incidentType: "moderate" });

  send(env, status("moderate"));
  expect(incidents(env)).toHaveLength(15);
  expect(incidents(env)[0]).toEqual({ timestamp: NOW + 1_000, incidentType: "minor" });
  expect(incidents(env)[14]).toEqual({ timestamp: NOW + 15_000, incidentType: "moderate" });
  expect(node(env)).toMatchObject({ totalIncidents: 16 });
});

describe.each([
  ["infrastructure", 10],
  ["controller", 20],
])("a node of type %s", (node_type, level) => {
  test(`whose level rises to ${level} raises one alert, and is told once to isolate itself`, () => {
    const env = nodeWith({ node_type });
    const answer = send(env, status("moderate"), status("severe"), status("severe"));
    expect(answer.commands).toEqual([{ command: "isolate", alert_level: level }]);
    send(env, status("severe"));
    expect(env.commands("StatusTracker", "00501")).toHaveLength(1);
    expect(env.alerts("StatusTracker").map(({ id }) => id)).toEqual(["00501"]);
  });

  test.each(["normal", "offline", "minor", "moderate"])(
    "that reports %s after that has its alert resolved",
    (condition) => {
      const env = nodeWith({ node_type });
      send(env, status("severe"));
      expect(env.alertList({ model: "StatusTracker" })).toMatchObject([{ key: "under-attack" }]);
      send(env, status(condition));
      expect(env.alertList({ model: "StatusTracker" })).toEqual([]);
    },
  );

  test.each(["normal", "offline", "minor", "moderate"])(
    "that reported %s in between rises again",
    (between) => {
      const env = nodeWith({ node_type });
      send(env, status("severe"), status(between), status("severe"));
      expect(env.commands()).toHaveLength(2);
      expect(env.alerts()).toHaveLength(2);
    },
  );

  test("that reports anything less raises no alert", () => {
    const env = nodeWith({ node_type, falseIncidentCount: 1, moderateIncidentCount: 9 });
    send(env, status("minor"), status("moderate"), status("offline"), status("normal"));
    expect([env.alerts(), env.commands()]).toEqual([[], []]);
  });
});

describe("messages", () => {
  test.each([
    ["without a type", { node_condition: "minor" }],
    ["of an unknown type", { type: "reset" }],
    ["whose type is a number", { type: 1, node_condition: "minor" }],
    ["of a status without a condition", { type: "status" }],
    ["of an unknown condition", status("exploded")],
    ["whose condition is null", { type: "status", node_condition: null }],
    ["of an init with an unknown condition", init({ node_condition: "exploded" })],
    ["whose node type is a number", init({ node_type: 1 })],
    ["whose region is a number", init({ region: 1 })],
    ["whose longitude is text", init({ longitude: "-72.6" })],
    ["whose latitude is null", init({ latitude: null })],
    ["of a status whose region is a number", { ...status("minor"), region: 1 }],
    ["that is no object", "severe"],
    ["that is null", null],
  ])("one %s is rejected, alone", (_, message) => {
    const env = nodeWith({ node_type: "controller", region: "SW" });
    const { accepted, rejected } = send(env, status("minor"), message, status("minor"));
    expect({ accepted, rejected: rejected.map(({ index, code }) => [index, code]) }).toEqual({
      accepted: 2,
      rejected: [[1, "message/invalid"]],
    });
    expect(node(env)).toMatchObject({
      node_type: "controller",
      region: "SW",
      totalIncidents: 2,
      minorIncidentCount: 2,
    });
  });

  test("a rejected message leaves the whole state as it was", () => {
    const env = nodeWith({ node_type: "controller" });
    send(env, status("moderate"));
    const before = node(env);
    send(env, { type: "status", node_condition: "exploded" });
    expect(node(env)).toEqual(before);
  });

  test("keys that are not known are ignored", () => {
    const env = environment();
    const { accepted } = send(env, init({ voltage: 110 }), {
      ...status("minor"),
      alert_level: 99,
      totalIncidents: 99,
    });
    expect(accepted).toBe(2);
    expect(node(env)).toMatchObject({ alert_level: 2, totalIncidents: 1 });
    expect(Object.keys(node(env))).not.toContain("voltage");
  });
});

test("one batch and one message at a time end in the same state", () => {
  const messages = [
    init(),
    ...["minor", "normal", "moderate", "severe", "offline", "moderate"].map(status),
  ];
  const together = environment();
  send(together, ...messages);
  const apart = environment();
  for (const message of messages) send(apart, message);
  expect(node(together)).toEqual(node(apart));
  expect(together.commands()).toEqual(apart.commands());
});

function incidents(env: MockEnvironment): readonly unknown[] {
  return node(env)["incidentList"] as readonly unknown[];
}
