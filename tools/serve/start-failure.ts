/**
 * Something that stops the program and that its user can put right: a sentence and an exit code. It is thrown,
 * because every one of them ends the program; `start.ts` alone catches it.
 */
export class StartFailure extends Error {
  /** 2 for a wrong command line, else 1. */
  readonly exitCode: number;

  constructor(message: string, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}
