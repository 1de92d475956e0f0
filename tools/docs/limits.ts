/** Writes `docs/limits.md` from the comments of `src/core/limits/`: `node tools/docs/limits.ts`. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as limits from "../../src/core/limits.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const CORE = join(ROOT, "src", "core");

const HEAD = `# Limits

Every bound of the system, with its unit and reason, and what happens beyond it. Made from \`src/core/limits/\` by \`node tools/docs/limits.ts\`; a test holds the two equal.

`;

/** The page as it is to be: a table for each area, in the order of `src/core/limits.ts`. */
export function limitsPage(): string {
  const index = readFileSync(join(CORE, "limits.ts"), "utf8");
  const areas = [...index.matchAll(/^export \* from "\.\/(limits\/.+)";$/gm)];
  return `${HEAD}${areas.map(([, path]) => tableOf(readFileSync(join(CORE, path!), "utf8"))).join("\n")}`;
}

function tableOf(source: string): string {
  const title = /^\/\*\* (.*?)\.? \*\//.exec(source)?.[1];
  const values = new Map<string, unknown>(Object.entries(limits));
  const rows: string[] = [];
  for (const [, comment, name] of source.matchAll(
    /\/\*\*((?:(?!\*\/)[^])*)\*\/\s*export const (\w+)/g,
  )) {
    const text = comment!
      .split("\n")
      .map((line) => line.replace(/^\s*\*\s?/, "").trim())
      .join(" ")
      .trim();
    rows.push(`| \`${name}\` | ${shown(values.get(name!))} | ${text.replaceAll("|", "\\|")} |`);
  }
  return `## ${title}\n\n| limit | value | |\n|---|--:|---|\n${rows.join("\n")}\n`;
}

function shown(value: unknown): string {
  return typeof value === "number"
    ? value.toLocaleString("en-US", { maximumFractionDigits: 4 })
    : String(value);
}

if (import.meta.main) writeFileSync(join(ROOT, "docs", "limits.md"), limitsPage());
