/** Look-up tables: loaded as a whole, added to by key, read row by row. */
import * as z from "zod";
import {
  TABLE_FIND_ROWS_MAX,
  TABLE_INDEXES_MAX,
  TABLE_KEY_CHARS_MAX,
  TABLE_ROWS_PER_REQUEST_MAX,
} from "../../../core/limits.ts";
import type { RefusalCode } from "../../../core/refusal.ts";
import type { Contents, Operation } from "../operation.ts";
import { json, okJson } from "../operation.ts";
import { limit, path, query } from "../parameters.ts";
import { OF_A_JSON_BODY } from "../refusals.ts";
import { ModelName } from "../shapes/basics.ts";
import { FoundRow, FoundRows, Row, Table, Tables } from "../shapes/shared-data.ts";

const TABLES = "/v1/tables";
const TABLE = `${TABLES}/{table}`;

const NAME = path("table", "The table's name, of the form of a model's.", ModelName);
const columns = z.string().meta({ examples: ["region,country"] });

const table = {
  name: "Sites",
  key: "code",
  indexes: ["region"],
  types: { capacity: "number" },
  rows: 2,
  updatedAt: "2026-11-23T08:00:00.000Z",
} as const;
const row = { code: "007", region: "S", capacity: 7.5 };

const ROWS: Contents = {
  "text/csv": {
    schema: z.string(),
    text: {},
    example: "code,region,capacity\r\nn1,N,5\r\n007,S,7.5\r\n",
  },
  "application/x-ndjson": {
    schema: z.string(),
    text: { line: Row },
    example: `${JSON.stringify(row)}\n`,
  },
  ...json(z.array(Row).max(TABLE_ROWS_PER_REQUEST_MAX), [row]),
};

const OF_A_TABLE: readonly RefusalCode[] = ["shared/unavailable", "table/unknown"];
const OF_ROWS: readonly RefusalCode[] = [
  ...OF_A_JSON_BODY,
  "body/too-many",
  "shared/unavailable",
  "table/bad-row",
];

export const TABLE_OPERATIONS: readonly Operation[] = [
  {
    method: "get",
    path: TABLES,
    id: "listTables",
    tag: "shared",
    summary: "All look-up tables",
    roles: ["viewer"],
    answers: { 200: okJson("Without their rows.", Tables, { tables: [table] }) },
    refusals: ["shared/unavailable"],
  },
  {
    method: "get",
    path: TABLE,
    id: "getTable",
    tag: "shared",
    summary: "A look-up table",
    roles: ["viewer"],
    parameters: [NAME],
    answers: { 200: okJson("Without its rows.", Table, table) },
    refusals: OF_A_TABLE,
  },
  {
    method: "put",
    path: TABLE,
    id: "putTable",
    tag: "shared",
    summary: "Make a table of rows, or replace all rows of one",
    description: "CSV with a header row, a line of JSON each, or a JSON array. All rows or none.",
    roles: ["operator"],
    parameters: [
      NAME,
      {
        ...query("key", "The column of the rows' key.", z.string().min(1).max(TABLE_KEY_CHARS_MAX)),
        isRequired: true,
      },
      query(
        "index",
        `Columns that rows are found by too, ${TABLE_INDEXES_MAX} at most, separated by commas.`,
        columns,
      ),
      query("number", "Columns of CSV that are numbers, separated by commas.", columns),
      query("boolean", "Columns of CSV that are true or false, separated by commas.", columns),
    ],
    body: ROWS,
    answers: {
      200: okJson("All its rows are replaced.", Table, table),
      201: okJson("It is made.", Table, table),
    },
    refusals: [...OF_ROWS, "table/malformed", "table/too-many"],
  },
  {
    method: "post",
    path: TABLE,
    id: "addTableRows",
    tag: "shared",
    summary: "Add rows to a table",
    description: "One whose key is there takes the place of what was. All rows or none.",
    roles: ["operator"],
    parameters: [NAME],
    body: ROWS,
    answers: { 200: okJson("The table with them.", Table, table) },
    refusals: [...OF_ROWS, "table/too-large", "table/unknown"],
  },
  {
    method: "delete",
    path: TABLE,
    id: "deleteTable",
    tag: "shared",
    summary: "Remove a table with its rows",
    roles: ["operator"],
    parameters: [NAME],
    answers: { 204: { description: "It is gone." } },
    refusals: OF_A_TABLE,
  },
  {
    method: "get",
    path: `${TABLE}/rows`,
    id: "findTableRows",
    tag: "shared",
    summary: "Find rows by what is in their columns",
    description: "At least one of the columns is the key, or has an index.",
    roles: ["viewer"],
    parameters: [
      NAME,
      {
        ...query(
          "columns",
          "Columns and what must be in them, each a parameter of its own.",
          z.record(z.string(), z.string()).meta({ examples: [{ region: "S" }] }),
        ),
        isSpread: true,
      },
      limit("Rows", TABLE_FIND_ROWS_MAX),
    ],
    answers: { 200: okJson("Those that have it all.", FoundRows, { rows: [row] }) },
    refusals: [
      ...OF_A_TABLE,
      "request/bad-parameter",
      "table/malformed",
      "table/not-indexed",
      "table/too-wide",
    ],
  },
  {
    method: "get",
    path: `${TABLE}/rows/{key}`,
    id: "getTableRow",
    tag: "shared",
    summary: "The row of a key",
    roles: ["viewer"],
    parameters: [NAME, path("key", "What the row has in the key column.", z.string())],
    answers: { 200: okJson("The row.", FoundRow, { row }) },
    refusals: [...OF_A_TABLE, "table/unknown-row"],
  },
];
