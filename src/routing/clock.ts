/** The time of day. One place, so that tests can move it: everything that decides by time asks here. */

/** Epoch milliseconds. */
export function clockMs(): number {
  return Date.now();
}
