/**
 * docs/mock-environment.md is true: each of its programs is run as its reader would, by plain Node, and gives what
 * stands behind its arrows; and the compiler has nothing to say against it.
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fencesOf } from "../support/markdown-page.ts";
import { ROOT, textOf } from "./sources.ts";

const PAGE = fencesOf(textOf("docs/mock-environment.md"));
const [BEGINNING = "", ...EXAMPLES] = PAGE.filter(({ language }) => language === "ts").map(
  ({ text }) => text,
);
const PROGRAMS = EXAMPLES.map((text) =>
  text.startsWith("import ") ? text : `${BEGINNING}\n${text}`,
);

/** A line that says what it gives: an expression, an arrow, and the value; `…` stands for further fields. */
const SHOWN = /^(?<expression>[^\s/].*); \/\/ → (?<value>.*)$/gm;

/** Runs one program after the other, and prints what went wrong in each. */
const RUNNER = `
import { deepStrictEqual, partialDeepStrictEqual } from "node:assert";

const failures = [];
globalThis.shown = (got, value, isPartial) => {
  try {
    (isPartial ? partialDeepStrictEqual : deepStrictEqual)(got, value);
  } catch (error) {
    failures.push(String(error.message));
  }
};
const all = [];
for (const program of process.argv.slice(2)) {
  await import(program).catch((error) => failures.push(String(error)));
  all.push(failures.splice(0));
}
console.log(JSON.stringify(all));
`;

const TSCONFIG = {
  extends: join(ROOT, "tsconfig.base.json"),
  compilerOptions: {
    lib: ["esnext"],
    types: ["node"],
    typeRoots: [join(ROOT, "node_modules", "@types")],
    paths: {
      livetwin: [join(ROOT, "src/sdk/index.ts")],
      "livetwin/testing": [join(ROOT, "src/sdk/testing/index.ts")],
    },
  },
  include: ["example-*.ts"],
};

/** A folder in which "livetwin", "./models/…" and packages mean what they mean in the project's own. */
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "livetwin-page-"));
  for (const name of ["src", "models", "node_modules"])
    await symlink(join(ROOT, name), join(folder, name));
  await writeFile(join(folder, "package.json"), textOf("package.json"));
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify(TSCONFIG));
  await writeFile(join(folder, "runner.mjs"), RUNNER);
  for (const [index, program] of PROGRAMS.entries()) {
    await writeFile(join(folder, `example-${index}.ts`), program);
    await writeFile(join(folder, `run-${index}.ts`), checked(program));
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("every example gives what stands behind its arrows", async () => {
  const runs = PROGRAMS.map((_, index) => `./run-${index}.ts`);
  const { output } = await run(process.execPath, ["runner.mjs", ...runs]);
  expect(JSON.parse(output)).toEqual(PROGRAMS.map(() => []));
});

test("every example shows something", () => {
  expect(PROGRAMS.length).toBeGreaterThan(10);
  expect(EXAMPLES.filter((text) => text.match(SHOWN) === null)).toEqual([]);
});

test("no example has an arrow that is not looked at", () => {
  for (const text of EXAMPLES)
    expect(text.match(/→/g)).toHaveLength(text.match(SHOWN)?.length ?? 0);
});

test("every example passes the compiler", async () => {
  const tsc = join(ROOT, "node_modules", ".bin", "tsc");
  const { output } = await run(tsc, ["-p", "tsconfig.json", "--pretty", "false"]);
  // What is wrong with the product itself, its own check says.
  const errors = output.split("\n").filter((line) => /^\S/.test(line) && !line.startsWith(".."));
  expect(errors).toEqual([]);
});

test("the launch configurations start programs that there are", () => {
  const launch = PAGE.find(({ path }) => path === ".vscode/launch.json");
  const { configurations } = JSON.parse(launch?.text ?? "") as {
    configurations: { runtimeExecutable: string; program: string }[];
  };
  const named = configurations
    .flatMap(({ runtimeExecutable, program }) => [runtimeExecutable, program])
    .filter((path) => path !== "${file}");
  expect(named.length).toBeGreaterThan(2);
  expect(named.filter((path) => !existsSync(path.replace("${workspaceFolder}", ROOT)))).toEqual([]);
});

/** The program, with a call of `shown` where the page has an arrow. */
function checked(program: string): string {
  return program.replace(SHOWN, (_line, expression: string, value: string) => {
    const isPartial = value.includes("…");
    return `(globalThis as any).shown(${expression}, ${value.replace(/,? …/, "")}, ${isPartial});`;
  });
}

function run(
  program: string,
  args: readonly string[],
): Promise<{ readonly code: number; readonly output: string }> {
  return new Promise((resolve) => {
    execFile(program, args, { cwd: folder }, (error, stdout, stderr) => {
      const code = error === null ? 0 : Number(error.code ?? 1);
      resolve({ code, output: code === 0 ? stdout : `${stdout}${stderr}` });
    });
  });
}
