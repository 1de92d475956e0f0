/**
 * A demo's start-up data, as files of its model's folder:
 *
 *     models/<demo>/dashboard.json        its widgets, {"widgets":[…]}: what `GET /v1/widgets` answers, or with SQL
 *     models/<demo>/twins/<Model>.csv     its first twins: a column `id`, and one for each field that they start with
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

const MODELS_DIRECTORY = join(import.meta.dirname, "..", "..", "models");

/** A widget as its body has it, with the id under which it is kept. */
export interface SeedWidget {
  readonly id: string;
  readonly [key: string]: unknown;
}

export interface DemoFiles {
  readonly widgets: readonly SeedWidget[];
  readonly twins: readonly { readonly model: string; readonly csv: string }[];
}

/** The demos that have start-up data, by name. */
export function demoNames(): readonly string[] {
  return readdirSync(MODELS_DIRECTORY, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .filter((name) => existsSync(dashboardPath(name)) || existsSync(twinsPath(name)))
    .toSorted();
}

/** The start-up data of a demo, which may lack either kind. */
export function readDemo(name: string): DemoFiles {
  const dashboard = dashboardPath(name);
  const twins = twinsPath(name);
  return {
    widgets: existsSync(dashboard)
      ? (JSON.parse(readFileSync(dashboard, "utf8")) as { widgets: SeedWidget[] }).widgets
      : [],
    twins: (existsSync(twins) ? readdirSync(twins) : [])
      .filter((file) => file.endsWith(".csv"))
      .map((file) => ({
        model: basename(file, ".csv"),
        csv: readFileSync(join(twins, file), "utf8"),
      })),
  };
}

function dashboardPath(demo: string): string {
  return join(MODELS_DIRECTORY, demo, "dashboard.json");
}

function twinsPath(demo: string): string {
  return join(MODELS_DIRECTORY, demo, "twins");
}
