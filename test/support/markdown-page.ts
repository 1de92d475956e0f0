/** A page of documentation as a test reads it: its fenced blocks, and which of them are files to write. */

export interface Fence {
  readonly language: string;
  /** Without the fence, and without a line's end at its end. */
  readonly text: string;
  /** The file that the page tells its reader to make of it: ``Write this as `path` … :`` right before the fence. */
  readonly path: string | undefined;
}

const FENCE = /^```(\w*)\n([^]*?)\n```$/gm;

/** The fenced blocks of a page, in order. */
export function fencesOf(markdown: string): readonly Fence[] {
  return [...markdown.matchAll(FENCE)].map(({ 1: language = "", 2: text = "", index }) => {
    const before = markdown.slice(0, index).trimEnd();
    const sentence = before.slice(before.lastIndexOf("\n") + 1);
    return { language, text, path: /\b[Ww]rite this as `([^`]+)`.*:$/.exec(sentence)?.[1] };
  });
}
