/** A run as lines of JSON: a head, then a line for each instance and each message from outside. */
import type { Json } from "../model.ts";
import { ok, refuse } from "../refusal.ts";
import type { Result } from "../refusal.ts";
import type { StoredCourse } from "./course.ts";
import { planOf } from "./plan.ts";
import type { RunModels, RunPlan } from "./plan.ts";

/** Names what the lines are; a later form gets another one. */
const FORMAT = "livetwin-simulation/1";

export interface SnapshotHead {
  readonly plan: RunPlan;
  readonly course: StoredCourse;
  /** Messages from outside that the run has taken so far. */
  readonly posts: number;
}

/** What is different in a run that goes on from a snapshot. A run that had ended goes on where its new end allows it. */
export interface Branch {
  readonly seed?: number;
  readonly endMs?: number | null;
  /** Over those of the snapshot, each by its name. */
  readonly parameters?: Readonly<Record<string, Json>>;
}

export interface Snapshot extends SnapshotHead {
  readonly lines: readonly { readonly id: string; readonly line: string }[];
}

export function headOf(head: SnapshotHead): string {
  return JSON.stringify({ format: FORMAT, ...head });
}

/** The snapshot that lines say. Refuses with `simulation/malformed`. */
export function readSnapshot(
  lines: readonly string[],
  models: RunModels,
  branch: Branch,
): Result<Snapshot> {
  try {
    const head = JSON.parse(lines[0] ?? "null") as (SnapshotHead & { format: string }) | null;
    if (head?.format !== FORMAT)
      return refuse("simulation/malformed", `The first line is no head of a ${FORMAT} snapshot.`);
    const parameters = { ...head.plan.parameters, ...branch.parameters };
    const plan = planOf({ ...head.plan, ...branch, parameters }, models);
    if (!plan.ok) return plan;
    const named = lines.slice(1).map((line) => ({ line, ...nameOf(line) }));
    const unknown = named.find(({ model }) => !models.has(model));
    if (unknown !== undefined)
      return refuse(
        "simulation/malformed",
        `There is no model "${unknown.model}" for the snapshot.`,
      );
    return ok({
      plan: plan.value,
      course: courseOf(head.course, branch),
      posts: head.posts,
      lines: named,
    });
  } catch (error) {
    return refuse("simulation/malformed", `The snapshot can't be read: ${String(error)}`);
  }
}

/** Who branches a run that had come to its end wants it to go on; one that failed stays what it is. */
function courseOf(course: StoredCourse, branch: Branch): StoredCourse {
  const goesOn = Object.keys(branch).length > 0 && course.end?.reason !== "failed";
  return goesOn ? { ...course, end: null } : course;
}

function nameOf(line: string): { readonly model: string; readonly id: string } {
  const parsed = JSON.parse(line) as
    | readonly [model: string, id: string]
    | { readonly post: { readonly model: string; readonly id: string } };
  if ("post" in parsed) return parsed.post;
  return { model: parsed[0], id: parsed[1] };
}
