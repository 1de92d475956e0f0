/** The project's own files, for tests of the house itself. */
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";

export const ROOT = dirname(dirname(import.meta.dirname));

/** Paths under these folders from the root, with `/`; built and installed things are not ours. */
export function filesUnder(folders: readonly string[], pattern: RegExp): readonly string[] {
  return folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && pattern.test(entry.name))
      .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).replaceAll(sep, "/")),
  );
}

export function textOf(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}
