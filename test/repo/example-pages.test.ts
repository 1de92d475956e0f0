/** Pages with one example in two blocks are true: it compiles, and gives what stands behind its arrows. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fencesOf } from "../support/markdown-page.ts";
import { ROOT, textOf } from "./sources.ts";

const run = promisify(execFile);
/** An expression, an arrow, and what it gives. */
const SHOWN = /^(.*); \/\/ → (.*)$/gm;

const TSCONFIG = {
  extends: join(ROOT, "tsconfig.base.json"),
  compilerOptions: {
    lib: ["esnext"],
    types: [],
    paths: {
      livetwin: [join(ROOT, "src/sdk/index.ts")],
      "livetwin/testing": [join(ROOT, "src/sdk/testing/index.ts")],
    },
  },
  include: ["page.ts"],
};

describe.each(["docs/hierarchy.md", "docs/simulation.md"])("%s", (page) => {
  const [models, use, ...others] = fencesOf(textOf(page)).filter(
    ({ language }) => language === "ts",
  );
  const program = `${models?.text}\n${use?.text}`;

  /** A folder in which "livetwin" and packages mean what they mean in the project's own. */
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "livetwin-page-"));
    for (const name of ["src", "models", "node_modules"])
      await symlink(join(ROOT, name), join(folder, name));
    await writeFile(join(folder, "package.json"), textOf("package.json"));
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify(TSCONFIG));
    await writeFile(join(folder, "page.ts"), program);
    const checked = program.replace(SHOWN, "shown.push([$1, $2]);");
    await writeFile(
      join(folder, "run.ts"),
      `const shown: unknown[] = [];\n${checked}\nconsole.log(JSON.stringify(shown));`,
    );
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test("the example gives what stands behind its arrows", async () => {
    expect(others).toEqual([]);
    const { stdout } = await run(process.execPath, ["run.ts"], { cwd: folder });
    const shown = JSON.parse(stdout) as [unknown, unknown][];
    expect(shown).toHaveLength(program.match(/→/g)!.length);
    expect(shown.map(([given]) => given)).toEqual(shown.map(([, expected]) => expected));
  });

  test("the example passes the compiler", async () => {
    const tsc = join(ROOT, "node_modules", ".bin", "tsc");
    const compiled = run(tsc, ["-p", "tsconfig.json", "--pretty", "false"], { cwd: folder });
    const { stdout } = await compiled.catch((error: unknown) => error as { stdout: string });
    // What is wrong with the product itself, its own check says.
    expect(stdout.split("\n").filter((line) => line.startsWith("page.ts"))).toEqual([]);
  });
});
