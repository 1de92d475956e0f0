/** What demos start with fits the models and the contract of widgets, before any server sees it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { MODELS } from "../../../models/index.ts";
import { checkQuery } from "../../../src/core/query/check.ts";
import { parseWidget, queryOfWidget } from "../../../src/wire/widget-v1.ts";
import { parseCsv } from "../../../tools/data/vega-datasets.ts";
import { demoNames, readDemo } from "../../../tools/seed/demo-files.ts";
import { fencesOf } from "../../support/markdown-page.ts";

const demos = demoNames().map((name) => ({ name, ...readDemo(name) }));
const widgets = demos.flatMap(({ name, widgets }) =>
  widgets.map((widget) => [name, widget.id, widget] as const),
);
const twins = demos.flatMap(({ twins }) => twins.map(({ model, csv }) => [model, csv] as const));

test("airports, the gas meter and the power grid are among the demos with start-up data", () => {
  expect(demos.map(({ name }) => name)).toEqual(
    expect.arrayContaining(["airports", "gas-meter", "power-grid"]),
  );
});

test("no two widgets have the same id, and each begins with its demo's name", () => {
  const ids = widgets.map(([, id]) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(widgets.filter(([name, id]) => !id.startsWith(`${name}-`))).toEqual([]);
});

test.each(widgets)(
  "%s: the widget %s is one, and asks what its model can answer",
  (_, id, body) => {
    const widget = parseWidget(id, body);
    if (!widget.ok) throw new Error(widget.refusal.detail);
    const query = queryOfWidget(widget.value);
    const model = MODELS.find(({ name }) => name === query.model);
    expect(checkQuery(query, model?.fields ?? [])).toMatchObject({ ok: true });
    expect(widget.value.title).not.toBe("");
  },
);

test("the saved query that docs/start-up-data.md shows is one of them", () => {
  const page = readFileSync(join(import.meta.dirname, "../../../docs/start-up-data.md"), "utf8");
  const [shown] = fencesOf(page).filter(({ language }) => language === "json");
  expect(widgets.map(([, , widget]) => widget)).toContainEqual(JSON.parse(shown?.text ?? ""));
});

test("a map lists twins, with their places", () => {
  const maps = widgets.filter(([, , { chart }]) => chart === "map");
  expect(maps.length).toBeGreaterThan(0);
  for (const [, id, body] of maps) {
    const widget = parseWidget(id, body);
    if (!widget.ok) throw new Error(widget.refusal.detail);
    const { aggregates, select } = widget.value;
    expect([id, aggregates]).toEqual([id, undefined]);
    expect(select).toEqual(expect.arrayContaining(["longitude", "latitude"]));
  }
});

test.each(twins)(
  "the first twins of %s have ids of their own and fields of the model",
  (name, csv) => {
    const rows = parseCsv(csv);
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
    const { id: _id, ...fields } = rows[0] ?? {};
    const model = MODELS.find((each) => each.name === name);
    expect(Object.keys(model?.defaults ?? {})).toEqual(expect.arrayContaining(Object.keys(fields)));
  },
);
