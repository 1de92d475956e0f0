import { expect, test } from "vitest";
import { Tombstones } from "../../src/core/cell/tombstones.ts";
import { TOMBSTONE_MARKS_MAX, TOMBSTONE_SEQ_MS } from "../../src/core/limits.ts";
import { CellHost, act, add } from "../support/cell-host.ts";

function removing(id: string, identity: { messageId?: string; seq?: number }): object {
  return { ...act(id, "remove"), ...identity };
}

test("a message that comes again after its twin removed itself is a repeat, also after restarts", () => {
  const host = new CellHost();
  host.send(add("a", 1, { messageId: "one" }), add("b", 1, { messageId: "one" }));
  host.send(removing("a", { messageId: "two" }) as ReturnType<typeof act>);
  for (const again of ["at once", "from the journal", "from a checkpoint"]) {
    const repeats = host.send(
      add("a", 1, { messageId: "one" }),
      removing("a", { messageId: "two" }) as ReturnType<typeof act>,
    );
    expect([again, repeats.accepted, repeats.repeated]).toEqual([again, 0, [0, 1]]);
    if (again === "from the journal") host.cell.checkpoint();
    host.restart();
  }
  expect(host.state("a")).toBeNull();
  expect(host.send(add("a", 5, { messageId: "three" })).accepted).toBe(1);
  expect(host.state("a")).toMatchObject({ total: 5, steps: 1 });
});

test("a step that makes its twin and removes it has its effects once", () => {
  const host = new CellHost();
  const both = [
    { ...act("a", "send", { to: "b", body: { add: 1 } }), messageId: "1" },
    removing("a", { messageId: "2" }) as ReturnType<typeof act>,
  ];
  expect(host.send(...both).accepted).toBe(2);
  host.restart();
  expect(host.send(...both).repeated).toEqual([0, 1]);
  expect([...host.cell.outbox.entries()]).toHaveLength(1);
});

test("a new twin of the same id still knows what the old one had", () => {
  const host = new CellHost();
  host.send(add("a", 1, { messageId: "one" }));
  host.send(act("a", "remove"));
  host.send(add("a", 10, { messageId: "two" }));
  expect(host.send(add("a", 1, { messageId: "one" })).repeated).toEqual([0]);
  host.send(act("a", "remove"));
  host.restart();
  const again = host.send(add("a", 1, { messageId: "one" }), add("a", 10, { messageId: "two" }));
  expect(again.repeated).toEqual([0, 1]);
});

test("a twin that an operator deleted leaves nothing: the same messages may come again", () => {
  const host = new CellHost();
  host.send(add("a", 1, { messageId: "one", seq: 7 }));
  host.cell.remove("a", host.nowMs);
  expect(host.cell.tombstones.size).toBe(0);
  const again = host.send(add("a", 1, { messageId: "one" }), add("a", 2, { seq: 1 }));
  expect(again.accepted).toBe(2);
});

test("the last seq of a twin that removed itself is known for a while, and not a millisecond longer", () => {
  const host = new CellHost();
  host.send(removing("a", { seq: 7 }) as ReturnType<typeof act>);
  host.nowMs += TOMBSTONE_SEQ_MS - 1;
  expect(host.send(add("a", 1, { seq: 7 })).repeated).toEqual([0]);
  host.nowMs += 1;
  expect(host.send(add("a", 1, { seq: 7 })).accepted).toBe(1);
});

test("beyond their bound the longest buried are forgotten first", () => {
  const written: string[] = [];
  const tombstones = new Tombstones((record) => written.push(record));
  for (let i = 0; i < TOMBSTONE_MARKS_MAX / 2; i++) tombstones.bury(`t${i}`, [i], null, i);
  expect(tombstones.isBuried("t0", 0)).toBe(true);
  tombstones.bury("last", [1], null, 1);
  expect(tombstones.isBuried("t0", 0)).toBe(false);
  expect(tombstones.isBuried("t1", 1)).toBe(true);
  expect(tombstones.isBuried("last", 1)).toBe(true);
  const again = new Tombstones(() => undefined);
  for (const record of written) again.restore(JSON.parse(record));
  expect([...again.records()]).toEqual([...tombstones.records()]);
});

test("a twin that had no message ids leaves no tombstone", () => {
  const host = new CellHost();
  host.send(add("a", 1));
  host.send(act("a", "remove"));
  expect(host.cell.tombstones.size).toBe(0);
});
