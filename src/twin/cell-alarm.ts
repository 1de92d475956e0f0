/**
 * The one alarm of a cell. It is only ever moved forward in time, since setting it costs a billed row: an alarm
 * that finds nothing to do is set anew for what is due then.
 */
export class CellAlarm {
  rowsWritten = 0;
  readonly #storage: DurableObjectStorage;
  /** When it is set for; undefined while unknown, after a start. */
  #atMs: number | null | undefined;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  /** Makes sure that the alarm comes at `atMs` or before. */
  notLaterThan(atMs: number): void {
    if (this.#atMs === undefined) {
      this.#atMs = atMs;
      void this.#joinStored(atMs);
    } else if (this.#atMs === null || atMs < this.#atMs) {
      this.#atMs = atMs;
      this.#set(atMs);
    }
  }

  /** The alarm has come: none is set now. */
  fired(): void {
    this.#atMs = null;
  }

  async #joinStored(atMs: number): Promise<void> {
    const storedMs = await this.#storage.getAlarm();
    if (storedMs !== null && storedMs <= atMs) this.#atMs = storedMs;
    else this.#set(atMs);
  }

  #set(atMs: number): void {
    this.rowsWritten++;
    void this.#storage.setAlarm(atMs);
  }
}
