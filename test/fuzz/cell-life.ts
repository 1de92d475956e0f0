/** One random life of a cell, decided by a seed, and the comparisons along its way. */
import { deltaSince } from "../../src/core/cell/delta.ts";
import { Cell } from "../../src/core/cell/cell.ts";
import type { CellStore } from "../../src/core/cell/store.ts";
import { BUSY_TIMER_RETRY_MS, COMMAND_AGE_MS_MAX } from "../../src/core/limits.ts";
import type { InMessage, Refused, Settlement } from "../../src/core/cell/requests.ts";
import { ColumnTable } from "../../src/core/columns/table.ts";
import { CheckedStore } from "../support/checked-store.ts";
import {
  checkDelivery,
  checkSettlement,
  compareCell,
  compareColumns,
  compareHistory,
  compareRecovery,
  same,
} from "./cell-checks.ts";
import type { Sent } from "./cell-checks.ts";
import { Dice, IDS, elementOf } from "./cell-messages.ts";
import type { Content } from "./cell-messages.ts";
import { Reference } from "./cell-reference.ts";
import type { OpenStep, Request, Sending } from "./cell-reference.ts";
import { ledgerModel } from "./ledger-model.ts";
import type { StepWatch, Watch } from "./ledger-model.ts";

const SENDERS = ["Other:0/x", "Other:1/y"];
const SELF = "Ledger:0/z";
const CELL = 5;

/** A message that was sent and bears an identity: it may be sent again. */
interface Past {
  readonly id: string;
  readonly messageId?: string;
  readonly seq?: number;
  readonly content: Content;
}

/** What a sender has to deliver; `acked` are done. */
interface Sender {
  readonly entries: { readonly id: string; readonly content: Content }[];
  acked: number;
}

type Operation = (life: CellLife) => void | Promise<void>;

export class CellLife {
  /** How often what came up. */
  readonly tally: Record<string, number> = {};
  readonly #script: string[] = [];
  readonly #dice: Dice;
  /** Of its own, so that the lives of older seeds are as they were. */
  readonly #commandDice: Dice;
  readonly #seenCommands: string[] = [];
  readonly #store = new CheckedStore();
  readonly #reference = new Reference();
  readonly #readers = Array.from(
    { length: 3 },
    () => new ColumnTable(ledgerModel(() => this.#watch).fields),
  );
  readonly #past: Past[] = [];
  readonly #senders = new Map<string, Sender>(
    SENDERS.map((name) => [name, { entries: [], acked: 0 }]),
  );
  readonly #gates = new Map<string, (() => void)[]>();
  readonly #deliveredUnwritten = new Set<number>();
  /** When a turn last found a twin in an asynchronous step. */
  readonly #busyAtMs = new Map<string, number>();
  #watch: Watch = this.#makeWatch();
  #cell = this.#load(this.#store);
  #open = new Set<object>();
  /** Steps that are over for the model; the cell hears of it a moment later. */
  #ending: OpenStep[] = [];
  #pumping = false;
  #nowMs = 1_000_000;
  #clockMs = 0;
  #tickMs = 0;
  #nextN = 0;

  constructor(seed: number) {
    this.#dice = new Dice(seed);
    this.#commandDice = new Dice(seed ^ 0x5bd1e995);
  }

  /** Lives a life to its end. Throws with seed and script where it differs from the reference. */
  static async live(seed: number, operations: number): Promise<CellLife> {
    const life = new CellLife(seed);
    try {
      // Each life has some kinds of things more often than others, and some never.
      const kinds = Object.entries(OPERATIONS).map(([name, [weight, operation]]) => {
        const share = life.#dice.roll() < 0.15 ? 0 : weight * (0.3 + life.#dice.roll() * 2);
        return { name, share, operation };
      });
      for (let i = 0; i < operations; i++) {
        const { name, operation } = life.#dice.pickByShare(kinds);
        life.#script.push(name);
        await operation(life);
      }
      await life.#end();
      return life;
    } catch (error) {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      throw new Error(`seed ${seed}: ${text}\nscript:\n${life.#script.join("\n")}`, {
        cause: error,
      });
    }
  }

  /** A request of some messages. */
  send(): void {
    const elements: (InMessage | Refused)[] = [];
    const sendings: Sent[] = [];
    if (this.#commandDice.likely(0.4)) this.#acknowledge();
    const wants = this.#commandDice.pick([true, true, true, false, "taken"] as const);
    const requested: Request = { wants, commands: [], commandIds: [] };
    for (let i = 1 + this.#dice.below(6); i > 0; i--) {
      const odd = this.#dice.roll();
      const id = this.#dice.pick(IDS);
      if (odd < 0.03) {
        elements.push({ refusal: { code: "message/malformed", detail: "cut short" } });
        sendings.push("refused");
      } else if (odd < 0.06) {
        elements.push({ id, message: { n: "one" } });
        sendings.push("invalid");
      } else if (odd < 0.09) {
        elements.push({ id, message: { n: -1 }, messageId: this.#dice.pick(["", 7, null]) });
        sendings.push("bad-id");
      } else {
        const { element, sending } = this.#nextSending(id, requested);
        elements.push(element);
        sendings.push(sending);
      }
    }
    this.#say(JSON.stringify(elements));
    const request = {};
    this.#open.add(request);
    const settle = (settlement: Settlement): void => {
      if (!this.#open.delete(request))
        throw new Error("a request is settled that was settled or lost");
      for (const what of ["accepted", "repeated", "rejected"] as const) {
        const outcome = settlement[what];
        this.#count(what, typeof outcome === "number" ? outcome : outcome.length);
      }
      checkSettlement(settlement, sendings, requested, this.#reference);
      this.#count("commands answered", requested.commands.length);
    };
    this.#cell.submit({ elements, wantCommands: wants, settle });
  }

  /** A device acknowledges some of its commands, old ones and nonsense. */
  #acknowledge(): void {
    const dice = this.#commandDice;
    const id = dice.pick(IDS);
    for (const { commandId } of this.#cell.mailbox.pendingOf(id, this.#nowMs))
      this.#seenCommands.push(commandId);
    const odd = ["fuzz-", "fuzz-1e3", "other-1", "fuzz-01", ""];
    const seen = this.#seenCommands.filter(() => dice.likely(0.5));
    const acknowledgement = { id, commandIds: [...seen, dice.pick(odd)], expected: -1 };
    this.#reference.acknowledges(acknowledgement);
    this.#open.add(acknowledgement);
    this.#cell.submitAcknowledgement({
      ...acknowledgement,
      settle: (acknowledged) => {
        if (!this.#open.delete(acknowledgement))
          throw new Error("an acknowledgement is settled that was settled or lost");
        same(acknowledged, acknowledgement.expected, "commands acknowledged");
        this.#count("commands acknowledged", acknowledged);
      },
    });
  }

  /** Messages of another cell, from where it believes the receiver to be. */
  deliver(): void {
    const name = this.#dice.pick(SENDERS);
    const sender = this.#senders.get(name)!;
    for (let i = this.#dice.below(4); i > 0; i--)
      sender.entries.push({ id: this.#dice.pick(IDS), content: this.#dice.content() });
    // A sender that was restarted may go further back than what was acknowledged.
    const from = Math.max(0, sender.acked - (this.#dice.roll() < 0.2 ? this.#dice.below(4) : 0));
    const upTo = Math.min(sender.entries.length, from + 1 + this.#dice.below(5));
    if (upTo === from) return;
    this.#submitDelivery(name, from, sender.entries.slice(from, upTo), (deliveredUpTo) => {
      sender.acked = Math.max(sender.acked, Math.min(deliveredUpTo, sender.entries.length));
    });
  }

  /** The cell's own messages, to itself: all undelivered ones, in order. */
  pump(): void {
    if (this.#pumping) return;
    const entries = [...this.#cell.outbox.entries()].slice(0, 1 + this.#dice.below(5));
    if (entries.length === 0) return;
    this.#pumping = true;
    const ns = entries.map(({ n }) => n);
    this.#say(`${SELF} ${ns.join()}`);
    const elements = entries.map(({ n, id, message }): [number, string, unknown] => {
      const content = message as Content;
      const isPast = n <= (this.#reference.received.get(SELF) ?? 0);
      const sending = this.#enter(id, `${SELF}/${n}`, undefined, content, isPast);
      return [n, id, sending.message];
    });
    const cell = this.#cell;
    cell.submitDelivery({
      sender: SELF,
      entries: elements,
      settle: (upTo) => {
        this.#pumping = false;
        this.#reference.received.set(SELF, Math.max(this.#reference.received.get(SELF) ?? 0, upTo));
        for (const n of ns) {
          cell.outbox.delivered(n);
          this.#reference.outbox.delete(n);
          this.#deliveredUnwritten.add(n);
        }
      },
    });
  }

  put(): void {
    const id = this.#dice.pick(IDS);
    const fields: Record<string, unknown> = this.#dice.pick([
      { total: this.#dice.below(9) },
      { note: "put", active: true },
      { at: "2026-11-22T09:30:00.000Z" },
      { totl: 1 },
      { values: "none" },
      { note: "x".repeat(3_000) },
    ]);
    this.#say(`${id} ${JSON.stringify(fields).slice(0, 60)}`);
    const { twins, busy } = this.#reference;
    const result = this.#committing(() => this.#cell.put(id, fields, this.#nowMs));
    const problem =
      "totl" in fields || "values" in fields
        ? "twin/invalid-field"
        : busy.has(id)
          ? "cell/unavailable"
          : fields["note"] !== undefined && fields["note"] !== "put"
            ? "twin/state-too-large"
            : undefined;
    same(result.ok ? undefined : result.refusal.code, problem, "put is refused");
    if (result.ok) {
      same(result.value.created, !twins.has(id), "put says created");
      this.#reference.put(id, this.#nowMs, fields);
    }
    this.#compare();
  }

  remove(): void {
    const id = this.#dice.pick(IDS);
    this.#say(id);
    const { twins, busy } = this.#reference;
    const problem = !twins.has(id) ? "twin/unknown" : busy.has(id) ? "cell/unavailable" : undefined;
    const result = this.#committing(() => this.#cell.remove(id, this.#nowMs));
    same(result.ok ? undefined : result.refusal.code, problem, "remove is refused");
    if (result.ok) {
      this.#reference.remove(id);
      this.#count("removals");
    }
    this.#compare();
  }

  advance(): void {
    this.#nowMs += this.#dice.pick([0, 1, 3, 10, 60]);
    if (this.#commandDice.likely(0.01)) this.#nowMs += COMMAND_AGE_MS_MAX - 5;
    this.#say(String(this.#nowMs));
  }

  turn(): void {
    for (const id of this.#reference.busy) this.#busyAtMs.set(id, this.#nowMs);
    this.#reference.beginTurn(this.#nowMs);
    this.#committing(() => this.#cell.turn(this.#nowMs));
    if (this.#tickMs > 0 && this.#cell.hasWork(this.#nowMs)) this.#count("cut turns");
    this.#compare();
  }

  /** Turns until nothing is left to do now. */
  run(): void {
    for (let turns = 0; this.#cell.hasWork(this.#nowMs); turns++) {
      if (turns > 500) throw new Error("the cell's work does not end");
      this.turn();
    }
    for (const [id, { timers }] of this.#reference.twins) {
      const due = timers.find(({ dueAtMs }) => dueAtMs <= this.#nowMs);
      // A timer that met a busy twin is looked at again a little later.
      const waitsUntilMs = (this.#busyAtMs.get(id) ?? -Infinity) + BUSY_TIMER_RETRY_MS;
      if (due !== undefined && waitsUntilMs <= this.#nowMs)
        throw new Error(`timer ${due.name} of ${id} did not fire`);
    }
    if (this.#reference.busy.size === 0 && this.#open.size > 0)
      throw new Error("a request is not settled, and nothing is under way");
  }

  /** Opens one of the gates that a step waits at. */
  async openGate(): Promise<void> {
    const names = [...this.#gates.keys()];
    if (names.length === 0) return;
    const name = this.#dice.pick(names);
    this.#say(name);
    const open = this.#gates.get(name)!;
    this.#gates.delete(name);
    // One after the other: which of two steps ends first is then known.
    for (const resolve of open) {
      resolve();
      await moments();
    }
  }

  checkpoint(): void {
    this.#cell.checkpoint();
    this.#count("checkpoints");
    this.#compare();
    this.#compareWithRecovery();
  }

  /** Memory is lost, with all that was under way; senders find out by themselves. */
  restart(): void {
    this.#watch = this.#makeWatch();
    this.#cell = this.#load(this.#store);
    this.#open = new Set();
    this.#pumping = false;
    this.#ending = [];
    this.#busyAtMs.clear();
    this.#reference.restart();
    // What was delivered and not written down is in the outbox again.
    for (const entry of this.#cell.outbox.entries()) {
      if (this.#deliveredUnwritten.has(entry.n))
        this.#reference.outbox.set(entry.n, {
          model: entry.model,
          id: entry.id,
          message: entry.message,
        });
    }
    this.#deliveredUnwritten.clear();
    this.#count("restarts");
    this.#compare();
  }

  setSpeed(): void {
    this.#tickMs = this.#tickMs > 0 ? 0 : this.#dice.pick([9, 30, 80]);
    this.#say(String(this.#tickMs));
  }

  /** A reader of columns catches up, from this cell or from one that was just recovered. */
  read(): void {
    const reader = this.#dice.pick(this.#readers);
    const source = this.#dice.roll() < 0.3 ? this.#load(this.#store.inner.copy()) : this.#cell;
    const delta = deltaSince(source, CELL, reader.versionOf(CELL), this.#nowMs);
    this.#count(delta.since < 0 ? "full deltas" : "deltas");
    same(reader.apply(delta), true, "the delta joins on");
    compareColumns(reader, this.#reference);
  }

  /** Does what may commit: then it is written down what was delivered before. */
  #committing<T>(action: () => T): T {
    const { commits } = this.#cell.counts;
    const delivered = [...this.#deliveredUnwritten];
    const result = action();
    if (this.#cell.counts.commits > commits)
      for (const n of delivered) this.#deliveredUnwritten.delete(n);
    return result;
  }

  async #end(): Promise<void> {
    this.#tickMs = 0;
    for (let rounds = 0; rounds < 200; rounds++) {
      this.run();
      await moments();
      if (this.#reference.busy.size === 0) break;
      await this.openGate();
    }
    same(this.#open.size, 0, "open requests at the end");
    this.#compareWithRecovery();
    this.restart();
    this.run();
    this.#compareWithRecovery();
    for (let i = 0; i < 6; i++) this.read();
  }

  #nextSending(id: string, request: Request): { element: InMessage; sending: Sending } {
    const choice = this.#dice.roll();
    if (this.#past.length > 0 && choice < 0.25)
      return this.#again(this.#dice.pick(this.#past), request);
    const messageId = choice < 0.5 ? `m${this.#nextN}` : undefined;
    const lastSeq = this.#reference.twins.get(id)?.lastSeq ?? 0;
    const seq =
      choice > 0.4 && choice < 0.7 ? Math.max(lastSeq, 0) + this.#dice.below(6) - 2 : undefined;
    // A device gives a seq to one message only.
    const known = this.#past.find(
      (each) => each.id === id && seq !== undefined && each.seq === seq,
    );
    if (known !== undefined) return this.#again(known, request);
    const content = this.#dice.content();
    const sending = this.#enter(id, messageId, seq, content, false, request);
    if (messageId !== undefined || seq !== undefined) {
      this.#past.push({
        id,
        content,
        ...(messageId === undefined ? {} : { messageId }),
        ...(seq === undefined ? {} : { seq }),
      });
    }
    return { element: elementOf(sending), sending };
  }

  #again(
    { id, messageId, seq, content }: Past,
    request: Request,
  ): { element: InMessage; sending: Sending } {
    const sending = this.#enter(id, messageId, seq, content, false, request);
    return { element: elementOf(sending), sending };
  }

  #enter(
    id: string,
    messageId: string | undefined,
    seq: number | undefined,
    content: Content,
    isPast = false,
    request?: Request,
  ): Sending {
    const n = this.#nextN++;
    const message = { n, ...content };
    const sending = { n, id, messageId, seq, message, isPast, request, applied: false };
    this.#reference.sendings.set(n, sending);
    return sending;
  }

  #submitDelivery(
    name: string,
    from: number,
    entries: Sender["entries"],
    acknowledge: (upTo: number) => void,
  ): void {
    const alreadyHere = this.#reference.received.get(name) ?? 0;
    const sendings = entries.map(({ id, content }, i) => {
      const number = from + i + 1;
      return this.#enter(id, `${name}/${number}`, undefined, content, number <= alreadyHere);
    });
    this.#say(
      `${name} ${JSON.stringify(sendings.map(({ message }, i) => [from + i + 1, message]))}`,
    );
    const request = {};
    this.#open.add(request);
    this.#count("deliveries");
    this.#cell.submitDelivery({
      sender: name,
      entries: sendings.map(({ id, message }, i) => [from + i + 1, id, message]),
      settle: (upTo) => {
        if (!this.#open.delete(request))
          throw new Error("a delivery is settled that was settled or lost");
        checkDelivery(sendings, this.#reference);
        same(upTo >= from + sendings.length, true, "a delivery is settled as far as it went");
        this.#reference.received.set(name, Math.max(this.#reference.received.get(name) ?? 0, upTo));
        acknowledge(upTo);
      },
    });
  }

  /** The cell as it is against the reference. */
  #compare(): void {
    compareCell(this.#cell, this.#reference, this.#nowMs, () => true);
  }

  #compareWithRecovery(): void {
    const recovered = this.#load(this.#store.inner.copy());
    compareCell(recovered, this.#reference, this.#nowMs, (n) => !this.#deliveredUnwritten.has(n));
    compareRecovery(this.#cell, recovered, this.#reference);
    compareHistory(this.#cell, recovered, this.#reference, this.#nowMs);
  }

  #load(store: CellStore): Cell {
    const watch = this.#watch;
    const definition = ledgerModel(() => this.#watch);
    return new Cell({
      model: definition,
      world: { models: new Map([["Ledger", definition]]) },
      store,
      monotonicMs: () => (this.#clockMs += this.#tickMs),
      incarnation: "fuzz",
      wake: () => {
        if (this.#watch !== watch) return;
        const step = this.#ending.shift();
        if (step !== undefined) this.#reference.stepEnded(step);
      },
    });
  }

  #makeWatch(): Watch {
    const watch: Watch = {
      started: (id, nowMs, messages, isAsync): StepWatch => {
        if (this.#watch !== watch) return { ended: () => undefined };
        if (isAsync) this.#count("asynchronous");
        this.#reference.started(id, nowMs, messages, isAsync);
        return {
          ended: () => {
            if (this.#watch === watch) this.#ending.push({ id, messages });
          },
        };
      },
      fired: (id, nowMs, timer) => {
        this.#count("timers");
        this.#reference.fired(id, nowMs, timer);
      },
      gate: (name) =>
        new Promise((resolve) =>
          this.#gates.set(name, [...(this.#gates.get(name) ?? []), resolve]),
        ),
    };
    return watch;
  }

  #count(what: string, times = 1): void {
    this.tally[what] = (this.tally[what] ?? 0) + times;
  }

  #say(detail: string): void {
    this.#script[this.#script.length - 1] += ` ${detail}`;
  }
}

const OPERATIONS: Readonly<Record<string, readonly [weight: number, operation: Operation]>> = {
  send: [30, (life) => life.send()],
  deliver: [6, (life) => life.deliver()],
  pump: [6, (life) => life.pump()],
  put: [4, (life) => life.put()],
  remove: [3, (life) => life.remove()],
  advance: [14, (life) => life.advance()],
  turn: [12, (life) => life.turn()],
  run: [16, (life) => life.run()],
  openGate: [10, (life) => life.openGate()],
  checkpoint: [4, (life) => life.checkpoint()],
  restart: [4, (life) => life.restart()],
  setSpeed: [4, (life) => life.setSpeed()],
  read: [8, (life) => life.read()],
};

/** Long enough for a step that nothing holds any more to end. */
async function moments(): Promise<void> {
  for (let i = 0; i < 12; i++) await Promise.resolve();
}
