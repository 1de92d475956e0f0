/** What a schema found wrong with JSON that somebody sent, in words. */
import type * as z from "zod";

type Issue = z.core.$ZodIssue;

/** What is wrong first. `path` is of the form `where.and[1].op`, "" for the whole; `problem` has no full stop. */
export interface FirstProblem {
  readonly path: string;
  readonly problem: string;
}

/** Unknown keys that an error repeats, and characters of each, and of a value. */
const ECHO_KEYS_MAX = 5;
const ECHO_CHARS_MAX = 100;

/**
 * The detail of a refusal: `"op" in the rule: …`. `what` is the whole in words, with its article, as "the rule". A
 * value is repeated where a few are allowed or a bound is crossed; nowhere else, since it may be a secret.
 */
export function describeIssues(what: string, issues: readonly Issue[]): string {
  const { path, problem } = firstProblem(issues);
  const where =
    path === "" ? `${what.charAt(0).toUpperCase()}${what.slice(1)}` : `"${path}" in ${what}`;
  return `${where}: ${problem}.`;
}

/** Unknown keys before anything else: they are most often the misspelt name of what is then found missing. */
export function firstProblem(
  issues: readonly Issue[],
  above: readonly PropertyKey[] = [],
): FirstProblem {
  const issue = issues.find(({ code }) => code === "unrecognized_keys") ?? issues[0]!;
  const path = [...above, ...issue.path];
  const meant = issue.code === "invalid_union" ? meantBranch(issue) : undefined;
  if (meant !== undefined) return firstProblem(meant, path);
  return { path: pathText(path), problem: problemOf(issue) };
}

function problemOf(issue: Issue): string {
  if (issue.code === "unrecognized_keys") {
    const keys = issue.keys.slice(0, ECHO_KEYS_MAX).map(echo);
    return `unknown key ${keys.join(", ")}`;
  }
  const problem = issue.message
    .replace(/^(Invalid (input|option)|Too (small|big)): /, "")
    .replace(/^Invalid discriminator value\. E/, "e")
    .replace(/^Invalid /, "invalid ")
    .replace(/, received undefined$/, ", but it is missing");
  if (issue.code === "invalid_value")
    return issue.input === undefined
      ? `${problem}, but it is missing`
      : `${problem}, not ${echo(issue.input)}`;
  const isBound = issue.code === "too_small" || issue.code === "too_big";
  return isBound && typeof issue.input === "number" ? `${problem}, not ${issue.input}` : problem;
}

function echo(value: unknown): string {
  return typeof value === "string"
    ? JSON.stringify(value.slice(0, ECHO_CHARS_MAX))
    : String(value).slice(0, ECHO_CHARS_MAX);
}

/** The branch of a union that an object was meant for: the one that knows most of its keys, if it knows any. */
function meantBranch(issue: Issue & { code: "invalid_union" }): readonly Issue[] | undefined {
  if (typeof issue.input !== "object" || issue.input === null) return undefined;
  let fewestUnknown = Object.keys(issue.input).length;
  let meant: readonly Issue[] | undefined;
  for (const branch of issue.errors) {
    const isOther = branch.some(({ code, path }) => code === "invalid_type" && path.length === 0);
    const unknown = branch.reduce(
      (n, own) =>
        n + (own.code === "unrecognized_keys" && own.path.length === 0 ? own.keys.length : 0),
      0,
    );
    if (isOther || unknown >= fewestUnknown) continue;
    [fewestUnknown, meant] = [unknown, branch];
  }
  return meant;
}

/** `where.and[1].op` */
function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`))
    .join("")
    .replace(/^\./, "");
}
