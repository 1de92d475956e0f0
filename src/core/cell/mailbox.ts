/**
 * The commands of a cell's twins to their devices, from the commit of the step that sent them until the device has
 * acknowledged them. It promises no delivery: it keeps what is pending, and its host answers, pushes and asks.
 *
 * M1. A command's number is the highest of its cell so far plus one, for ever: ids are unique, and in order of sending.
 * M2. A command goes when it is acknowledged, when COMMAND_AGE_MS_MAX has passed, when its twin is removed, and when
 *     newer ones need its place: of the twin first, then of the cell. What goes for place is the same each time that
 *     the records are read, so no record says it.
 * M3. The oldest command of the cell is the oldest of its twin.
 */
import type { Cell } from "./cell.ts";
import {
  CELL_COMMANDS_CHARS_MAX,
  COMMANDS_PER_TWIN_MAX,
  COMMAND_AGE_MS_MAX,
  TWIN_COMMANDS_CHARS_MAX,
} from "../limits.ts";
import { recordOf } from "./mailbox-records.ts";
import type { MailboxRecord } from "./mailbox-records.ts";
import type { Json } from "../model.ts";
import type { CellPart } from "./part.ts";

/** A command that its device has not acknowledged. */
export interface PendingCommand {
  /** `<incarnation of the cell's data>-<number>`. */
  readonly commandId: string;
  /** JSON text: parsed by nobody on the way. */
  readonly body: string;
  /** The time of the commit, epoch milliseconds. */
  readonly sentAtMs: number;
}

/** A command that was sent just now, with its twin's id. */
export interface SentCommand extends PendingCommand {
  readonly id: string;
}

interface Command {
  readonly n: number;
  readonly id: string;
  readonly sentAtMs: number;
  readonly body: string;
  /** Characters of its record. */
  readonly chars: number;
  isGone: boolean;
}

/** What is pending for one twin: never empty. */
interface Box {
  commands: Command[];
  chars: number;
  /** Commands were dropped, and it is still more than half full: that is in the log already. */
  isOverfull: boolean;
}

/** Commands that are gone and still in the order, beyond as many as are pending. */
const GONE_SLACK = 1_024;

export class Mailbox implements CellPart {
  readonly name = "commands";
  /** Since the cell was loaded. */
  readonly counts = {
    commandsSent: 0,
    commandsAcknowledged: 0,
    commandsExpired: 0,
    commandsDropped: 0,
  };
  readonly #cell: Pick<Cell, "incarnation" | "nowMs" | "rows" | "log">;
  readonly #boxes = new Map<string, Box>();
  /** All commands by number, from `#head` on; those that are gone are passed over. */
  #order: Command[] = [];
  #head = 0;
  #size = 0;
  #chars = 0;
  #last = 0;
  #isOverfull = false;
  #sent: SentCommand[] = [];

  constructor(cell: Pick<Cell, "incarnation" | "nowMs" | "rows" | "log">) {
    this.#cell = cell;
  }

  get chars(): number {
    return this.#chars;
  }

  /** Commands of all twins, with those that are too old and go with the next commit. */
  get size(): number {
    return this.#size;
  }

  /** Commands that are in memory though they are gone. */
  get goneInMemory(): number {
    return this.#order.length - this.#size;
  }

  /** The pending commands of a twin, oldest first, `limit` at most. */
  pendingOf(id: string, nowMs: number, limit = Number.POSITIVE_INFINITY): PendingCommand[] {
    const pending: PendingCommand[] = [];
    for (const command of this.#boxes.get(id)?.commands ?? []) {
      if (pending.length >= limit) break;
      if (isTooOld(command, nowMs)) continue;
      pending.push(this.#shown(command));
    }
    return pending;
  }

  countOf(id: string, nowMs: number): number {
    const commands = this.#boxes.get(id)?.commands;
    if (commands === undefined) return 0;
    return commands.reduce((count, command) => count + (isTooOld(command, nowMs) ? 0 : 1), 0);
  }

  /** Puts what a step sent into the mailbox and the commit; answers the ids. */
  send(id: string, bodies: readonly Json[]): readonly string[] {
    const { nowMs, rows } = this.#cell;
    return bodies.map((json) => {
      const n = this.#last + 1;
      const body = JSON.stringify(json);
      const record = recordOf(n, id, nowMs, body);
      rows.part(this.name, record);
      this.#keep({ n, id, sentAtMs: nowMs, body, chars: record.length, isGone: false }, true);
      this.counts.commandsSent++;
      const commandId = this.#idOf(n);
      this.#sent.push({ id, commandId, body, sentAtMs: nowMs });
      return commandId;
    });
  }

  /** What was sent since this was asked last, whether it is still pending or not. */
  takeSent(): readonly SentCommand[] {
    const sent = this.#sent;
    if (sent.length > 0) this.#sent = [];
    return sent;
  }

  /** Takes commands out that their device has; answers how many. Ids that are not pending are passed over. */
  acknowledge(id: string, commandIds: readonly string[]): number {
    const box = this.#boxes.get(id);
    if (box === undefined) return 0;
    const numbers = new Set(commandIds.map((commandId) => this.#numberOf(commandId)));
    const gone = box.commands.filter(({ n }) => numbers.has(n)).map(({ n }) => n);
    if (gone.length === 0) return 0;
    this.#cell.rows.part(this.name, JSON.stringify({ of: id, gone }));
    this.#takeOut(id, new Set(gone));
    this.counts.commandsAcknowledged += gone.length;
    return gone.length;
  }

  /** Takes out what is too old by now. */
  expire(): void {
    let upTo = 0;
    for (let first = this.#first(); first !== undefined; first = this.#first()) {
      if (!isTooOld(first, this.#cell.nowMs)) break;
      upTo = first.n;
      this.#dropFirstOf(first.id);
      this.counts.commandsExpired++;
    }
    if (upTo > 0) this.#cell.rows.part(this.name, JSON.stringify({ upTo }));
  }

  removed(id: string): void {
    if (!this.#boxes.has(id)) return;
    this.#cell.rows.part(this.name, JSON.stringify({ of: id }));
    this.#takeOut(id);
  }

  restore(stored: unknown): void {
    const record = stored as MailboxRecord;
    if ("last" in record) this.#last = Math.max(this.#last, record.last);
    else if ("upTo" in record) this.#dropUpTo(record.upTo);
    else if ("of" in record)
      this.#takeOut(record.of, record.gone === undefined ? undefined : new Set(record.gone));
    else {
      const [n, id, sentAtMs, json] = record;
      const body = JSON.stringify(json);
      const { length: chars } = recordOf(n, id, sentAtMs, body);
      this.#keep({ n, id, sentAtMs, body, chars, isGone: false });
    }
  }

  *records(): Generator<string> {
    if (this.#last > 0) yield JSON.stringify({ last: this.#last });
    for (const { n, id, sentAtMs, body, isGone } of this.#order)
      if (!isGone) yield recordOf(n, id, sentAtMs, body);
  }

  /** Keeps a command, and drops older ones where there is no place for all. */
  #keep(command: Command, isNew = false): void {
    const { n, id, chars } = command;
    this.#last = Math.max(this.#last, n);
    let box = this.#boxes.get(id);
    if (box === undefined)
      this.#boxes.set(id, (box = { commands: [], chars: 0, isOverfull: false }));
    box.commands.push(command);
    box.chars += chars;
    this.#order.push(command);
    this.#size++;
    this.#chars += chars;
    while (box.commands.length > COMMANDS_PER_TWIN_MAX || box.chars > TWIN_COMMANDS_CHARS_MAX) {
      this.#dropFirstOf(id);
      if (isNew) this.#sayOverfull(id, box);
    }
    while (this.#chars > CELL_COMMANDS_CHARS_MAX) {
      const { id: other } = this.#first()!;
      this.#dropFirstOf(other);
      if (isNew) this.#sayCellOverfull(other);
    }
  }

  #first(): Command | undefined {
    while (this.#order[this.#head]?.isGone === true) this.#head++;
    return this.#order[this.#head];
  }

  #dropUpTo(n: number): void {
    for (let first = this.#first(); first !== undefined && first.n <= n; first = this.#first())
      this.#dropFirstOf(first.id);
  }

  #dropFirstOf(id: string): void {
    const box = this.#boxes.get(id)!;
    this.#gone(box, box.commands.shift()!);
    this.#tidy(id, box);
  }

  /** Takes out the commands of a twin with these numbers, or all. */
  #takeOut(id: string, numbers?: ReadonlySet<number>): void {
    const box = this.#boxes.get(id);
    if (box === undefined) return;
    const kept: Command[] = [];
    for (const command of box.commands) {
      if (numbers === undefined || numbers.has(command.n)) this.#gone(box, command);
      else kept.push(command);
    }
    box.commands = kept;
    this.#tidy(id, box);
  }

  #gone(box: Box, command: Command): void {
    command.isGone = true;
    box.chars -= command.chars;
    this.#chars -= command.chars;
    this.#size--;
  }

  #tidy(id: string, box: Box): void {
    if (box.commands.length === 0) this.#boxes.delete(id);
    if (
      box.commands.length <= COMMANDS_PER_TWIN_MAX / 2 &&
      box.chars <= TWIN_COMMANDS_CHARS_MAX / 2
    )
      box.isOverfull = false;
    if (this.#chars <= CELL_COMMANDS_CHARS_MAX / 2) this.#isOverfull = false;
    if (this.#order.length <= this.#size * 2 + GONE_SLACK) return;
    this.#order = this.#order.filter(({ isGone }) => !isGone);
    this.#head = 0;
  }

  /** Counts a command that made room for another of its twin, and says it once until there is room again. */
  #sayOverfull(id: string, box: Box): void {
    this.counts.commandsDropped++;
    if (box.isOverfull) return;
    box.isOverfull = true;
    const bounds = `${COMMANDS_PER_TWIN_MAX} commands or ${TWIN_COMMANDS_CHARS_MAX} characters`;
    const text = `More than ${bounds} wait for the device of this twin: the oldest are dropped.`;
    this.#cell.log.add(this.#cell.nowMs, "warning", "failure", id, text);
  }

  #sayCellOverfull(id: string): void {
    this.counts.commandsDropped++;
    if (this.#isOverfull) return;
    this.#isOverfull = true;
    const text = `More than ${CELL_COMMANDS_CHARS_MAX} characters of commands wait for the devices of this twin's cell: the oldest are dropped, this twin's first.`;
    this.#cell.log.add(this.#cell.nowMs, "warning", "failure", id, text);
  }

  #shown({ n, body, sentAtMs }: Command): PendingCommand {
    return { commandId: this.#idOf(n), body, sentAtMs };
  }

  #idOf(n: number): string {
    return `${this.#cell.incarnation}-${n}`;
  }

  #numberOf(commandId: string): number | undefined {
    const head = `${this.#cell.incarnation}-`;
    const n = commandId.startsWith(head) ? Number(commandId.slice(head.length)) : Number.NaN;
    return this.#idOf(n) === commandId ? n : undefined;
  }
}

function isTooOld({ sentAtMs }: Command, nowMs: number): boolean {
  return nowMs - sentAtMs >= COMMAND_AGE_MS_MAX;
}
