/** Results of queries over an unchanged table: dashboards ask the same again and again. */
import { RESULT_CACHE_BYTES_MAX } from "../core/limits.ts";

const TEXT_OVERHEAD_BYTES = 16;

interface Entry<Value> {
  readonly value: Value;
  readonly bytes: number;
}

/** Values by key, for one version of the table at a time; the longest unused go when the sum of sizes passes the bound. */
export class ResultCache<Value> {
  readonly #entries = new Map<string, Entry<Value>>();
  #version = -1;
  #bytes = 0;

  get(key: string, version: number): Value | undefined {
    if (version !== this.#version) return undefined;
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  /** Keeps a value. A larger one than the bound is not kept. */
  set(key: string, version: number, value: Value): void {
    if (version !== this.#version) {
      this.#entries.clear();
      this.#bytes = 0;
      this.#version = version;
    }
    const bytes = bytesOf(value) + key.length * 2;
    if (bytes > RESULT_CACHE_BYTES_MAX || this.#entries.has(key)) return;
    this.#entries.set(key, { value, bytes });
    this.#bytes += bytes;
    for (const [oldest, entry] of this.#entries) {
      if (this.#bytes <= RESULT_CACHE_BYTES_MAX) break;
      this.#entries.delete(oldest);
      this.#bytes -= entry.bytes;
    }
  }
}

/** About how many bytes plain data and typed arrays take in memory. */
function bytesOf(value: unknown): number {
  if (typeof value === "string") return TEXT_OVERHEAD_BYTES + value.length * 2;
  if (typeof value !== "object" || value === null) return 8;
  if (ArrayBuffer.isView(value)) return value.byteLength;
  let bytes = TEXT_OVERHEAD_BYTES;
  for (const part of Object.values(value)) bytes += bytesOf(part);
  return bytes;
}
