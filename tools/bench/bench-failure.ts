/** The system under measurement gave a wrong answer, or none: there is nothing to measure. Slowness is no failure. */
export class BenchFailure extends Error {}
