/** The mailbox of a cell against a list that knows nothing of boxes, orders and records; and both sides of its bounds. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Cell } from "../../src/core/cell/cell.ts";
import {
  CELL_COMMANDS_CHARS_MAX,
  COMMANDS_PER_TWIN_MAX,
  COMMAND_AGE_MS_MAX,
  MESSAGE_CHARS_MAX,
  STEP_COMMANDS_MAX,
  TWIN_COMMANDS_CHARS_MAX,
} from "../../src/core/limits.ts";
import type { CommandsWanted, Settlement } from "../../src/core/cell/requests.ts";
import type { Json } from "../../src/core/model.ts";
import { CellHost, act, add } from "../support/cell-host.ts";
import { CheckedStore } from "../support/checked-store.ts";
import { counterModel, gate } from "../support/counter-model.ts";

const IDS = ["a", "b", "c"];

interface Known {
  readonly commandId: string;
  readonly id: string;
  readonly body: string;
  readonly sentAtMs: number;
  readonly chars: number;
}

const command = (id: string, body: unknown): ReturnType<typeof act> => act(id, "command", { body });

function pendingOf(host: CellHost, id: string): readonly unknown[] {
  return host.cell.mailbox.pendingOf(id, host.nowMs).map(({ body }) => JSON.parse(body) as unknown);
}

function acknowledge(host: CellHost, id: string, commandIds: readonly string[]): number {
  let answer: number | undefined;
  host.cell.submitAcknowledgement({ id, commandIds, settle: (count) => (answer = count) });
  host.run();
  if (answer === undefined) throw new Error("the acknowledgement is not settled");
  return answer;
}

/** What a mailbox is to be: one list, and the rules applied to it one after the other. */
class NaiveMailbox {
  commands: Known[] = [];
  #last = 0;

  send(id: string, body: string, sentAtMs: number): void {
    const n = ++this.#last;
    const chars = `[${n},"${id}",${sentAtMs},${body}]`.length;
    this.commands.push({ commandId: `test-${n}`, id, body, sentAtMs, chars });
    const own = (): Known[] => this.commands.filter((each) => each.id === id);
    while (own().length > COMMANDS_PER_TWIN_MAX || charsOf(own()) > TWIN_COMMANDS_CHARS_MAX)
      this.#drop(own()[0]!);
    while (charsOf(this.commands) > CELL_COMMANDS_CHARS_MAX) this.#drop(this.commands[0]!);
  }

  acknowledge(id: string, commandIds: readonly string[]): number {
    const before = this.commands.length;
    this.commands = this.commands.filter(
      (each) => each.id !== id || !commandIds.includes(each.commandId),
    );
    return before - this.commands.length;
  }

  expire(nowMs: number): void {
    this.commands = this.commands.filter(({ sentAtMs }) => nowMs - sentAtMs < COMMAND_AGE_MS_MAX);
  }

  remove(id: string): void {
    this.commands = this.commands.filter((each) => each.id !== id);
  }

  #drop(command: Known): void {
    this.commands = this.commands.filter((each) => each !== command);
  }
}

function charsOf(commands: readonly Known[]): number {
  return commands.reduce((sum, { chars }) => sum + chars, 0);
}

type Deed =
  | { do: "send"; id: string; bodies: readonly Json[] }
  | { do: "fill"; id: string; count: number; chars: number }
  | { do: "ack"; id: string; picks: readonly number[] }
  | { do: "wait"; ms: number }
  | { do: "remove"; id: string }
  | { do: "restart" | "checkpoint" };

const id = fc.constantFrom(...IDS);
const deed: fc.Arbitrary<Deed> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("send" as const),
      id,
      bodies: fc.array(fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>, {
        minLength: 1,
        maxLength: 4,
      }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("fill" as const),
      id,
      count: fc.integer({ min: 1, max: 700 }),
      chars: fc.constantFrom(1, 300, 2_000),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("ack" as const),
      id,
      picks: fc.array(fc.nat({ max: 2_000 }), { maxLength: 40 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("wait" as const),
      ms: fc.constantFrom(0, 1, 1_000, COMMAND_AGE_MS_MAX / 2, COMMAND_AGE_MS_MAX - 1),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("remove" as const), id }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom("restart" as const, "checkpoint" as const) }),
  },
);

function compare(host: CellHost, naive: NaiveMailbox): void {
  naive.expire(host.nowMs);
  for (const twin of IDS) {
    const expected = naive.commands
      .filter((each) => each.id === twin)
      .map(({ commandId, body, sentAtMs }) => ({ commandId, body, sentAtMs }));
    expect(host.cell.mailbox.pendingOf(twin, host.nowMs)).toEqual(expected);
    expect(host.cell.mailbox.countOf(twin, host.nowMs)).toBe(expected.length);
    expect(host.cell.mailbox.pendingOf(twin, host.nowMs, 3)).toEqual(expected.slice(0, 3));
  }
}

function carryOut(host: CellHost, naive: NaiveMailbox, deed: Deed): void {
  const sent = (twin: string, bodies: readonly Json[]): void => {
    naive.expire(host.nowMs);
    host.send(...bodies.map((body) => command(twin, body)));
    for (const body of bodies) naive.send(twin, JSON.stringify(body), host.nowMs);
  };
  switch (deed.do) {
    case "send":
      return sent(deed.id, deed.bodies);
    case "fill":
      return sent(
        deed.id,
        Array.from({ length: deed.count }, (_, i) => `${i}`.padEnd(deed.chars)),
      );
    case "ack": {
      const ids = [...deed.picks.map((n) => `test-${n}`), "test-1e1", "other-1", "test-"];
      naive.expire(host.nowMs);
      expect(acknowledge(host, deed.id, ids)).toBe(naive.acknowledge(deed.id, ids));
      return;
    }
    case "wait":
      host.nowMs += deed.ms;
      return;
    case "remove":
      naive.remove(deed.id);
      host.cell.remove(deed.id, host.nowMs);
      return;
    case "checkpoint":
      return host.cell.checkpoint();
    case "restart":
      return host.restart();
  }
}

describe("the mailbox", () => {
  test("is what a plain list says, whatever happens, and so is what is read back", () => {
    fc.assert(
      fc.property(fc.array(deed, { maxLength: 30 }), (deeds) => {
        const store = new CheckedStore();
        const host = new CellHost(undefined, store);
        const naive = new NaiveMailbox();
        for (const each of deeds) {
          carryOut(host, naive, each);
          compare(host, naive);
        }
        const { mailbox } = host.cell;
        const records = [...mailbox.records()];
        const { size, chars } = mailbox;
        host.restart();
        compare(host, naive);
        expect([...host.cell.mailbox.records()]).toEqual(records);
        expect([host.cell.mailbox.size, host.cell.mailbox.chars]).toEqual([size, chars]);
      }),
      { numRuns: 60 },
    );
  });

  test("keeps bodies as they are, through a checkpoint too", () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue() as fc.Arbitrary<Json>, { maxLength: 8 }), (bodies) => {
        const host = new CellHost();
        host.send(add("a", 1), ...bodies.map((body) => command("a", body)));
        const before = host.cell.mailbox.pendingOf("a", host.nowMs);
        expect(before.map(({ body }) => body)).toEqual(
          bodies.map((body) => JSON.stringify(JSON.parse(JSON.stringify(body)))),
        );
        host.restart();
        expect(host.cell.mailbox.pendingOf("a", host.nowMs)).toEqual(before);
        host.cell.checkpoint();
        host.restart();
        expect(host.cell.mailbox.pendingOf("a", host.nowMs)).toEqual(before);
      }),
      { numRuns: 50 },
    );
  });

  test("numbers go on for ever, also when all was acknowledged and the journal is gone", () => {
    const host = new CellHost();
    const ids = new Set<string>();
    for (let i = 1; i <= 4; i++) {
      const { commandIds } = host.send(command("a", i));
      expect(commandIds).toEqual([`test-${i}`]);
      ids.add(commandIds![0]!);
      acknowledge(host, "a", commandIds!);
      if (i % 2 === 0) host.cell.checkpoint();
      host.restart();
    }
    expect(ids.size).toBe(4);
  });

  test("does not keep in memory what is gone, while one command stays", () => {
    const host = new CellHost();
    host.send(command("stays", 0));
    for (let i = 0; i < 5_000; i++) {
      const { commandIds } = host.send(command("a", i));
      acknowledge(host, "a", commandIds!);
    }
    expect(host.cell.mailbox.size).toBe(1);
    expect(host.cell.mailbox.goneInMemory).toBeLessThan(2_000);
  });

  test("still finds the oldest after many have gone", () => {
    const host = new CellHost();
    for (let i = 0; i < 3_000; i++) acknowledge(host, "a", host.send(command("a", i)).commandIds!);
    host.send(command("a", "old"), command("b", "too"));
    host.nowMs += COMMAND_AGE_MS_MAX;
    host.send(add("a", 1));
    expect(host.cell.mailbox.size).toBe(0);
    expect(host.cell.mailbox.counts.commandsExpired).toBe(2);
  });

  test("knows no command of another incarnation", () => {
    const host = new CellHost();
    const [commandId] = host.send(command("a", 1)).commandIds!;
    expect(acknowledge(host, "a", [commandId!.replace("test", "other")])).toBe(0);
    expect(acknowledge(host, "b", [commandId!])).toBe(0);
    expect(acknowledge(host, "a", [commandId!])).toBe(1);
  });
});

describe("commands of a twin", () => {
  const steps = (host: CellHost, count: number, from = 0): void => {
    for (let i = from; i < from + count; i++) host.send(command("a", i));
  };
  const failures = (host: CellHost): readonly string[] =>
    host.cell.log.newest(100).map(({ text }) => text);

  test("are a thousand at most: the oldest goes for a newer one, which the log says once", () => {
    const host = new CellHost();
    host.send(command("b", "neighbour"));
    steps(host, COMMANDS_PER_TWIN_MAX);
    expect([pendingOf(host, "a").length, pendingOf(host, "a")[0]]).toEqual([1_000, 0]);
    expect(failures(host)).toEqual([]);
    steps(host, 5, COMMANDS_PER_TWIN_MAX);
    expect([pendingOf(host, "a").length, pendingOf(host, "a")[0]]).toEqual([1_000, 5]);
    expect(failures(host)).toEqual([expect.stringContaining("More than 1000 commands")]);
    expect(host.cell.mailbox.counts).toMatchObject({ commandsSent: 1_006, commandsDropped: 5 });
    expect(pendingOf(host, "b")).toEqual(["neighbour"]);
    host.restart();
    expect([pendingOf(host, "a").length, pendingOf(host, "a")[0]]).toEqual([1_000, 5]);
    expect(host.cell.mailbox.counts.commandsDropped).toBe(0);
  });

  test("that overflow again after there was room are said again", () => {
    const host = new CellHost();
    steps(host, COMMANDS_PER_TWIN_MAX + 2);
    const ids = host.cell.mailbox.pendingOf("a", host.nowMs).map(({ commandId }) => commandId);
    acknowledge(host, "a", ids.slice(0, 499));
    steps(host, 502);
    expect(failures(host)).toHaveLength(1);
    acknowledge(
      host,
      "a",
      host.cell.mailbox.pendingOf("a", host.nowMs, 500).map(({ commandId }) => commandId),
    );
    steps(host, 502);
    expect(failures(host)).toHaveLength(2);
  });

  test("of one step may be a thousand, and push out all before", () => {
    const host = new CellHost();
    steps(host, 10);
    const messages = Array.from({ length: STEP_COMMANDS_MAX }, (_, i) => command("a", `new ${i}`));
    expect(host.send(...messages)).toMatchObject({ accepted: STEP_COMMANDS_MAX });
    expect([pendingOf(host, "a").length, pendingOf(host, "a")[0]]).toEqual([1_000, "new 0"]);
  });

  test("are so many characters at most, as stored", () => {
    const host = new CellHost();
    const text = (chars: number): string => "x".repeat(chars);
    const recordChars = `[1,"a",${host.nowMs},""]`.length;
    const quarter = TWIN_COMMANDS_CHARS_MAX / 4;
    expect(quarter).toBeLessThanOrEqual(MESSAGE_CHARS_MAX);
    for (let i = 0; i < 4; i++) host.send(command("a", text(quarter - recordChars)));
    expect(pendingOf(host, "a")).toHaveLength(4);
    expect(host.cell.mailbox.chars).toBe(TWIN_COMMANDS_CHARS_MAX);
    host.send(command("a", 1));
    expect(pendingOf(host, "a")).toHaveLength(4);
    expect(pendingOf(host, "a").at(-1)).toBe(1);
    expect(failures(host)).toHaveLength(1);
  });

  test("wait for a week, to the millisecond", () => {
    const host = new CellHost();
    host.send(command("a", 1));
    host.nowMs += COMMAND_AGE_MS_MAX - 1;
    expect(host.view("a")).toMatchObject({ pendingCommands: 1 });
    host.send(add("a", 1));
    expect(pendingOf(host, "a")).toEqual([1]);
    host.nowMs += 1;
    expect(pendingOf(host, "a")).toEqual([]);
    host.send(add("a", 1));
    expect(host.cell.mailbox.size).toBe(0);
    expect(host.cell.mailbox.counts).toMatchObject({ commandsExpired: 1, commandsAcknowledged: 0 });
    host.restart();
    expect(host.cell.mailbox.size).toBe(0);
  });
});

describe("commands of a cell", () => {
  test("are so many characters at most: the oldest of all twins go, which the log says once", () => {
    const host = new CellHost();
    const body = "x".repeat(100_000);
    const count = Math.floor(CELL_COMMANDS_CHARS_MAX / 100_030);
    for (let i = 0; i < count; i++) host.send(command(`t${i}`, body));
    expect(host.cell.mailbox.size).toBe(count);
    expect(host.cell.log.newest(10)).toEqual([]);
    for (let i = 0; i < 3; i++) host.send(command(`t${count + i}`, body));
    expect(host.cell.mailbox.chars).toBeLessThanOrEqual(CELL_COMMANDS_CHARS_MAX);
    expect(host.cell.mailbox.size).toBe(count);
    expect([0, 1, 2, 3].map((i) => pendingOf(host, `t${i}`).length)).toEqual([0, 0, 0, 1]);
    expect(host.cell.log.newest(10)).toMatchObject([{ id: "t0", severity: "warning" }]);
    const records = [...host.cell.mailbox.records()];
    host.restart();
    expect([...host.cell.mailbox.records()]).toEqual(records);
  });
});

describe("the commands of a step that requests share", () => {
  function share(...wants: CommandsWanted[]): {
    host: CellHost;
    answers: (Settlement | undefined)[];
  } {
    const host = new CellHost();
    const answers: (Settlement | undefined)[] = wants.map(() => undefined);
    for (const [i, wantCommands] of wants.entries()) {
      host.cell.submit({
        elements: [command("a", i)],
        wantCommands,
        settle: (settlement) => (answers[i] = settlement),
      });
    }
    host.run();
    expect(host.state("a")).toMatchObject({ steps: 1 });
    return { host, answers };
  }

  test("are in the last answer that wants them, and wait", () => {
    const { host, answers } = share(true, true, false);
    expect(answers.map((answer) => answer!.commands)).toEqual([[], [0, 1, 2], undefined]);
    expect(answers[1]!.commandIds).toEqual(["test-1", "test-2", "test-3"]);
    expect(answers[0]!.commandIds).toBeUndefined();
    expect(pendingOf(host, "a")).toEqual([0, 1, 2]);
  });

  test("do not wait when that answer takes them", () => {
    const { host, answers } = share(true, "taken");
    expect(answers.map((answer) => answer!.commands)).toEqual([[], [0, 1]]);
    expect(answers[1]!.commandIds).toBeUndefined();
    expect(host.cell.mailbox.size).toBe(0);
    const later = share("taken", true);
    expect(later.answers.map((answer) => answer!.commands)).toEqual([[], [0, 1]]);
    expect(later.host.cell.mailbox.size).toBe(2);
  });

  test("wait when no answer wants them", () => {
    expect(pendingOf(share(false, false).host, "a")).toEqual([0, 1]);
  });
});

describe("who is told of commands", () => {
  test("is told when they are written, before their requests are answered", () => {
    const told: string[] = [];
    const store = new CheckedStore();
    const cell = new Cell({
      model: counterModel,
      world: { models: new Map([["Counter", counterModel]]) },
      store,
      monotonicMs: () => 0,
      wake: () => undefined,
      incarnation: "told",
      commandsSent: (commands) =>
        commands.forEach(({ id: twin, commandId, body }) =>
          told.push(`${twin} ${commandId} ${body} after ${store.rowsWritten} rows`),
        ),
    });
    const submit = (...elements: ReturnType<typeof command>[]): void => {
      cell.submit({ elements, wantCommands: true, settle: () => told.push("answered") });
      cell.turn(1_000);
    };
    submit(command("a", 1), command("b", 2));
    submit(add("a", 1));
    // What a twin says last is told too, though it waits nowhere.
    submit(command("a", 3), act("a", "remove"));
    expect(told).toEqual([
      "a told-1 1 after 1 rows",
      "b told-2 2 after 1 rows",
      "answered",
      "answered",
      "a told-3 3 after 3 rows",
      "answered",
    ]);
    expect(cell.mailbox.size).toBe(1);
  });

  test("is told of an asynchronous step's commands when it has ended", async () => {
    const host = new CellHost();
    const answer = host.submit(command("a", "later"), act("a", "wait", { to: "mailbox" }));
    host.run();
    expect(answer.value).toBeUndefined();
    expect(host.cell.mailbox.size).toBe(0);
    gate.open("mailbox");
    for (let i = 0; i < 5; i++) await Promise.resolve();
    host.run();
    expect(answer.value).toMatchObject({ commands: ["later"], commandIds: ["test-1"] });
    expect(pendingOf(host, "a")).toEqual(["later"]);
  });
});

describe("rows", () => {
  test("are none for acknowledgements of nothing, one for many together", () => {
    const store = new CheckedStore();
    const host = new CellHost(undefined, store);
    const { commandIds } = host.send(...IDS.map((twin) => command(twin, twin)));
    store.rowsWritten = 0;
    expect(acknowledge(host, "a", ["test-99", "nonsense"])).toBe(0);
    expect(store.rowsWritten).toBe(0);
    let settled = 0;
    for (const [i, twin] of IDS.entries())
      host.cell.submitAcknowledgement({
        id: twin,
        commandIds: [commandIds![i]!],
        settle: (count) => (settled += count),
      });
    host.run();
    expect([settled, store.rowsWritten]).toEqual([3, 1]);
  });

  test("are as many with commands as without, and none for commands that the answer takes", () => {
    const store = new CheckedStore();
    const host = new CellHost(undefined, store);
    host.send(command("a", 1));
    expect(store.rowsWritten).toBe(1);
    host.cell.submit({
      elements: [command("a", 2), act("a", "no-update")],
      wantCommands: "taken",
      settle: () => undefined,
    });
    host.run();
    expect(store.rowsWritten).toBe(1);
  });
});
