/**
 * A part of what a cell remembers beside its twins: commands that wait, children, the log. It changes by records
 * only: each is written with the commit that is being built (`CommitRows.part`), and applied again, in order, when
 * the cell is loaded. A record is complete in itself and names twins by id: slots are used again.
 */
export interface CellPart {
  /** Its key in journal rows, and its name in checkpoints: letters. Stored, so it stays. */
  readonly name: string;
  /** Characters of what `records` gives, about: they count as state when a checkpoint is due. */
  readonly chars: number;
  /** Applies a record of a checkpoint or of the journal. */
  restore(record: unknown): void;
  /** All that a checkpoint must keep, as JSON texts of records. */
  records(): Iterable<string>;
  /** A twin has been removed in the commit that is being built: what is known of it goes, by a record if need be. */
  removed(id: string, slot: number): void;
}
