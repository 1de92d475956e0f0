/** Sections of a snapshot: typed arrays and texts, each at a multiple of 8 bytes. */

/** The bytes end before the section that is read: they are not what the writer wrote. */
export class BytesCut extends Error {}

/** Code units that one call turns into text: arguments live on the stack. */
const CHUNK_UNITS = 2_048;

export class ByteWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #end: number;

  /** Leaves `headerBytes` free at the start. */
  constructor(headerBytes: number) {
    this.#bytes = new Uint8Array(65_536);
    this.#end = headerBytes;
  }

  words(values: readonly number[] | Uint32Array): void {
    const at = this.#take(values.length * 4);
    new Uint32Array(this.#bytes.buffer, at, values.length).set(values);
  }

  doubles(values: Float64Array): void {
    const at = this.#take(values.length * 8);
    new Float64Array(this.#bytes.buffer, at, values.length).set(values);
  }

  bytes(values: Uint8Array): void {
    const at = this.#take(values.length);
    this.#bytes.set(values, at);
  }

  /** Codes from 0 to `codeMax`, in as few bytes each as that takes. */
  codes(values: Uint32Array, codeMax: number): void {
    const width = codeWidth(codeMax);
    const at = this.#take(values.length * width);
    const { buffer } = this.#bytes;
    if (width === 1) new Uint8Array(buffer, at, values.length).set(values);
    else if (width === 2) new Uint16Array(buffer, at, values.length).set(values);
    else new Uint32Array(buffer, at, values.length).set(values);
  }

  /** Texts: their lengths, whether they are wide, and their code units one after another. */
  texts(values: readonly string[]): void {
    const all = values.join("");
    this.words(Uint32Array.from(values, (value) => value.length));
    const isWide = hasWideUnit(all);
    this.words([all.length, isWide ? 2 : 1]);
    const at = this.#take(all.length * (isWide ? 2 : 1));
    const { buffer } = this.#bytes;
    const units = isWide
      ? new Uint16Array(buffer, at, all.length)
      : new Uint8Array(buffer, at, all.length);
    for (let i = 0; i < all.length; i++) units[i] = all.charCodeAt(i);
  }

  /** Everything written, in a buffer of exactly that length. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#end);
  }

  /** Reserves a section. It may replace the buffer, so callers look at the buffer afterwards. */
  #take(length: number): number {
    const at = this.#end;
    this.#end = aligned(at + length);
    if (this.#end > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#end, this.#bytes.length * 2));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    return at;
  }
}

/** Reads sections in the order in which they were written. Each method throws `BytesCut` past the end. */
export class ByteReader {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  #at: number;

  constructor(bytes: Uint8Array<ArrayBuffer>, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  words(count: number): Uint32Array {
    return new Uint32Array(this.#bytes.buffer, this.#take(count, 4), count);
  }

  doubles(count: number): Float64Array {
    return new Float64Array(this.#bytes.buffer, this.#take(count, 8), count);
  }

  bytes(count: number): Uint8Array {
    return new Uint8Array(this.#bytes.buffer, this.#take(count, 1), count);
  }

  codes(count: number, codeMax: number): Uint32Array {
    const width = codeWidth(codeMax);
    const at = this.#take(count, width);
    const { buffer } = this.#bytes;
    if (width === 1) return Uint32Array.from(new Uint8Array(buffer, at, count));
    if (width === 2) return Uint32Array.from(new Uint16Array(buffer, at, count));
    return new Uint32Array(buffer, at, count);
  }

  texts(count: number): string[] {
    const lengths = this.words(count);
    const form = this.words(2);
    const unitCount = form[0]!;
    const isWide = form[1] === 2;
    const at = this.#take(unitCount, isWide ? 2 : 1);
    const { buffer } = this.#bytes;
    const units = isWide
      ? new Uint16Array(buffer, at, unitCount)
      : new Uint8Array(buffer, at, unitCount);
    const all = textOf(units);
    const texts: string[] = Array.from({ length: count });
    let start = 0;
    for (let i = 0; i < count; i++) {
      texts[i] = all.slice(start, start + lengths[i]!);
      start += lengths[i]!;
    }
    if (start !== unitCount) throw new BytesCut("texts are longer than their units");
    return texts;
  }

  #take(count: number, width: number): number {
    const at = this.#at;
    this.#at = aligned(at + count * width);
    if (this.#at > this.#bytes.length) throw new BytesCut("a section ends past the end");
    return at;
  }
}

function hasWideUnit(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) > 0xff) return true;
  }
  return false;
}

function textOf(units: Uint8Array | Uint16Array): string {
  let text = "";
  for (let i = 0; i < units.length; i += CHUNK_UNITS) {
    text += Reflect.apply(String.fromCharCode, null, units.subarray(i, i + CHUNK_UNITS));
  }
  return text;
}

function codeWidth(codeMax: number): 1 | 2 | 4 {
  if (codeMax <= 0xff) return 1;
  return codeMax <= 0xffff ? 2 : 4;
}

function aligned(at: number): number {
  return (at + 7) & ~7;
}
