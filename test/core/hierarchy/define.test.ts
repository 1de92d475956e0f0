/** What is refused when a model is defined, and when models are deployed together. */
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { DigitalTwin, model } from "livetwin";
import type { ModelDefinition } from "livetwin";
import { modelsByName } from "../../../src/core/hierarchy/check.ts";
import { REPORT_FIELDS_MAX, ROLLUPS_MAX } from "../../../src/core/limits.ts";
import {
  FineSensor,
  HIERARCHY_MODELS,
  fineSensorModel,
  roomModel,
  sensorModel,
} from "../../support/hierarchy-models.ts";

class Any extends DigitalTwin<object> {
  farm = "";
  rpm = 0;
  worst: string | null = null;
  lowest: number | null = null;

  override processMessages(): void {
    // Nothing is sent.
  }
}

interface Odd {
  readonly name?: string;
  readonly parent?: unknown;
  readonly rollups?: unknown;
  readonly query?: unknown;
}

function make(options: Odd, twinClass: new () => Any = Any): ModelDefinition {
  return model(twinClass, { name: "Turbine", message: v.object({}), ...(options as object) });
}

function deploy(...models: Odd[]): () => unknown {
  return () => modelsByName(models.map((each) => make(each)));
}

const child = (name: string, parent: string, report: readonly string[] = ["rpm"]): Odd => ({
  name,
  parent: { model: parent, id: "farm", report },
});
const over = (rollup: object): Odd => ({ rollups: { rpm: rollup } });

describe("a model", () => {
  test("without relatives has none", () => {
    expect(make({})).toMatchObject({ parent: null, rollups: {}, hearsReports: false });
  });

  test("has its parent and its roll-ups as it declares them, and hears reports with onReport", () => {
    const id = (): string => "x";
    expect(make({ parent: { model: "Farm", id, report: ["rpm", "rpm"] } }).parent).toEqual({
      model: "Farm",
      id,
      report: ["rpm"],
    });
    expect(make({ parent: { model: "Farm", id: "farm", report: [] } }).parent?.report).toEqual([]);
    expect(roomModel.hearsReports).toBe(true);
  });

  test("gives a roll-up without a default of a type its type in queries", () => {
    const { fields } = make({
      rollups: {
        worst: { op: "worst", field: "condition", order: ["ok"] },
        lowest: { op: "min", field: "rpm" },
      },
    });
    expect(fields).toContainEqual({ name: "worst", type: "string" });
    expect(fields).toContainEqual({ name: "lowest", type: "number" });
    expect(roomModel.fields).toContainEqual({ name: "seenAt", type: "time" });
  });

  test.each<[object, string]>([
    [{ parent: { model: "1", id: "farm", report: [] } }, 'parent.model is "1"'],
    [{ parent: { id: "farm", report: [] } }, "parent.model is undefined"],
    [
      { parent: { model: "F", id: "fram", report: [] } },
      'parent.id names "fram", which is no field. Did you mean "farm"?',
    ],
    [{ parent: { model: "F", id: 7, report: [] } }, "parent.id is 7"],
    [{ parent: { model: "F", id: "farm" } }, "parent.report is undefined"],
    [{ parent: { model: "F", id: "farm", report: ["rpn"] } }, 'parent.report names "rpn"'],
    [{ rollups: { rpms: { op: "count" } } }, 'rollups names "rpms", which is no field'],
    [over({ op: "avg" }), 'roll-up "rpm" has the op "avg"; there are count, sum, mean'],
    [over({ op: "sum" }), 'roll-up "rpm" needs the "field"'],
    [over({ op: "count", field: "x" }), 'with both "field" and "is"'],
    [over({ op: "count", is: 3 }), 'with both "field" and "is"'],
    [over({ op: "worst", field: "x" }), 'needs an "order"'],
    [over({ op: "worst", field: "x", order: [] }), 'needs an "order"'],
    [over({ op: "worst", field: "x", order: ["a", "a"] }), 'needs an "order"'],
    [over({ op: "count", of: "a b" }), 'is of "a b", which is no model\'s name'],
  ])("is refused with %j", (options, text) => {
    expect(() => make(options)).toThrow(text);
    expect(() => make(options)).toThrow(TypeError);
  });

  test(`reports up to ${REPORT_FIELDS_MAX} fields and keeps up to ${ROLLUPS_MAX} roll-ups`, () => {
    const names = Array.from({ length: 40 }, (_, i) => `f${i}`);
    class Wide extends Any {
      constructor() {
        super();
        for (const name of names) Object.assign(this, { [name]: 0 });
      }
    }
    const reporting = (count: number): ModelDefinition =>
      make({ parent: { model: "F", id: "farm", report: names.slice(0, count) } }, Wide);
    expect(reporting(REPORT_FIELDS_MAX).parent?.report).toHaveLength(REPORT_FIELDS_MAX);
    expect(() => reporting(REPORT_FIELDS_MAX + 1)).toThrow("parent.report names 33 fields");
    const keeping = (count: number): ModelDefinition => {
      const rollups = names.slice(0, count).map((name) => [name, { op: "count" }]);
      return make({ rollups: Object.fromEntries(rollups) as unknown }, Wide);
    };
    expect(Object.keys(keeping(ROLLUPS_MAX).rollups)).toHaveLength(ROLLUPS_MAX);
    expect(() => keeping(ROLLUPS_MAX + 1)).toThrow("33 roll-ups; the limit is 32");
  });
});

describe("models that are deployed together", () => {
  test("are known by name, in whatever order they refer to each other", () => {
    expect([...modelsByName(HIERARCHY_MODELS).keys()]).toEqual([
      "Sensor",
      "FineSensor",
      "Room",
      "Building",
    ]);
    modelsByName(HIERARCHY_MODELS.toReversed());
  });

  test("are refused when two have one name", () => {
    expect(deploy({ name: "A" }, { name: "A" })).toThrow('Two models have the name "A"');
  });

  test("are refused when a parent is missing", () => {
    expect(() => modelsByName([sensorModel])).toThrow(
      'Model Sensor: its parent is of model "Room", which is not deployed. Models: Sensor.',
    );
  });

  test("are refused when one is its own parent, itself or over others", () => {
    expect(deploy(child("A", "A"))).toThrow("Model A is its own parent: A → A.");
    expect(deploy(child("A", "B"), child("B", "C"), child("C", "A"))).toThrow(
      "Model A is its own parent: A → B → C → A. Give each level a model of its own.",
    );
    // One that only leads to the circle.
    expect(deploy(child("X", "A"), child("A", "B"), child("B", "A"))).toThrow(
      "Model A is its own parent: A → B → A.",
    );
  });

  test("are refused when a roll-up is over what no child reports", () => {
    const farm = (rollup: object): Odd => ({ name: "Farm", rollups: { rpm: rollup } });
    expect(deploy(farm({ op: "count" }))).toThrow(
      'Model Farm: roll-up "rpm" is over children, but no model has Farm as its parent.',
    );
    expect(deploy(farm({ op: "count", of: "B" }), child("A", "Farm"), { name: "B" })).toThrow(
      'is of model "B", which does not have Farm as its parent',
    );
    expect(deploy(farm({ op: "sum", field: "rmp" }), child("A", "Farm"))).toThrow(
      'is over "rmp", which A does not report. Did you mean "rpm"?',
    );
    const mixed = [child("A", "Farm"), child("B", "Farm", [])];
    expect(deploy(farm({ op: "sum", field: "rpm", of: ["A", "B"] }), ...mixed)).toThrow(
      'is over "rpm", which B does not report',
    );
    // Over all children, those that don't report the field are left out.
    deploy(farm({ op: "sum", field: "rpm" }), ...mixed)();
  });
});

describe("a subclass", () => {
  test("has the fields of its parent class, its own, and their defaults", () => {
    expect(Object.keys(fineSensorModel.defaults)).toEqual([
      ...Object.keys(sensorModel.defaults),
      "percent",
      "messages",
    ]);
    expect(fineSensorModel.blank()).toBeInstanceOf(FineSensor);
    expect(fineSensorModel.fields).toEqual([
      ...sensorModel.fields,
      { name: "percent", type: "number" },
      { name: "messages", type: "number" },
    ]);
  });

  test("has the options that it is given, those of its parent class among them", () => {
    expect(fineSensorModel.parent).toEqual({
      model: "Room",
      id: "room",
      report: ["degrees", "status", "seenAt", "percent"],
    });
    expect(fineSensorModel.check({ degrees: 1, percent: 2 })).toMatchObject({ ok: true });
    expect(fineSensorModel.check({ degrees: "1" }).ok).toBe(false);
    expect(fineSensorModel.check({ percent: "2" }).ok).toBe(false);
  });
});
