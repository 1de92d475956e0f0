/** The texts of one string field, each once, under a code from 1 (0 is null): what columns hold instead of texts. */
import { DICTIONARY_SLACK } from "../limits.ts";

export class Dictionary {
  /** `texts[c - 1]` is the text of code `c`. Replaced when swept, only appended to otherwise. */
  texts: string[] = [];
  #codes = new Map<string, number>();
  #sweepAt = DICTIONARY_SLACK;

  /** The code of a text, which is entered when new. */
  codeOf(text: string): number {
    const known = this.#codes.get(text);
    if (known !== undefined) return known;
    this.texts.push(text);
    this.#codes.set(text, this.texts.length);
    return this.texts.length;
  }

  /** Whether so many texts were added since the last sweep that dead ones may outnumber the live. */
  isSweepDue(): boolean {
    return this.texts.length >= this.#sweepAt;
  }

  /**
   * Drops every text whose code no column holds, and rewrites the columns to the new codes. Afterwards the
   * dictionary may grow to twice the live texts, and by an eighth of `slots`, until the next sweep: the cost of a
   * sweep is at most some ten visited slots for each text that was added.
   */
  sweep(columns: readonly Uint32Array[], slots: number): void {
    const codes = new Uint32Array(this.texts.length + 1);
    for (const column of columns) {
      for (let i = 0; i < column.length; i++) codes[column[i]!] = 1;
    }
    const texts: string[] = [];
    codes[0] = 0;
    for (let code = 1; code < codes.length; code++) {
      if (codes[code] !== 0) codes[code] = texts.push(this.texts[code - 1]!);
    }
    for (const column of columns) {
      for (let i = 0; i < column.length; i++) column[i] = codes[column[i]!]!;
    }
    this.texts = texts;
    this.#codes = new Map(texts.map((text, i) => [text, i + 1]));
    this.#sweepAt = DICTIONARY_SLACK + 2 * texts.length + (slots >> 3);
  }
}
