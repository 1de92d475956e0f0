/** Look-up tables: loaded as a whole, added to by key, read row by row. */
import type { Context, Hono } from "hono";
import { TABLE_FIND_ROWS_MAX } from "../../core/limits.ts";
import { refuse } from "../../core/refusal.ts";
import type { Refusal, Result } from "../../core/refusal.ts";
import { checkDefinition } from "../../core/shared-data/table.ts";
import type { TableRow } from "../../core/shared-data/table.ts";
import type { Env } from "../../env.ts";
import { tableJson } from "../../wire/shared-data-v1.ts";
import type { ColumnType, TableSettings } from "../../wire/shared-data-v1.ts";
import { limitParameter } from "../parameters.ts";
import { problem } from "../problem.ts";
import { readText } from "../read-body.ts";
import { askShared, callShared } from "../shared-calls.ts";
import { parseTableRows } from "../table-rows.ts";

type Ctx = Context<{ Bindings: Env }>;

export function tableRoutes(app: Hono<{ Bindings: Env }>): void {
  app.get("/v1/tables", listTables);
  app.get("/v1/tables/:table", getTable);
  app.put("/v1/tables/:table", putTable);
  app.post("/v1/tables/:table", addRows);
  app.delete("/v1/tables/:table", deleteTable);
  app.get("/v1/tables/:table/rows", findRows);
  app.get("/v1/tables/:table/rows/:key", getRow);
}

async function listTables(c: Ctx): Promise<Response> {
  const tables = await callShared(c.env, (stub) => stub.tables());
  return "code" in tables ? problem(tables) : Response.json({ tables: tables.map(tableJson) });
}

async function getTable(c: Ctx): Promise<Response> {
  const info = await callShared(c.env, (stub) => stub.table(nameOf(c)));
  return "code" in info ? problem(info) : Response.json(tableJson(info));
}

/** Makes the table of the body's rows (201), or replaces all that it had (200), in one step. */
async function putTable(c: Ctx): Promise<Response> {
  const settings = settingsOf(c);
  if (!settings.ok) return problem(settings.refusal);
  const before = await callShared(c.env, (stub) => stub.table(settings.value.name));
  if ("code" in before && before.code !== "table/unknown") return problem(before);
  const status = "code" in before ? 201 : 200;
  return storeRows(c, settings.value, status, (rows) =>
    callShared(c.env, (stub) => stub.replaceTable(settings.value, rows)),
  );
}

/** Adds the body's rows; one whose key is there takes the place of what was. */
async function addRows(c: Ctx): Promise<Response> {
  const info = await callShared(c.env, (stub) => stub.table(nameOf(c)));
  if ("code" in info) return problem(info);
  return storeRows(c, info, 200, (rows) =>
    callShared(c.env, (stub) => stub.addToTable(info.name, rows)),
  );
}

async function storeRows(
  c: Ctx,
  settings: TableSettings,
  status: number,
  store: (rows: string) => Promise<Parameters<typeof tableJson>[0] | Refusal>,
): Promise<Response> {
  const text = await readText(c.req.raw);
  if (!text.ok) return problem(text.refusal);
  const rows = parseTableRows(text.value, c.req.header("content-type") ?? "", settings);
  if (!rows.ok) return problem(rows.refusal);
  const stored = await store(JSON.stringify(rows.value));
  return "code" in stored ? problem(stored) : Response.json(tableJson(stored), { status });
}

async function deleteTable(c: Ctx): Promise<Response> {
  const removed = await callShared(c.env, (stub) => stub.removeTable(nameOf(c)));
  return removed === true ? new Response(null, { status: 204 }) : problem(removed);
}

async function getRow(c: Ctx): Promise<Response> {
  const key = c.req.param("key")!;
  const row = await askShared<TableRow | null>(c.env, { ask: "row", table: nameOf(c), key });
  if (!row.ok) return problem(row.refusal);
  if (row.value !== null) return Response.json({ row: row.value });
  const detail = `Table "${nameOf(c)}" has no row "${key.slice(0, 80)}".`;
  return problem({ code: "table/unknown-row", detail });
}

/** Rows whose columns are as the parameters say, as text; `limit` is no column. */
async function findRows(c: Ctx): Promise<Response> {
  const { limit: limitText, ...where } = c.req.query();
  const limit = limitParameter(limitText, TABLE_FIND_ROWS_MAX);
  if (!limit.ok) return problem(limit.refusal);
  const info = await callShared(c.env, (stub) => stub.table(nameOf(c)));
  if ("code" in info) return problem(info);
  const typed = Object.entries(where).map(([column, text]) => [
    column,
    typedValue(text, Object.hasOwn(info.types, column) ? info.types[column] : undefined),
  ]);
  const found = await askShared<readonly TableRow[]>(c.env, {
    ask: "find",
    table: info.name,
    where: Object.fromEntries(typed) as TableRow,
    limit: limit.value,
  });
  return found.ok ? Response.json({ rows: found.value }) : problem(found.refusal);
}

function typedValue(text: string, type: ColumnType | undefined): string | number | boolean {
  if (type === "number") return Number(text);
  return type === "boolean" ? text === "true" : text;
}

function nameOf(c: Ctx): string {
  return c.req.param("table")!;
}

/** The table that a PUT describes: `?key=`, and lists of columns as `index`, `number` and `boolean`. */
function settingsOf(c: Ctx): Result<TableSettings> {
  const key = c.req.query("key");
  if (key === undefined)
    return refuse("table/malformed", 'Name the column of the rows\' key: "?key=column".');
  const definition = checkDefinition({ name: nameOf(c), key, indexes: listOf(c, "index") });
  if (!definition.ok) return definition;
  const types: Record<string, ColumnType> = {};
  for (const column of listOf(c, "number")) types[column] = "number";
  for (const column of listOf(c, "boolean")) types[column] = "boolean";
  return { ok: true, value: { ...definition.value, types } };
}

function listOf(c: Ctx, parameter: string): readonly string[] {
  const text = c.req.query(parameter);
  return text === undefined || text === "" ? [] : text.split(",");
}
