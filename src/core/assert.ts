/** Stops on a bug: a condition that the code itself must guarantee. Never for what a caller may do wrong. */
export function assert(condition: boolean, rule: string): asserts condition {
  if (!condition) throw new Error(`Livetwin bug: ${rule}`);
}

/** Marks the end of an exhaustive `switch`; reaching it is a bug. */
export function unreachable(value: never): never {
  throw new Error(`Livetwin bug: unexpected ${JSON.stringify(value)}`);
}
