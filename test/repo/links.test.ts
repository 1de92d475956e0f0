import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { filesUnder, ROOT, textOf } from "./sources.ts";

const PAGES = ["README.md", "CONTRIBUTING.md", ...filesUnder(["docs", "models"], /\.md$/)];

/** `[text](target)`, outside of code. */
const LINK = /\[[^\]\n]*\]\(([^)\s]+)\)/g;

test("every link of a page to a file leads to one", () => {
  const broken = PAGES.flatMap((page) => {
    const prose = textOf(page).replace(/```[^]*?```|`[^`\n]*`/g, "");
    return [...prose.matchAll(LINK)]
      .map(([, target = ""]) => target.split("#")[0] ?? "")
      .filter((target) => target !== "" && !/^[a-z]+:/.test(target))
      .filter((target) => !existsSync(join(ROOT, dirname(page), target)))
      .map((target) => `${page}: ${target}`);
  });
  expect(broken).toEqual([]);
});
