/** Something that ends a replay and that its user can put right. It is thrown; `tools/replay.ts` alone catches it. */
export class ReplayFailure extends Error {}
