/**
 * The stored form of a cell, version 1: journal rows, page rows, and the parts of a checkpoint. Text in, text
 * out; a state goes in and comes out as JSON that was made once.
 *
 * Journal row: {"v":1,"c":commit,"at":ms,"t":[twin…],"o":[send…],"d":[n…],"i":{sender:n},"p":{part:[record…]}}
 *   twin: [slot] removed | [slot,version,state] | [slot,version,state,extra]; state null: unchanged.
 *   send: [n,model,id,message] to a twin | [n,model,id,message,lane] | [n,model,id,message,lane,from]
 *   record: what a part of the cell made of it (part.ts)
 * Page row: [twin…], 64 in all over the page's rows
 *   twin: 0 free | [id,version,createdAt,updatedAt,lastMessageAt,seq,flags,timers,state]
 */
import { assert } from "../assert.ts";
import { ROW_CHARS_MAX, STEP_MESSAGES_MAX } from "../limits.ts";
import type { Json } from "../model.ts";
import type { Lane, OutboxEntry } from "./outbox.ts";

export const STORED_VERSION = 1;

/** A timer as stored: name, due time, period (null: once). */
export type StoredTimer = readonly [name: string, dueAtMs: number, everyMs: number | null];

/** What a journal record says beside the state, where it differs from the usual. */
export interface RecordExtra {
  /** The id, where the twin is new to its slot. */
  id?: string;
  /** The change did not come from a message. */
  put?: 1;
  /** The state contains dates. */
  dated?: 1;
  /** The last `seq`. */
  seq?: number;
  /** Marks of message ids. */
  marks?: number[];
  /** All timers, where they changed. */
  timers?: StoredTimer[];
}

export type StoredTwin =
  | readonly [slot: number]
  | readonly [slot: number, version: number, state: Record<string, unknown> | null]
  | readonly [
      slot: number,
      version: number,
      state: Record<string, unknown> | null,
      extra: RecordExtra,
    ];

/** An entry of the outbox: numbered per sending cell. */
export type StoredSend = readonly [
  n: number,
  model: string,
  id: string,
  message: Json,
  lane?: Lane,
  from?: string,
];

export interface StoredRow {
  readonly v: number;
  /** The commit: the `seq` of its first row. */
  readonly c: number;
  readonly at: number;
  readonly t: readonly StoredTwin[];
  readonly o?: readonly StoredSend[];
  readonly d?: readonly number[];
  readonly i?: Readonly<Record<string, number>>;
  readonly p?: Readonly<Record<string, readonly unknown[]>>;
}

export type StoredPageTwin =
  | 0
  | readonly [
      id: string,
      version: number,
      createdAtMs: number,
      updatedAtMs: number,
      lastMessageAtMs: number | null,
      seq: number | null,
      dated: 0 | 1,
      timers: readonly StoredTimer[] | 0,
      state: Record<string, unknown>,
    ];

/** A twin's record that is not written down yet: the next one of the same twin joins it. */
interface OpenRecord {
  readonly slot: number;
  readonly version: number;
  readonly stateText: string | null;
  readonly extra: RecordExtra | undefined;
}

/** Characters of a number and its comma. */
const NUMBER_CHARS = 17;

/** Characters around a part's name and records. */
const PART_CHARS = 8;

/**
 * Builds the rows of one commit: each is full at ROW_CHARS_MAX, unless a single record has more. What a twin went
 * through without another one between is one record, so that messages tried one by one don't write its state as often.
 */
export class CommitRows {
  readonly #atMs: number;
  readonly #commit: number;
  #bodies: string[] = [];
  #open: OpenRecord | undefined;
  #twins = "";
  #sends: string[] = [];
  #delivered: number[] = [];
  #received: Readonly<Record<string, number>> | undefined;
  readonly #parts = new Map<string, string[]>();
  /** Characters of the row that is being built. */
  #chars = 0;

  constructor(commit: number, atMs: number) {
    this.#commit = commit;
    this.#atMs = atMs;
  }

  removed(slot: number): void {
    this.#writeOpen();
    this.#write(`[${slot}]`);
  }

  /** A twin's new state; `stateText` null leaves the stored one. */
  twin(
    slot: number,
    version: number,
    stateText: string | null,
    extra: RecordExtra | undefined,
  ): void {
    const next: OpenRecord = { slot, version, stateText, extra };
    const joined = this.#open?.slot === slot ? joinRecords(this.#open, next) : undefined;
    if (joined === undefined) this.#writeOpen();
    this.#open = joined ?? next;
  }

  /** Answers the characters that an entry of the outbox has. */
  send(entry: OutboxEntry): number {
    const text = sendText(entry);
    this.#makeRoom(text.length + 1);
    this.#sends.push(text);
    return text.length;
  }

  /** A record of a part of the cell, as JSON. */
  part(name: string, record: string): void {
    this.#makeRoom(record.length + name.length + PART_CHARS);
    const records = this.#parts.get(name);
    if (records === undefined) this.#parts.set(name, [record]);
    else records.push(record);
  }

  /** Whether the commit has nothing to say yet. */
  get isEmpty(): boolean {
    return this.#chars === 0 && this.#open === undefined && this.#bodies.length === 0;
  }

  /** The bodies, with what was delivered and up to where it was received. Empty when there is nothing to say. */
  finish(
    delivered: readonly number[],
    received: Readonly<Record<string, number>> | undefined,
  ): readonly string[] {
    this.#writeOpen();
    for (const n of delivered) {
      this.#makeRoom(NUMBER_CHARS);
      this.#delivered.push(n);
    }
    if (received !== undefined) {
      this.#makeRoom(JSON.stringify(received).length);
      this.#received = received;
    }
    if (this.#chars > 0) this.#close();
    return this.#bodies;
  }

  #partsText(): string {
    const members = Array.from(
      this.#parts,
      ([name, records]) => `"${name}":[${records.join(",")}]`,
    );
    return `{${members.join(",")}}`;
  }

  #writeOpen(): void {
    if (this.#open === undefined) return;
    const { slot, version, stateText, extra } = this.#open;
    this.#open = undefined;
    const tail = extra === undefined ? "]" : `,${JSON.stringify(extra)}]`;
    this.#write(`[${slot},${version},${stateText ?? "null"}${tail}`);
  }

  #write(record: string): void {
    this.#makeRoom(record.length + 1);
    this.#twins = this.#twins === "" ? record : `${this.#twins},${record}`;
  }

  /** Counts what comes into the row, a new one if it would be over-full. */
  #makeRoom(chars: number): void {
    if (this.#chars > 0 && this.#chars + chars > ROW_CHARS_MAX) this.#close();
    this.#chars += chars;
  }

  #close(): void {
    let body = `{"v":${STORED_VERSION},"c":${this.#commit},"at":${this.#atMs},"t":[${this.#twins}]`;
    if (this.#sends.length > 0) body += `,"o":[${this.#sends.join(",")}]`;
    if (this.#delivered.length > 0) body += `,"d":${JSON.stringify(this.#delivered)}`;
    if (this.#received !== undefined) body += `,"i":${JSON.stringify(this.#received)}`;
    if (this.#parts.size > 0) body += `,"p":${this.#partsText()}`;
    this.#bodies.push(`${body}}`);
    this.#parts.clear();
    this.#twins = "";
    this.#sends = [];
    this.#delivered = [];
    this.#received = undefined;
    this.#chars = 0;
  }
}

/** An entry of the outbox as stored. */
export function sendText({ n, model, id, message, lane, from }: OutboxEntry): string {
  return JSON.stringify(storedSend([n, model, id, message], lane, from));
}

function storedSend(
  send: readonly [number, string, string, Json],
  lane: Lane,
  from: string | undefined,
): StoredSend {
  if (from !== undefined) return [...send, lane, from];
  return lane === "twin" ? send : [...send, lane];
}

/** Two records of a twin in one, as if both were read in turn; undefined when that would have too many marks. */
function joinRecords(first: OpenRecord, second: OpenRecord): OpenRecord | undefined {
  const { slot, version, stateText } = second.stateText === null ? first : second;
  if (first.extra === undefined && second.extra === undefined) {
    return { slot, version, stateText, extra: undefined };
  }
  const { put: firstPut, dated: firstDated, marks: firstMarks = [], ...before } = first.extra ?? {};
  const { put, dated, marks = [], ...after } = second.extra ?? {};
  if (firstMarks.length + marks.length > STEP_MESSAGES_MAX) return undefined;
  firstMarks.push(...marks);
  const extra: RecordExtra = { ...before, ...after };
  if (firstPut === 1 && put === 1) extra.put = 1;
  if ((second.stateText === null ? firstDated : dated) === 1) extra.dated = 1;
  if (firstMarks.length > 0) extra.marks = firstMarks;
  return { slot, version, stateText, extra };
}

/** A row as it was written. A row of a later version is a bug of the operator: the data directory says so before. */
export function parseRow(body: string): StoredRow {
  const row = JSON.parse(body) as StoredRow;
  assert(
    row.v === STORED_VERSION,
    `a journal row has version ${row.v}, known is ${STORED_VERSION}`,
  );
  return row;
}

/** Joins records to rows of ROW_CHARS_MAX at most, unless a single record has more. */
export function joinRows(records: Iterable<string>): readonly string[] {
  const rows: string[] = [];
  let row = "";
  for (const record of records) {
    if (row !== "" && row.length + record.length > ROW_CHARS_MAX) {
      rows.push(`[${row}]`);
      row = "";
    }
    row = row === "" ? record : `${row},${record}`;
  }
  if (row !== "" || rows.length === 0) rows.push(`[${row}]`);
  return rows;
}
