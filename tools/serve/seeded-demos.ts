/**
 * Which demos a data directory has been given the start-up data of. A demo is seeded once: what its user changes or
 * deletes afterwards stays changed or deleted, however often the server starts.
 */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export class SeededDemos {
  readonly #path: string;
  readonly #names: Set<string>;

  constructor(dataDirectory: string) {
    this.#path = join(dataDirectory, "seeded.json");
    this.#names = new Set(readNames(this.#path));
  }

  has(demo: string): boolean {
    return this.#names.has(demo);
  }

  /** Notes a demo, durably against a crash of this process. */
  add(demo: string): void {
    this.#names.add(demo);
    writeFileSync(`${this.#path}.new`, `${JSON.stringify({ demos: [...this.#names] })}\n`);
    renameSync(`${this.#path}.new`, this.#path);
  }
}

/** None when the file is missing or unreadable: seeding again changes nothing that is there. */
function readNames(path: string): readonly string[] {
  try {
    const { demos } = JSON.parse(readFileSync(path, "utf8")) as { demos?: unknown };
    return Array.isArray(demos) ? demos.filter((name) => typeof name === "string") : [];
  } catch {
    return [];
  }
}
