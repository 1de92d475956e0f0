/** Shared data in memory: the mock environment's, and the one that tests compare others with. */
import type { ScopeRecord, SharedStore, StoredShared } from "./book.ts";

const EMPTY: ScopeRecord = { keys: 0, deletedVersion: 0 };

export class MemorySharedStore implements SharedStore {
  readonly #keys = new Map<string, Map<string, StoredShared>>();
  readonly #scopes = new Map<string, ScopeRecord>();
  readonly #operations = new Map<string, { readonly atMs: number; readonly outcome: string }>();

  read(scope: string, key: string): StoredShared | undefined {
    return this.#keys.get(scope)?.get(key);
  }

  write(scope: string, key: string, stored: StoredShared | undefined): void {
    let keys = this.#keys.get(scope);
    if (keys === undefined) this.#keys.set(scope, (keys = new Map()));
    if (stored === undefined) keys.delete(key);
    else keys.set(key, stored);
  }

  readScope(scope: string): ScopeRecord {
    return this.#scopes.get(scope) ?? EMPTY;
  }

  writeScope(scope: string, record: ScopeRecord): void {
    this.#scopes.set(scope, record);
  }

  list(
    scope: string,
    prefix: string,
    after: string,
    limit: number,
  ): readonly (StoredShared & { readonly key: string })[] {
    const keys = this.#keys.get(scope) ?? new Map<string, StoredShared>();
    return [...keys]
      .filter(([key]) => key.startsWith(prefix) && key > after)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .slice(0, limit)
      .map(([key, stored]) => ({ ...stored, key }));
  }

  readOperation(id: string): string | undefined {
    return this.#operations.get(id)?.outcome;
  }

  writeOperation(id: string, atMs: number, outcome: string): void {
    this.#operations.set(id, { atMs, outcome });
  }

  forgetOperations(beforeMs: number): void {
    for (const [id, { atMs }] of this.#operations) if (atMs < beforeMs) this.#operations.delete(id);
  }

  copy(): MemorySharedStore {
    const copy = new MemorySharedStore();
    for (const [scope, keys] of this.#keys) copy.#keys.set(scope, new Map(keys));
    for (const [scope, record] of this.#scopes) copy.#scopes.set(scope, record);
    for (const [id, operation] of this.#operations) copy.#operations.set(id, operation);
    return copy;
  }
}
