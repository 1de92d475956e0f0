/** How alarming a report is. An attack on a controller weighs more than one on the infrastructure it controls. */
import type { Condition } from "./status-message.ts";

export interface AlertLevel {
  readonly infrastructure: number;
  readonly controller: number;
}

/** What a node has been through before the report. */
export interface NodeHistory {
  readonly severeIncidentCount: number;
  readonly moderateIncidentCount: number;
  readonly falseIncidentCount: number;
}

/** The level at which a node is cut off from the grid. */
export const ISOLATION_LEVEL: AlertLevel = { infrastructure: 10, controller: 20 };

/** The alert level of a node, by its type, that reports `condition`. */
export function alertLevelOf(condition: Condition, history: NodeHistory): AlertLevel {
  switch (condition) {
    case "offline":
    case "normal":
      return { infrastructure: 0, controller: 0 };
    case "minor":
      return { infrastructure: 1, controller: 2 };
    case "moderate":
      return moderateLevelOf(history);
    case "severe":
      return { infrastructure: 10, controller: 20 };
  }
}

/** A moderate report is the more alarming, the fewer of the node's earlier ones have turned out to be false. */
function moderateLevelOf(history: NodeHistory): AlertLevel {
  const { severeIncidentCount, moderateIncidentCount, falseIncidentCount } = history;
  if (severeIncidentCount > 0) return { infrastructure: 5, controller: 11 };
  if (falseIncidentCount === 0) return { infrastructure: 6, controller: 12 };
  // Without moderate incidents the ratio counts as 1; the Infinity that the division gives decides the same.
  const falseRatio = falseIncidentCount / moderateIncidentCount;
  return falseRatio >= 0.5
    ? { infrastructure: 7, controller: 13 }
    : { infrastructure: 8, controller: 14 };
}
