/** From the text that ingest hands a cell to the messages in it: one parse for all that came, where all is well. */
import type { InMessage, Refused } from "../cell/requests.ts";
import { splitArray } from "./tokenizer.ts";

/** JSON elements joined by commas, as ingest found their bounds. */
export interface Slice {
  readonly text: string;
  /** Elements in it. */
  readonly count: number;
}

/**
 * The messages of each slice, in order. An element that JSON refuses, or that has no `message`, takes a refusal's
 * place; the others go on.
 */
export function parseSlices(slices: readonly Slice[]): (InMessage | Refused)[][] {
  const joined =
    slices.length === 1 ? slices[0]!.text : slices.map((slice) => slice.text).join(",");
  const values = parseElements(
    joined,
    slices.reduce((sum, slice) => sum + slice.count, 0),
  );
  if (values === undefined)
    return slices.length === 1
      ? [parseOneByOne(slices[0]!)]
      : slices.flatMap((slice) => parseSlices([slice]));
  let at = 0;
  return slices.map(({ count }) => values.slice(at, (at += count)).map(asMessage));
}

/** All elements at once; undefined when JSON refuses, or finds another number than the tokenizer did. */
export function parseElements(text: string, count: number): unknown[] | undefined {
  try {
    const values = JSON.parse(`[${text}]`) as unknown[];
    return values.length === count ? values : undefined;
  } catch {
    // JSON.parse throws for bad text only; the caller then looks at the elements one by one.
    return undefined;
  }
}

function parseOneByOne({ text }: Slice): (InMessage | Refused)[] {
  const array = `[${text}]`;
  const messages: (InMessage | Refused)[] = [];
  const split = splitArray(array, {
    element: (_index, start, end) => messages.push(parseOne(array.slice(start, end))),
    fault: (_index, start, end, fault) =>
      messages.push(malformed(`${fault}: ${array.slice(start, Math.min(end, start + 80))}`)),
  });
  return split.ok ? messages : [malformed(split.refusal.detail)];
}

function parseOne(text: string): InMessage | Refused {
  try {
    return asMessage(JSON.parse(text));
  } catch (error) {
    return malformed(
      `The message is no JSON: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function asMessage(value: unknown): InMessage | Refused {
  if (typeof value !== "object" || value === null) return malformed("The element is no object.");
  const element = value as InMessage;
  return element.message === undefined ? malformed('The element has no "message".') : element;
}

function malformed(detail: string): Refused {
  return { refusal: { code: "message/malformed", detail } };
}
