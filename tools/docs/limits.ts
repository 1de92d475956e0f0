/** Writes `docs/limits.md` from the comments of `src/core/limits.ts`: `node tools/docs/limits.ts`. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as limits from "../../src/core/limits.ts";

const ROOT = join(import.meta.dirname, "..", "..");

const HEAD = `# Limits

Every bound of the system, with its unit and reason, and what happens beyond it. Made from \`src/core/limits.ts\` by \`node tools/docs/limits.ts\`; a test holds the two equal.

| limit | value | |
|---|--:|---|
`;

/** The page as it is to be. */
export function limitsPage(): string {
  const source = readFileSync(join(ROOT, "src", "core", "limits.ts"), "utf8");
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
  return `${HEAD}${rows.join("\n")}\n`;
}

function shown(value: unknown): string {
  return typeof value === "number"
    ? value.toLocaleString("en-US", { maximumFractionDigits: 4 })
    : String(value);
}

if (import.meta.main) writeFileSync(join(ROOT, "docs", "limits.md"), limitsPage());
