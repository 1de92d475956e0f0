/** A copy of this project with a model more, as somebody has who builds on it. */
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const ROOT = dirname(dirname(import.meta.dirname));

const COPIED = ["src", "models", "tools", "package.json", "package-lock.json", "wrangler.toml"];

const MODELS = `
import type { ModelDefinition } from "livetwin";
import airport from "./airports/airport.ts";
import { counterModel } from "./counter/counter.ts";
import statusTracker from "./power-grid/status-tracker.ts";

export const MODELS: readonly ModelDefinition[] = [airport, statusTracker, counterModel];
`;

/** Makes the copy, with the model `Counter` of the tests; removed when it is disposed of. */
export async function copyProject(): Promise<{ readonly directory: string } & AsyncDisposable> {
  const directory = await mkdtemp(join(tmpdir(), "livetwin-project-"));
  for (const name of COPIED) await cp(join(ROOT, name), join(directory, name), { recursive: true });
  await symlink(join(ROOT, "node_modules"), join(directory, "node_modules"));
  await mkdir(join(directory, "models", "counter"));
  await cp(
    join(ROOT, "test", "support", "counter-model.ts"),
    join(directory, "models", "counter", "counter.ts"),
  );
  await writeFile(join(directory, "models", "index.ts"), MODELS);
  return {
    directory,
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}
