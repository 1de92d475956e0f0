/**
 * A block of a table as bytes, so that a shard that restarts asks its cells only for what changed since.
 *
 * The form: a header of ten 32-bit words (magic number and format, length, checksum, cell, slots, fields, and two
 * doubles: version and time), then sections, each aligned to 8 bytes: the fields as text, which twins are alive,
 * the ids, and one section per field. Numbers are stored as the machine holds them; the magic number reads
 * wrong on a machine of the other byte order. Texts are stored as code units, one byte each where all fit.
 *
 * Decoding trusts nothing: bytes that are cut, altered, of another format or of other fields are refused. A
 * checksum finds every alteration of one word, and others with a chance of 1 in 4 billion of being missed.
 */
import { isDeltaOf } from "./delta-check.ts";
import { VERSION_NONE } from "./columns.ts";
import type { Column, ColumnDelta, ColumnPart, Table } from "./columns.ts";
import { BytesCut, ByteReader, ByteWriter } from "./snapshot-bytes.ts";
import type { Field } from "../model.ts";
import { TWINS_PER_CELL_MAX } from "../limits.ts";

/** "LTs" and the format's number; a change of the form changes it. */
const MAGIC = 0x4c547301;
const HEADER_WORDS = 10;
const LENGTH_WORD = 1;
const CHECKSUM_WORD = 2;

/** What a snapshot is taken of. */
export interface SnapshotSource {
  readonly table: Table;
  readonly cell: number;
  readonly version: number;
  readonly atMs: number;
}

/** A snapshot that was read: a full delta, or why it is of no use. */
export type SnapshotReading =
  | { readonly ok: true; readonly delta: ColumnDelta }
  | { readonly ok: false; readonly reason: "damaged" | "other-fields" };

/** The block of a cell as bytes; undefined when the table has no block of that cell. */
export function encodeSnapshot(source: SnapshotSource): Uint8Array | undefined {
  const { table } = source;
  const block = table.blocks.find((candidate) => candidate.cell === source.cell);
  if (block === undefined) return undefined;
  const writer = new ByteWriter(HEADER_WORDS * 4);
  writer.texts([signatureOf(table.fields)]);
  writer.bytes(block.alive.subarray(0, block.slotCount));
  writer.texts(Array.from({ length: block.slotCount }, (_, slot) => block.ids[slot] ?? ""));
  for (const [f, column] of block.columns.entries()) {
    writeColumn(writer, column, block.slotCount, table.dictionaries[f] ?? []);
  }
  const bytes = writer.finish();
  const words = new Uint32Array(bytes.buffer, 0, bytes.byteLength / 4);
  words[0] = MAGIC;
  words[LENGTH_WORD] = bytes.byteLength;
  words[3] = source.cell;
  words[4] = block.slotCount;
  words[5] = table.fields.length;
  const doubles = new Float64Array(bytes.buffer, 6 * 4, 2);
  doubles[0] = source.version;
  doubles[1] = source.atMs;
  words[CHECKSUM_WORD] = checksumOf(words);
  return bytes;
}

/** The full delta that a snapshot holds, for a table of these fields. It may share memory with the bytes. Never throws. */
export function decodeSnapshot(input: Uint8Array, fields: readonly Field[]): SnapshotReading {
  if (input.byteLength < HEADER_WORDS * 4 || input.byteLength % 8 !== 0)
    return { ok: false, reason: "damaged" };
  // Sections are read in place, which needs their alignment: a copy of its own has it.
  const isAligned = input.byteOffset === 0 && input.byteLength === input.buffer.byteLength;
  const bytes =
    isAligned && input.buffer instanceof ArrayBuffer ? new Uint8Array(input.buffer) : input.slice();
  const words = new Uint32Array(bytes.buffer);
  const isWhole =
    words[0] === MAGIC &&
    words[LENGTH_WORD] === bytes.byteLength &&
    words[CHECKSUM_WORD] === checksumOf(words);
  if (!isWhole) return { ok: false, reason: "damaged" };
  try {
    return readBlock(new ByteReader(bytes, HEADER_WORDS * 4), words, fields);
  } catch (error) {
    if (error instanceof BytesCut) return { ok: false, reason: "damaged" };
    throw error;
  }
}

function readBlock(
  reader: ByteReader,
  words: Uint32Array,
  fields: readonly Field[],
): SnapshotReading {
  if (reader.texts(1)[0] !== signatureOf(fields)) return { ok: false, reason: "other-fields" };
  const slotCount = words[4]!;
  if (slotCount > TWINS_PER_CELL_MAX) return { ok: false, reason: "damaged" };
  const doubles = new Float64Array(words.buffer, 6 * 4, 2);
  const alive = reader.bytes(slotCount);
  const ids: (string | null)[] = reader.texts(slotCount);
  for (let slot = 0; slot < slotCount; slot++) {
    if (alive[slot] !== 1) ids[slot] = null;
  }
  const columns = fields.map((field) => readColumn(reader, field, slotCount));
  const delta: ColumnDelta = {
    cell: words[3]!,
    since: VERSION_NONE,
    version: doubles[0]!,
    atMs: doubles[1]!,
    slotCount,
    slots: slotsUpTo(slotCount),
    alive,
    ids,
    columns,
  };
  return isDeltaOf(delta, fields) ? { ok: true, delta } : { ok: false, reason: "damaged" };
}

function slotsUpTo(slotCount: number): Int32Array {
  const slots = new Int32Array(slotCount);
  for (let slot = 0; slot < slotCount; slot++) slots[slot] = slot;
  return slots;
}

function signatureOf(fields: readonly Field[]): string {
  return JSON.stringify(fields.map((field) => [field.name, field.type]));
}

function writeColumn(
  writer: ByteWriter,
  column: Column,
  slotCount: number,
  dictionary: readonly string[],
): void {
  if (column.type === "boolean") {
    writer.bytes(column.values.subarray(0, slotCount));
  } else if (column.type === "string") {
    const { codes, texts } = ownCodes(column.codes.subarray(0, slotCount), dictionary);
    writer.words([texts.length]);
    writer.texts(texts);
    writer.codes(codes, texts.length);
  } else {
    writer.doubles(column.values.subarray(0, slotCount));
  }
}

function readColumn(reader: ByteReader, field: Field, slotCount: number): ColumnPart {
  if (field.type === "boolean") return { type: "boolean", values: reader.bytes(slotCount) };
  if (field.type !== "string") return { type: field.type, values: reader.doubles(slotCount) };
  const count = reader.words(1)[0]!;
  const dictionary = reader.texts(count);
  return { type: "string", codes: reader.codes(slotCount, count), dictionary };
}

/** Codes into a dictionary of only the texts that this block uses. */
function ownCodes(
  shared: Uint32Array,
  dictionary: readonly string[],
): { codes: Uint32Array; texts: string[] } {
  const own = new Uint32Array(dictionary.length + 1);
  const texts: string[] = [];
  const codes = new Uint32Array(shared.length);
  for (let i = 0; i < shared.length; i++) {
    const code = shared[i]!;
    if (code !== 0 && own[code] === 0) own[code] = texts.push(dictionary[code - 1]!);
    codes[i] = own[code]!;
  }
  return { codes, texts };
}

/** Mixes every word but the checksum's own; each step is a bijection of the word, so one altered word always shows. */
function checksumOf(words: Uint32Array): number {
  let h = words.length;
  for (let i = 0; i < words.length; i++) {
    if (i === CHECKSUM_WORD) continue;
    h = Math.imul(h ^ words[i]!, 0x9e3779b1);
    h ^= h >>> 15;
  }
  return h >>> 0;
}
