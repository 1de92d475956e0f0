import { expect, test } from "vitest";
import { wordsOf } from "../../src/dashboard/client/fields.ts";
import type { ModelInfo } from "../../src/dashboard/client/fields.ts";
import { firstTwinLine } from "../../src/dashboard/client/first-twin.ts";
import { retryDelayMs } from "../../src/dashboard/client/backoff.ts";
import { parseFrame, PING } from "../../src/dashboard/client/live-frames.ts";
import { makeView, parseView, searchOf } from "../../src/dashboard/client/view.ts";
import airport from "../../models/airports/airport.ts";
import statusTracker from "../../models/power-grid/status-tracker.ts";
import { errorFrame, PING_FRAME } from "../../src/wire/live-v1.ts";

function defaultsOf(model: ModelInfo): Readonly<Record<string, unknown>> {
  const { measure, op, group, colour } = makeView(model, {});
  return { measure, op, group, colour };
}

test("the models that come with the product are shown as they are meant", () => {
  expect(defaultsOf(statusTracker)).toEqual({
    measure: "alert_level",
    op: "max",
    group: "region",
    colour: "alert_level",
  });
  expect(defaultsOf(airport)).toEqual({
    measure: "meanDepartureDelay",
    op: "avg",
    group: "state",
    colour: "congestion",
  });
});

test("a model without numbers or texts is counted", () => {
  const bare = { measure: undefined, op: "count", group: undefined, colour: undefined };
  expect(defaultsOf({ name: "Bare", fields: [] })).toEqual(bare);
  const fields = [{ name: "seenAt", type: "time" } as const];
  expect(defaultsOf({ name: "Timed", fields })).toEqual(bare);
});

test("an address that was written is read back, and what it can't mean gives way to the default", () => {
  const asked = { model: "a b&c", field: "f", summary: "avg", by: "g", colour: "h" };
  expect(parseView(searchOf(asked))).toEqual(asked);
  expect(searchOf({})).toBe("");
  const view = makeView(airport, { field: "nothing", summary: "toString", by: "", colour: "city" });
  expect(view).toEqual({ ...makeView(airport, {}), colour: "city" });
});

test("another summary changes the chart, and nothing else", () => {
  const before = makeView(statusTracker, {});
  expect(makeView(statusTracker, { summary: "count" })).toEqual({ ...before, op: "count" });
});

test("names of fields read as words", () => {
  const names = ["alert_level", "meanDepartureDelay", "lastPPMReading", "RPMSpeed", "temp2Max"];
  expect(names.map(wordsOf)).toEqual([
    "alert level",
    "mean departure delay",
    "last PPM reading",
    "RPM speed",
    "temp2 max",
  ]);
});

test("the line that makes a first twin quotes what a shell would take for its own", () => {
  const line = firstTwinLine({ name: "it's; rm", fields: [] }, "http://host:1");
  expect(line).toBe(
    `curl -X PUT 'http://host:1/v1/models/it%27s%3B%20rm/twins/first' -H 'content-type: application/json' -d '{"state":{}}'`,
  );
});

test("attempts come after 0.5 to 1 s at first and 4 to 8 s at last", () => {
  expect([1, 2, 3, 4, 5, 50].map((failures) => retryDelayMs(failures, 0))).toEqual([
    1_000, 2_000, 4_000, 8_000, 8_000, 8_000,
  ]);
  expect(retryDelayMs(1, 1)).toBe(500);
  expect(retryDelayMs(50, 1)).toBe(4_000);
});

test("frames are read as the server writes them; others are left alone", () => {
  expect(PING).toBe(PING_FRAME);
  const refusal = { code: "live/too-many", detail: "Too many." } as const;
  expect(parseFrame(errorFrame(refusal, "s1"))).toEqual({
    type: "error",
    subscription: "s1",
    problem: refusal,
  });
  expect(parseFrame(errorFrame(refusal))).toEqual({
    type: "error",
    subscription: undefined,
    problem: refusal,
  });
  for (const text of ["", "null", "1", "<html>", `{"type":"later"}`, `{"type":"result"}`]) {
    expect(parseFrame(text)).toBeUndefined();
  }
});
