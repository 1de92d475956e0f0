/** When to try again after a failure. */

const DELAY_MS_MIN = 500;
const DELAY_MS_MAX = 8_000;

/**
 * Milliseconds before the attempt after `failures` failures in a row (1 or more): 0.5 s at first, twice as long each
 * time, 8 s at most. `chance` (0 to 1) takes off up to half, so that pages that lost their server at one moment do
 * not all come back at one moment.
 */
export function retryDelayMs(failures: number, chance: number): number {
  const wholeMs = Math.min(DELAY_MS_MAX, 2 * DELAY_MS_MIN * 2 ** (failures - 1));
  return wholeMs * (1 - chance / 2);
}
