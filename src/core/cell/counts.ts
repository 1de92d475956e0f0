/** What a cell has counted since it was loaded. */
export interface CellCounts {
  accepted: number;
  duplicates: number;
  rejected: number;
  steps: number;
  failures: number;
  commits: number;
  checkpoints: number;
  timersFired: number;
  /** Records for the archive, and those of them that were lost because it did not take them. */
  archived: number;
  archiveDropped: number;
  delivered: number;
}

export function newCounts(): CellCounts {
  return {
    accepted: 0,
    duplicates: 0,
    rejected: 0,
    steps: 0,
    failures: 0,
    commits: 0,
    checkpoints: 0,
    timersFired: 0,
    archived: 0,
    archiveDropped: 0,
    delivered: 0,
  };
}
