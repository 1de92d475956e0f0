/** Something that ends a replay or a seeding, and that its user can put right. Thrown; the program alone catches it. */
export class ReplayFailure extends Error {}
