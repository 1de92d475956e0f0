import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { deltaSince } from "../../src/core/cell/delta.ts";
import { VERSION_NONE } from "../../src/core/columns/columns.ts";
import type { ColumnDelta } from "../../src/core/columns/columns.ts";
import { isDeltaOf } from "../../src/core/columns/delta-check.ts";
import { COLUMN_STRING_CHARS_MAX } from "../../src/core/limits.ts";
import type { InMessage } from "../../src/core/cell/requests.ts";
import { ColumnTable } from "../../src/core/columns/table.ts";
import { DigitalTwin, model } from "../../src/sdk/index.ts";
import { CellHost, act, add } from "../support/cell-host.ts";
import { gate } from "../support/counter-model.ts";
import { rowsOf } from "./cell-double.ts";

/** A twin whose fields become whatever it is told. */
class Probe extends DigitalTwin<Record<string, unknown>> {
  n: unknown = 0;
  s: unknown = "";
  b: unknown = false;
  at: unknown = new Date(0);
  atMs: unknown = null;

  override processMessages(_context: unknown, messages: Record<string, unknown>[]): void {
    for (const message of messages) Object.assign(this, message);
  }
}

const probe = model(Probe, {
  name: "Probe",
  message: v.record(v.string(), v.any()),
  query: { n: "number", s: "string", b: "boolean", at: "time", atMs: "time" },
});

function set(id: string, message: Record<string, unknown>): InMessage {
  return { id, message };
}

function deltaOf(host: CellHost, since = VERSION_NONE): ColumnDelta {
  const delta = deltaSince(host.cell, 3, since, host.nowMs);
  expect(isDeltaOf(delta, host.cell.model.fields)).toBe(true);
  return delta;
}

/** A delta in plain values, for comparison. */
function told({ slots, alive, ids, slotCount, since, version }: ColumnDelta): unknown {
  return { slots: [...slots], alive: [...alive], ids, slotCount, since, version };
}

describe("a delta", () => {
  test("of an empty cell is empty, and complete", () => {
    const host = new CellHost(probe);
    expect(deltaOf(host)).toEqual({
      cell: 3,
      since: VERSION_NONE,
      version: 0,
      atMs: host.nowMs,
      slotCount: 0,
      slots: new Int32Array(0),
      alive: new Uint8Array(0),
      ids: [],
      columns: [
        { type: "number", values: new Float64Array(0) },
        { type: "string", codes: new Uint32Array(0), dictionary: [] },
        { type: "boolean", values: new Uint8Array(0) },
        { type: "time", values: new Float64Array(0) },
        { type: "time", values: new Float64Array(0) },
      ],
    });
  });

  test("has each field in its type, null where the value is of another", () => {
    const host = new CellHost(probe);
    host.send(
      set("a", { n: -1.5, s: "x", b: true, at: "2026-11-22T09:30:00+01:00", atMs: 5 }),
      set("b", { n: "1", s: 1, b: 1, at: "no time", atMs: null }),
      set("c", { n: null, s: null, b: null, at: "22.11.2026", atMs: [] }),
      set("d", { s: "x", b: false }),
    );
    expect(deltaOf(host).columns).toEqual([
      { type: "number", values: Float64Array.of(-1.5, Number.NaN, Number.NaN, 0) },
      { type: "string", codes: Uint32Array.of(1, 0, 0, 1), dictionary: ["x"] },
      { type: "boolean", values: Uint8Array.of(1, 2, 2, 0) },
      {
        type: "time",
        values: Float64Array.of(Date.UTC(2026, 10, 22, 8, 30), Number.NaN, Number.NaN, 0),
      },
      { type: "time", values: Float64Array.of(5, Number.NaN, Number.NaN, Number.NaN) },
    ]);
  });

  test.each([
    [COLUMN_STRING_CHARS_MAX, COLUMN_STRING_CHARS_MAX],
    [COLUMN_STRING_CHARS_MAX + 1, COLUMN_STRING_CHARS_MAX],
  ])("has a text of %i characters with %i, the twin has it whole", (chars, kept) => {
    const host = new CellHost(probe);
    host.send(set("a", { s: "x".repeat(chars) }));
    expect(deltaOf(host).columns[1]).toMatchObject({ dictionary: ["x".repeat(kept)] });
    expect(host.state("a")).toMatchObject({ s: "x".repeat(chars) });
  });

  test("since a commit has what changed after it, and ids where they are new", () => {
    const host = new CellHost();
    host.send(add("a", 1), add("b", 1));
    host.send(add("b", 1));
    host.send(add("c", 1));
    expect(told(deltaOf(host, 1))).toEqual({
      slots: [1, 2],
      alive: [1, 1],
      ids: [null, "c"],
      slotCount: 3,
      since: 1,
      version: 3,
    });
    expect(told(deltaOf(host, 3))).toEqual({
      slots: [],
      alive: [],
      ids: [],
      slotCount: 3,
      since: 3,
      version: 3,
    });
    expect(told(deltaOf(host, 0))).toMatchObject({ since: 0, ids: ["a", "b", "c"] });
  });

  test("is complete for a reader who knows a commit that never was", () => {
    const host = new CellHost();
    host.send(add("a", 1));
    expect(deltaOf(host, 2).since).toBe(VERSION_NONE);
    expect(deltaOf(host, 1).since).toBe(1);
  });

  test("says which twins went, and who came into their slots", () => {
    const host = new CellHost();
    host.send(add("a", 1), add("b", 1));
    host.send(act("a", "remove"));
    expect(told(deltaOf(host, 1))).toMatchObject({ slots: [0], alive: [0], ids: [null] });
    host.send(add("c", 1));
    expect(told(deltaOf(host, 1))).toMatchObject({ slots: [0], alive: [1], ids: ["c"] });
    expect(told(deltaOf(host, 2))).toMatchObject({ slots: [0], alive: [1], ids: ["c"] });
    // The batch fails and is tried one by one: the twin goes and comes again in one commit.
    host.send(act("b", "remove"), act("b", "throw"), add("b", 5));
    expect(host.cell.version).toBe(4);
    expect(host.state("b")).toMatchObject({ total: 5 });
    expect(told(deltaOf(host, 3))).toMatchObject({ slots: [1], alive: [1], ids: ["b"] });
  });

  test("says nothing of commits that left every state as it was", () => {
    const host = new CellHost();
    host.send(add("a", 1));
    host.send(act("a", "no-update"), { ...act("a", "no-update"), messageId: "m" });
    expect(told(deltaOf(host, 1))).toMatchObject({ slots: [], version: 2 });
  });
});

describe("a restart", () => {
  test("keeps telling changes since the last checkpoint, and all to who knows less", () => {
    const host = new CellHost();
    host.send(add("a", 1), add("b", 1));
    host.send(add("a", 1));
    host.cell.checkpoint();
    host.send(add("b", 1));
    host.restart();
    expect(told(deltaOf(host, 2))).toMatchObject({ since: 2, slots: [1], ids: [null], version: 3 });
    expect(told(deltaOf(host, 1))).toMatchObject({
      since: VERSION_NONE,
      slots: [0, 1],
      ids: ["a", "b"],
    });
  });

  test("forgets free slots at the end, and tells a reader that they are gone", () => {
    const host = new CellHost();
    host.send(add("a", 1), add("b", 1), add("c", 1));
    const table = new ColumnTable(host.cell.model.fields);
    expect(table.apply(deltaOf(host))).toBe(true);
    host.send(act("c", "remove"), act("b", "remove"));
    host.cell.checkpoint();
    host.restart();
    const late = deltaOf(host, table.versionOf(3));
    expect(late.slotCount).toBe(1);
    expect(table.apply(late)).toBe(true);
    expect(rowsOf(table).map(({ id }) => id)).toEqual(["a"]);
  });
});

describe("a checkpoint", () => {
  test("by itself does not make a reader load the whole cell again", () => {
    const host = new CellHost();
    host.send(add("a", 1), add("b", 1));
    host.send(add("b", 1));
    host.cell.checkpoint();
    expect(told(deltaOf(host, 1))).toMatchObject({ since: 1, slots: [1], ids: [null], version: 2 });
    host.send(act("a", "remove"));
    host.cell.checkpoint();
    expect(told(deltaOf(host, 2))).toMatchObject({ since: 2, slots: [0], alive: [0] });
  });
});

describe("a twin in an asynchronous step", () => {
  test("shows its state before it, and none when it has not come to be", async () => {
    const host = new CellHost();
    host.send(add("a", 1));
    host.submit(
      act("a", "wait", { to: "delta-a", add: 10 }),
      act("b", "wait", { to: "delta-b", add: 10 }),
    );
    host.run();
    const total = (delta: ColumnDelta): unknown => delta.columns[0];
    expect(told(deltaOf(host))).toMatchObject({ slots: [0, 1], alive: [1, 0], ids: ["a", null] });
    expect(total(deltaOf(host))).toEqual({
      type: "number",
      values: Float64Array.of(1, Number.NaN),
    });
    expect(deltaOf(host, host.cell.version).slots).toHaveLength(0);
    const since = host.cell.version;
    gate.open("delta-a");
    gate.open("delta-b");
    for (let i = 0; i < 10; i++) {
      await Promise.resolve();
      host.run();
    }
    expect(told(deltaOf(host, since))).toMatchObject({
      slots: [0, 1],
      alive: [1, 1],
      ids: [null, "b"],
    });
    expect(total(deltaOf(host, since))).toEqual({
      type: "number",
      values: Float64Array.of(11, 10),
    });
  });
});
