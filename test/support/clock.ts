/** The clock of the objects under test: the machine's, moved on by hand. */
let movedMs = 0;

/** Stands for `src/routing/clock.ts` in the Worker of the tests. */
export function clockMs(): number {
  return Date.now() + movedMs;
}

/** Moves the time of day on for everything in this isolate; what is due then is not run by this. */
export function moveClock(byMs: number): void {
  movedMs += byMs;
}
