/**
 * The n-th write of a cell's store fails, for every n of a fixed workload. The cell is dropped and read back, as its
 * host does, and whoever had no answer sends the same again: nothing that was answered is lost, nothing is half
 * there, nothing has its effect twice.
 */
import { describe, expect, test } from "vitest";
import { viewOf } from "../../src/core/cell/view.ts";
import type { TwinView } from "../../src/core/cell/view.ts";
import { readHistory } from "../../src/core/cell/history-view.ts";
import type { Cell } from "../../src/core/cell/cell.ts";
import type { Checkpoint, JournalRow } from "../../src/core/cell/store.ts";
import { JOURNAL_CHARS_MIN } from "../../src/core/limits.ts";
import { CellHost, act, add } from "../support/cell-host.ts";
import { counterModel } from "../support/counter-model.ts";
import { CheckedStore } from "../support/checked-store.ts";

/** How a write fails: with nothing written, or written with the answer lost. */
type Fault = "nothing is written" | "the answer is lost";

class FaultyStore extends CheckedStore {
  writes = 0;
  readonly #failing: ReadonlySet<number>;
  readonly #fault: Fault;

  constructor(failing: readonly number[], fault: Fault) {
    super();
    this.#failing = new Set(failing);
    this.#fault = fault;
  }

  override appendJournal(rows: readonly JournalRow[]): void {
    this.#write(() => super.appendJournal(rows));
  }

  override checkpoint(checkpoint: Checkpoint): void {
    this.#write(() => super.checkpoint(checkpoint));
  }

  #write(write: () => void): void {
    this.writes++;
    if (!this.#failing.has(this.writes)) return write();
    if (this.#fault === "the answer is lost") write();
    throw new Error(`write ${this.writes} fails: ${this.#fault}`);
  }
}

/** It keeps history too: what is written of it is in the same rows and checkpoints. */
const MODEL = { ...counterModel, history: { count: 9, ageMs: 86_400_000, messages: true } };

interface Deed {
  readonly name: string;
  /** Milliseconds that pass before. */
  readonly afterMs?: number;
  /** Milliseconds of model time for each look at the clock: the deed takes several commits. */
  readonly tickMs?: number;
  /** Does it. Returns whether it was answered; done again by the same ids when it was not. */
  readonly act: (host: CellHost) => boolean;
}

const request = (name: string, ...elements: ReturnType<typeof add>[]): Deed => ({
  name,
  act: (host) => {
    // Whoever sends does not know how often it takes: every message has an identity.
    const numbered = elements.map((element, i) => ({
      ...element,
      messageId: element.messageId ?? `${name}/${i}`,
    }));
    const answer = host.submit(...numbered);
    host.run();
    return answer.value !== undefined;
  },
});

const delivery = (
  name: string,
  sender: string,
  from: number,
  ...messages: Record<string, unknown>[]
): Deed => ({
  name,
  act: (host) => {
    let upTo: number | undefined;
    const entries = messages.map(
      (message, i) => [from + i, `delivered-${i % 2}`, message] as const,
    );
    host.cell.submitDelivery({ sender, entries, settle: (n) => (upTo = n) });
    host.run();
    return upTo !== undefined;
  },
});

const direct = (name: string, change: (cell: Cell, nowMs: number) => unknown): Deed => ({
  name,
  act: (host) => {
    change(host.cell, host.nowMs);
    return true;
  },
});

const acknowledgement = (name: string, id: string, ...numbers: number[]): Deed => ({
  name,
  act: (host) => {
    let answer: number | undefined;
    const commandIds = numbers.map((n) => `test-${n}`);
    host.cell.submitAcknowledgement({ id, commandIds, settle: (count) => (answer = count) });
    host.run();
    return answer !== undefined;
  },
});

const WORKLOAD: readonly Deed[] = [
  request("create", add("a", 1), add("b", 2), add("labelled-1", 3)),
  request(
    "change",
    add("a", 10),
    act("b", "date"),
    act("a", "store", { body: { $date: 1, list: [null] } }),
  ),
  request("mixed", add("a", 5), act("a", "throw"), add("c", 7), {
    id: "c",
    message: { add: "no number" },
  }),
  request("numbered", add("n", 1, { seq: 1 }), add("n", 2, { seq: 2 }), add("n", 2, { seq: 2 })),
  request(
    "send",
    act("a", "send", { to: "b", body: { add: 1 } }),
    act("c", "send", { to: "x", body: { add: 2 } }),
  ),
  request(
    "commands",
    ...["a", "b", "c", "a", "d"].map((id, i) => act(id, "command", { body: [id, i] })),
  ),
  acknowledgement("acknowledged", "a", 1),
  request(
    "alerts",
    ...["a", "a", "b", "c"].map((id) => act(id, "raise", { body: { title: "Hot" } })),
    act("a", "raise", { body: { title: "Wet" } }),
  ),
  delivery("delivered", "Other:0/x", 1, { add: 1 }, { add: 2 }, { do: "throw" }, { add: 4 }),
  direct("put", (cell, nowMs) => cell.put("p", { total: 3 }, nowMs)),
  direct("put again", (cell, nowMs) => cell.put("p", { label: "p" }, nowMs)),
  request(
    "timers",
    act("a", "timer", { to: "once", ms: 10 }),
    act("b", "recurring", { to: "beat", ms: 25 }),
    act("c", "timer", { to: "throws", ms: 15 }),
    act("c", "timer", { to: "chain", ms: 15 }),
    act("b", "timer", { to: "command", ms: 30 }),
  ),
  { ...direct("wait 10", () => undefined), afterMs: 10 },
  direct("checkpoint", (cell) => cell.checkpoint()),
  request("after the checkpoint", add("a", 100), act("labelled-1", "remove"), add("new", 1)),
  { ...direct("wait 40", () => undefined), afterMs: 40 },
  delivery("delivered on", "Other:0/x", 3, { do: "throw" }, { add: 4 }, { add: 8 }),
  request("alerts end", ...["a", "d"].map((id) => act(id, "resolve", { to: "Hot" }))),
  direct("remove", (cell, nowMs) => cell.remove("c", nowMs)),
  acknowledgement("acknowledged too late", "c", 4),
  acknowledgement("acknowledged twice", "a", 1, 2),
  request("anew", add("c", 1), add("labelled-1", 2)),
  // More than a row each, and together more than four times the state: the last one makes a checkpoint due.
  ...Array.from({ length: 5 }, (_, i) =>
    request(
      `large ${i}`,
      act("large-0", "grow", { ms: 300_000 + i }),
      act("large-1", "grow", { ms: 300_000 + i }),
    ),
  ),
  direct("checkpoint again", (cell) => cell.checkpoint()),
  request("one by one", ...Array.from({ length: 8 }, (_, i) => add("a", i)), act("a", "throw")),
  {
    ...request(
      "cut",
      ...Array.from({ length: 9 }, (_, i) => add(`cut-${i % 5}`, 1, { messageId: `cut/${i}` })),
    ),
    tickMs: 30,
  },
  request("the end", add("a", 1), add("b", 1)),
];

/** All that a cell holds, as it shows it. */
interface Snapshot {
  readonly twins: readonly (TwinView | null)[];
  readonly outbox: readonly unknown[];
  readonly received: readonly unknown[];
  /** Records of the commands that are pending. */
  readonly commands: readonly string[];
  /** Records of the alerts that twins have raised. */
  readonly alerts: readonly string[];
  readonly histories: readonly unknown[];
}

function snapshotOf({ cell, nowMs }: CellHost): Snapshot {
  const ids = cell.table.ids.filter((id) => id !== undefined).toSorted();
  return {
    twins: ids.map((id) => viewOf(cell, id)),
    outbox: [...cell.outbox.entries()].map(({ n, model, id, message }) => [n, model, id, message]),
    received: [...cell.received],
    commands: [...cell.mailbox.records()],
    alerts: [...cell.alertKeys.records()].toSorted(),
    histories: ids.map((id) => readHistory(cell, id, { limit: 1_000 }, nowMs)),
  };
}

/** The snapshot but for what a deed that is done twice may change: how often something was written. */
function essenceOf({ twins, outbox, received, commands, alerts }: Snapshot): unknown {
  const states = twins.map((twin) => {
    const { id, state, timers } = twin!;
    const { steps: _steps, ...rest } = JSON.parse(state) as Record<string, unknown>;
    return { id, rest, timers };
  });
  return { states, outbox, received, commands, alerts };
}

interface Life {
  readonly store: FaultyStore;
  readonly host: CellHost;
  readonly snapshots: Snapshot[];
  faults: number;
}

/** Does the workload; `expected` are the snapshots of a life without faults. */
function live(failing: readonly number[], fault: Fault, expected?: readonly Snapshot[]): Life {
  const store = new FaultyStore(failing, fault);
  const host = new CellHost(MODEL, store);
  const life: Life = { store, host, snapshots: [], faults: 0 };
  for (const [i, deed] of WORKLOAD.entries()) {
    host.nowMs += deed.afterMs ?? 0;
    host.tickMs = deed.tickMs ?? 0;
    for (let tries = 0, done = false; !done; tries++) {
      if (tries > failing.length) throw new Error(`"${deed.name}" is not answered`);
      try {
        done = deed.act(host);
        host.run();
      } catch (error) {
        if (!String(error).includes("fails:")) throw error;
        done = false;
        life.faults++;
        host.restart();
        if (expected !== undefined) checkRecovery(life, deed, expected[i - 1], expected[i]!);
      }
    }
    life.snapshots.push(snapshotOf(host));
  }
  return life;
}

/** After a fault the cell is as it was before the deed or after it: never between, unless the deed takes several commits. */
function checkRecovery(
  { host, faults }: Life,
  { name, tickMs }: Deed,
  before: Snapshot | undefined,
  after: Snapshot,
): void {
  if (tickMs !== undefined || faults > 1) return;
  const recovered = snapshotOf(host);
  const empty: Snapshot = {
    twins: [],
    outbox: [],
    received: [],
    commands: [],
    alerts: [],
    histories: [],
  };
  if (JSON.stringify(recovered) === JSON.stringify(before ?? empty)) return;
  expect([name, recovered]).toEqual([name, after]);
}

const faultless = live([], "nothing is written");
const WRITES = faultless.store.writes;

test("the workload has commits of several rows, deeds of several commits, and checkpoints that were due", () => {
  expect(WRITES).toBeGreaterThan(WORKLOAD.length);
  const asked = WORKLOAD.filter(({ name }) => name.startsWith("checkpoint")).length;
  expect(faultless.host.cell.counts.checkpoints).toBeGreaterThan(asked);
  expect(faultless.store.rowsWritten).toBeGreaterThan(WRITES + 10);
  expect(faultless.snapshots.at(-1)!.twins.length).toBeGreaterThan(10);
  const pending = faultless.snapshots
    .at(-1)!
    .commands.map((record) => JSON.parse(record) as unknown);
  expect(pending).toEqual([
    { last: 6 },
    [3, "b", expect.any(Number), ["b", 1]],
    [5, "d", expect.any(Number), ["d", 4]],
    [6, "b", expect.any(Number), { timer: "command" }],
  ]);
});

test("the workload raises alerts, resolves one, and removes a twin that has one", () => {
  const { alerts, outbox } = faultless.snapshots.at(-1)!;
  expect(alerts.map((record) => (JSON.parse(record) as string[]).slice(0, 2))).toEqual([
    ["a", "Wet"],
    ["b", "Hot"],
  ]);
  const sent = outbox.map((entry) => entry as [number, string, string, { do?: string }]);
  const asked = sent.flatMap(([, , id, message]) =>
    message.do === undefined ? [] : [`${id} ${message.do}`],
  );
  expect(asked).toEqual(["a raise", "a raise", "b raise", "c raise", "a resolve", "c gone"]);
});

describe.each<Fault>(["nothing is written", "the answer is lost"])("when %s", (fault) => {
  test.each(Array.from({ length: WRITES }, (_, i) => i + 1))(
    "at write %i, the end is as without a fault",
    (n) => {
      const { store, host, snapshots, faults } = live([n], fault, faultless.snapshots);
      expect(faults).toBe(1);
      expect(essenceOf(snapshots.at(-1)!)).toEqual(essenceOf(faultless.snapshots.at(-1)!));
      for (const [i, snapshot] of snapshots.entries()) {
        expect([WORKLOAD[i]!.name, essenceOf(snapshot)]).toEqual([
          WORKLOAD[i]!.name,
          essenceOf(faultless.snapshots[i]!),
        ]);
      }
      const end = snapshotOf(host);
      host.restart();
      expect(snapshotOf(host)).toEqual(end);
      expect(store.writes).toBeGreaterThanOrEqual(WRITES - 1);
    },
  );

  test("at two and three writes in a row, the end is as without a fault", () => {
    for (let n = 1; n <= WRITES; n++) {
      for (const failing of [
        [n, n + 1],
        [n, n + 1, n + 2],
      ]) {
        const { snapshots } = live(failing, fault);
        expect([failing, essenceOf(snapshots.at(-1)!)]).toEqual([
          failing,
          essenceOf(faultless.snapshots.at(-1)!),
        ]);
      }
    }
  });

  test("at every third write, the end is as without a fault", () => {
    const failing = Array.from({ length: WRITES }, (_, i) => i * 3 + 1);
    expect(essenceOf(live(failing, fault).snapshots.at(-1)!)).toEqual(
      essenceOf(faultless.snapshots.at(-1)!),
    );
  });
});

test("a request whose write fails is never settled by the cell that failed", () => {
  const store = new FaultyStore([1], "the answer is lost");
  const host = new CellHost(MODEL, store);
  const answer = host.submit(add("a", 1, { messageId: "m" }));
  expect(() => host.run()).toThrow("write 1 fails");
  expect(answer.value).toBeUndefined();
  host.restart();
  expect(host.send(add("a", 1, { messageId: "m" }))).toMatchObject({ accepted: 0, repeated: [0] });
  expect(host.state("a")).toMatchObject({ total: 1 });
});

test("a request whose commit is written is answered as accepted, though the checkpoint after it fails", () => {
  // The first write is the commit, the second its checkpoint.
  const store = new FaultyStore([2], "nothing is written");
  const host = new CellHost(MODEL, store);
  host.cell.journalChars = JOURNAL_CHARS_MIN;
  const answer = host.submit(add("a", 5), act("a", "command", { body: "on" }));
  expect(() => host.run()).toThrow("write 2 fails");
  // Whoever is told that nothing was kept sends it again, and not everybody numbers messages.
  expect(answer.value).toMatchObject({ accepted: 2, commands: ["on"] });
  host.restart();
  expect(host.state("a")).toMatchObject({ total: 5 });
});
