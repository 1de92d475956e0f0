import { describe, expect, test } from "vitest";
import { filesUnder, textOf } from "./sources.ts";

const CODE = /\.(ts|tsx|js)$/;
const own = filesUnder(["src", "models", "tools", "test"], CODE);
const pure = filesUnder(["src/core", "src/wire", "src/sdk", "models"], CODE).filter(
  (path) => !path.endsWith(".test.ts"),
);
const tests = own.filter((path) => path.endsWith(".test.ts") || path.startsWith("test/contract/"));

const written = [
  ...own,
  ...filesUnder(["docs"], /\.md$/),
  "README.md",
  "CONTRIBUTING.md",
  "package.json",
  "package-lock.json",
  "wrangler.toml",
  "vitest.config.ts",
  "tsconfig.base.json",
  "tsconfig.node.json",
  ".oxlintrc.json",
];

/** Files where the text has the pattern. */
function having(paths: readonly string[], pattern: RegExp): readonly string[] {
  return paths.filter((path) => path !== "test/repo/files.test.ts" && pattern.test(textOf(path)));
}

describe("the house is in order: no file", () => {
  test("is longer than 500 lines, or 750 for a list of tests", () => {
    const long = own.filter(
      (path) => textOf(path).split("\n").length > (path.startsWith("test/") ? 751 : 501),
    );
    expect(long).toEqual([]);
  });

  test("has a name that says nothing", () => {
    expect(
      own.filter((path) => /(^|\/)(utils?|helpers?|common|misc|shared)(\.|\/)/.test(path)),
    ).toEqual([]);
  });

  test("has a TypeScript `private`, which RPC does not know", () => {
    expect(having(own, /^\s+private\s+\w/m)).toEqual([]);
  });

  test("has an open end", () => {
    expect(having(own, /\b(TODO|FIXME|XXX)\b/)).toEqual([]);
  });

  test("that is pure asks the clock or chance", () => {
    expect(
      having(pure, /\bDate\.now\(|\bMath\.random\(|\bnew Date\(\)|\bperformance\.|\bcrypto\./),
    ).toEqual([]);
  });

  test("of tests leaves one out, or stands alone", () => {
    expect(
      having(
        tests,
        /\b(test|it|describe)\b[^;{]{0,80}\.(only|skip|skipIf|todo|fails)\b|\bx(it|test|describe)\(/,
      ),
    ).toEqual([]);
  });

  test("of tests has a title with a should", () => {
    expect(
      having(
        tests,
        /\b(test|it|describe)(\.\w+\([^]*?\))?\(\s*["'`][^"'`\n]*\bshould\b|\)\(\s*["'`][^"'`\n]*\bshould\b/,
      ),
    ).toEqual([]);
  });

  test("names a path of somebody's machine", () => {
    expect(having(written, /["'`(\s=](\/root|\/home|\/Users|\/work|[A-Z]:\\Users)[/\\]/)).toEqual(
      [],
    );
  });

  test("names where this machine gets its packages", () => {
    const hosts = textOf("package-lock.json").matchAll(/"resolved": "[a-z+]+:\/\/([^/"]+)/g);
    expect(
      [...new Set([...hosts].map(([, host]) => host))].filter(
        (host) => host !== "registry.npmjs.org",
      ),
    ).toEqual([]);
  });
});
