/**
 * Makes a demo's first twins and its widgets, those that the server does not have: what is there under their ids
 * belongs to its user and is not touched, be it changed or not. So a seeding can be repeated, and go on where one
 * was cut off. A twin that a message makes between the look and the creation gets the start-up fields all the same.
 */
import Papa from "papaparse";
import { parseCsv } from "../data/vega-datasets.ts";
import { ReplayFailure } from "../replay/replay-failure.ts";
import { askJson } from "../replay/server.ts";
import type { Server } from "../replay/server.ts";
import type { DemoFiles, SeedWidget } from "./demo-files.ts";

/** Twins of one request. */
const TWINS_PER_REQUEST = 5_000;

export interface SeedCounts {
  readonly made: number;
  /** What was there before, and stayed as it was. */
  readonly found: number;
}

interface CreationAnswer {
  readonly rejected: readonly {
    readonly id?: string;
    readonly code: string;
    readonly detail: string;
  }[];
}

/** Seeds one demo. Throws a `ReplayFailure` when the server refuses something, or does not answer. */
export async function seedDemo(
  server: Server,
  demo: DemoFiles,
): Promise<{ readonly twins: SeedCounts; readonly widgets: SeedCounts }> {
  const twins = { made: 0, found: 0 };
  for (const { model, csv } of demo.twins) {
    const { made, found } = await seedTwins(server, model, csv);
    twins.made += made;
    twins.found += found;
  }
  return { twins, widgets: await seedWidgets(server, demo.widgets) };
}

async function seedTwins(server: Server, model: string, csv: string): Promise<SeedCounts> {
  const rows = parseCsv(csv);
  const known = await readIds(server, model);
  const missing = rows.filter(({ id = "" }) => !known.has(id));
  for (let from = 0; from < missing.length; from += TWINS_PER_REQUEST) {
    await createTwins(server, model, missing.slice(from, from + TWINS_PER_REQUEST));
  }
  return { made: missing.length, found: rows.length - missing.length };
}

async function createTwins(
  server: Server,
  model: string,
  rows: readonly Readonly<Record<string, string>>[],
): Promise<void> {
  const { rejected } = (await askJson(server, `/v1/models/${model}/twins`, {
    method: "POST",
    headers: { "content-type": "text/csv" },
    body: Papa.unparse([...rows]),
  })) as CreationAnswer;
  const [first] = rejected;
  if (first === undefined) return;
  throw new ReplayFailure(
    `${rejected.length} of ${rows.length} twins of ${model} were refused; ${first.id ?? "one"}: ${first.code}: ${first.detail}`,
  );
}

/** The ids of all twins of a model. */
async function readIds(server: Server, model: string): Promise<ReadonlySet<string>> {
  const known = new Set<string>();
  for (let cursor: string | null = ""; cursor !== null;) {
    const path = `/v1/models/${model}/twins?cursor=${encodeURIComponent(cursor)}`;
    const page = (await askJson(server, path, { method: "GET" })) as {
      readonly ids: readonly string[];
      readonly cursor: string | null;
    };
    for (const id of page.ids) known.add(id);
    cursor = page.cursor;
  }
  return known;
}

async function seedWidgets(server: Server, widgets: readonly SeedWidget[]): Promise<SeedCounts> {
  if (widgets.length === 0) return { made: 0, found: 0 };
  const kept = (await askJson(server, "/v1/widgets", { method: "GET" })) as {
    readonly widgets: readonly { readonly id: string }[];
  };
  const known = new Set(kept.widgets.map(({ id }) => id));
  const missing = widgets.filter(({ id }) => !known.has(id));
  for (const { id, ...body } of missing) {
    await askJson(server, `/v1/widgets/${id}`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  }
  return { made: missing.length, found: widgets.length - missing.length };
}
