/**
 * The one alarm of a Durable Object. It is only ever moved forward in time, since setting it costs a billed row: an alarm
 * that finds nothing to do is set anew for what is due then.
 */
export class ObjectAlarm {
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
      void this.#joinStored();
    } else if (this.#atMs === null || atMs < this.#atMs) {
      this.#atMs = atMs;
      this.#set(atMs);
    }
  }

  /** The alarm has come: none is set now. */
  fired(): void {
    this.#atMs = null;
  }

  /** Looks what is set: the platform gives up an alarm that failed too often, and says nothing. */
  async lookAgain(): Promise<void> {
    this.#atMs = await this.#storage.getAlarm();
  }

  async #joinStored(): Promise<void> {
    const asked = this.#atMs!;
    const storedMs = await this.#storage.getAlarm();
    // Somebody has asked for an earlier one meanwhile, which is set; or it came, and who it called asks anew.
    if (this.#atMs !== asked) return;
    if (storedMs !== null && storedMs <= asked) this.#atMs = storedMs;
    else this.#set(asked);
  }

  #set(atMs: number): void {
    this.rowsWritten++;
    void this.#storage.setAlarm(atMs);
  }
}
