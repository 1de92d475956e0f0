/** How long the supervisor bears with what: a server that starts, one that is silent, one that dies again and again. */

export interface SupervisorTimings {
  /** Between two looks whether a starting server is ready. */
  readonly readyPollMs: number;
  /** A server that is not ready by then is taken for hung. */
  readonly readyMsMax: number;
  /** The pause before a restart: doubles from the first to the second with each early death. */
  readonly backOffMsMin: number;
  readonly backOffMsMax: number;
  /** A life this long makes the next pause the shortest again. */
  readonly steadyMs: number;
  /** Between two health checks. */
  readonly healthIntervalMs: number;
  /** What one health check waits for an answer; then the next one asks over a connection of its own. */
  readonly healthTimeoutMs: number;
  /** A server without an answer for so long is taken for hung and killed. Infinity for never. */
  readonly hangMsMax: number;
  /** What the scheduled handler may take. */
  readonly scheduledMsMax: number;
  /** What workerd may take to end when asked to; then it is made to. */
  readonly stopMsMax: number;
}

/**
 * What computes for long blocks every request, for workerd has one thread, so a hang and a long turn look the same
 * until the turn ends. 30 s is far beyond what is legal. With 1,000,000 twins in ten cells a health check waited for
 * 4 s at most: when the first query after a restart woke all cells at once; checkpoints under load kept it for 0.3 s.
 * A step of a model is refused after 1 s. A machine that is several times slower, or busy, still has room.
 */
export const TIMINGS: SupervisorTimings = {
  readyPollMs: 25,
  readyMsMax: 60_000,
  backOffMsMin: 200,
  backOffMsMax: 5_000,
  steadyMs: 10_000,
  healthIntervalMs: 1_000,
  healthTimeoutMs: 10_000,
  hangMsMax: 30_000,
  scheduledMsMax: 50_000,
  stopMsMax: 5_000,
};
