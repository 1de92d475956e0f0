/** A copy of this project with models more, as somebody has who builds on it. */
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const ROOT = dirname(dirname(import.meta.dirname));

const COPIED = ["src", "models", "tools", "package.json", "package-lock.json", "wrangler.toml"];

/** Files of test/support, and the folder of models that each becomes. */
const TEST_MODELS = [
  ["counter-model", "counter"],
  ["hierarchy-models", "hierarchy"],
  ["look-up-model", "looker"],
] as const;

const MODELS = `
import type { ModelDefinition } from "livetwin";
import airport from "./airports/airport.ts";
import { counterModel, recordedModel } from "./counter/counter.ts";
import { HIERARCHY_MODELS } from "./hierarchy/hierarchy.ts";
import { lookerModel } from "./looker/looker.ts";
import statusTracker from "./power-grid/status-tracker.ts";

export const MODELS: readonly ModelDefinition[] = [
  airport,
  statusTracker,
  counterModel,
  recordedModel,
  ...HIERARCHY_MODELS,
  lookerModel,
];
`;

/** Makes the copy, with the models `Counter` and those with parents of the tests; removed when it is disposed of. */
export async function copyProject(): Promise<{ readonly directory: string } & AsyncDisposable> {
  const directory = await mkdtemp(join(tmpdir(), "livetwin-project-"));
  for (const name of COPIED) await cp(join(ROOT, name), join(directory, name), { recursive: true });
  await symlink(join(ROOT, "node_modules"), join(directory, "node_modules"));
  for (const [file, name] of TEST_MODELS) {
    await mkdir(join(directory, "models", name));
    await cp(
      join(ROOT, "test", "support", `${file}.ts`),
      join(directory, "models", name, `${name}.ts`),
    );
  }
  await writeFile(join(directory, "models", "index.ts"), MODELS);
  return {
    directory,
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}
