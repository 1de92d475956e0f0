/** How the condition of a simulated node goes on: what it reports at a step, and how long it waits after it. */
import type { Condition } from "./status-message.ts";

/** Milliseconds that a node waits in each condition before its next step. */
export const WAIT_MS: Readonly<Record<Condition, number>> = {
  offline: 20_000,
  normal: 6_000,
  minor: 6_000,
  moderate: 10_000,
  severe: 60_000,
};

/**
 * The condition that a node reports next; undefined: it stays silent, and waits as its condition does. Each draw is of
 * the rest that the one before it left.
 */
export function nextCondition(
  condition: Condition,
  isAttacked: boolean,
  random: () => number,
): Condition | undefined {
  if (isAttacked) return "severe";
  if (condition === "severe") return "offline";
  if (random() < 0.05) return "offline";
  if (random() < 0.8) return "normal";
  if (random() < 0.2) return "minor";
  if (random() < 0.05) return "moderate";
  return undefined;
}
