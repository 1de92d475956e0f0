/** In the place of `src/twin/sqlite-store.ts`: a store that writes nothing and has nothing. */
import type { CellStore, HistoryRows } from "../../../src/core/cell/store.ts";

export class SqliteStore implements CellStore {
  readonly rowsWritten = 0;
  readonly incarnation = "none";

  readPages(): [] {
    return [];
  }

  readPage(): [] {
    return [];
  }

  readPart(): [] {
    return [];
  }

  readJournal(): [] {
    return [];
  }

  appendJournal(): void {
    // Nothing is kept: that is what this store is for.
  }

  checkpoint(): void {
    // As above.
  }

  historyRows(): HistoryRows {
    return { merged: 0, appended: 0 };
  }

  readHistory(): [] {
    return [];
  }

  dropHistory(): void {
    // As above.
  }
}
