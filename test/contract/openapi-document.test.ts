/** The description of the HTTP interface by itself. What it says of real answers: http/openapi.ts. */
import { describe, expect, test } from "vitest";
import { LIST_LIMIT_MAX } from "../../src/core/limits.ts";
import { REFUSAL_CODES } from "../../src/core/refusal.ts";
import { openApiDocument, refusalsOf } from "../../src/wire/openapi/document.ts";
import type { Content, Operation } from "../../src/wire/openapi/operation.ts";
import { OPERATIONS } from "../../src/wire/openapi/operations/all.ts";
import { Problem } from "../../src/wire/openapi/shapes/basics.ts";
import { OpenApi } from "../support/openapi-structure.ts";

const text = JSON.stringify(openApiDocument(OPERATIONS, "1.2.3"));
const document = OpenApi.parse(JSON.parse(text));
const operations = Object.values(document.paths).flatMap(({ get, post, put, delete: remove }) =>
  [get, post, put, remove].filter((operation) => operation !== undefined),
);

describe("the description of the HTTP interface", () => {
  test("has nothing that OpenAPI 3.1 does not know", () => {
    expect(document).toEqual(JSON.parse(text));
    expect(document.info.version).toBe("1.2.3");
    expect(operations).toHaveLength(OPERATIONS.length);
  });

  test("names each operation once", () => {
    const ids = operations.map(({ operationId }) => operationId);
    expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([]);
  });

  test.each(["schemas", "examples"] as const)(
    "defines all %s that it refers to, and refers to all that it defines",
    (kind) => {
      const references = text.matchAll(new RegExp(`"#/components/${kind}/([^"]+)"`, "g"));
      const named = new Set([...references].map(([, name]) => name!));
      expect([...named].toSorted()).toEqual(Object.keys(document.components[kind]));
    },
  );

  test("has an example of each problem that fits", () => {
    const examples = Object.entries(document.components.examples);
    expect(examples.length).toBeGreaterThan(20);
    for (const [name, { value }] of examples)
      expect(Problem.parse(value).code).toBe(name.replace(".", "/"));
  });

  test("uses every tag, and none that it does not describe", () => {
    expect(new Set(operations.flatMap(({ tags }) => tags))).toEqual(
      new Set(document.tags.map(({ name }) => name)),
    );
  });

  test.each(OPERATIONS.map((operation) => [operation.id, operation] as const))(
    "says the parameters of %s as its path has them, each once",
    (_id, { path, parameters = [] }) => {
      const inPath = parameters.filter((each) => each.in === "path").map(({ name }) => name);
      expect(inPath).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
      const places = parameters.map((each) => `${each.in} ${each.name.toLowerCase()}`);
      expect(new Set(places).size).toBe(places.length);
    },
  );

  test.each(contents())("has an example of %s that fits", (_what, { schema, example, text }) => {
    // Defaults may join it, but nothing of it may be unknown.
    expect({ example: schema.parse(example) }).toMatchObject({ example });
    const line = text?.line;
    if (line === undefined) return;
    const lines = String(example).trimEnd().split("\n");
    expect(lines.map((each) => line.parse(JSON.parse(each)))).toEqual(
      lines.map((each): unknown => JSON.parse(each)),
    );
  });

  test("says what success is, and never of a problem's status", () => {
    for (const operation of OPERATIONS) {
      const statuses = Object.keys(operation.answers).map(Number);
      expect(statuses.length, operation.id).toBeGreaterThan(0);
      expect(statuses.filter((status) => status >= 300)).toEqual([]);
    }
  });

  test("has every code of a problem at some operation, but those that no answer has by itself", () => {
    const described = new Set<string>(OPERATIONS.flatMap((operation) => refusalsOf(operation)));
    // The mock environment's runs alone refuse with the second one so far.
    const silent = ["live/malformed", "simulation/malformed"];
    expect(REFUSAL_CODES.filter((code) => !described.has(code))).toEqual(silent);
  });

  test("takes bounds and defaults from the limits", () => {
    const list = document.paths["/v1/models/{model}/twins"]?.get;
    expect(list?.parameters?.find(({ name }) => name === "limit")?.schema).toEqual({
      type: "integer",
      minimum: 1,
      maximum: LIST_LIMIT_MAX,
      default: LIST_LIMIT_MAX,
    });
  });

  test("asks for a role wherever a key is needed", () => {
    const open = OPERATIONS.filter(({ roles }) => roles.length === 0).map(({ path }) => path);
    expect(open).toEqual(["/healthz", "/openapi.json"]);
    expect(document.paths["/v1/models"]?.get?.security).toEqual([{ bearer: ["viewer"] }]);
  });

  test("describes the frames of what answers 101, and of nothing else", () => {
    const isSocket = (operation: Operation): boolean => 101 in operation.answers;
    expect(OPERATIONS.filter(isSocket).map(({ id }) => id)).toEqual(
      OPERATIONS.filter(({ frames }) => frames !== undefined).map(({ id }) => id),
    );
  });
});

/** Every body that is described, by what it is of. */
function contents(): readonly (readonly [what: string, content: Content])[] {
  return OPERATIONS.flatMap(({ id, body = {}, answers }) => [
    ...Object.entries(body).map(([type, content]) => [`${id}'s ${type}`, content] as const),
    ...Object.entries(answers).flatMap(([status, { content = {} }]) =>
      Object.entries(content).map(
        ([type, each]) => [`${id}'s ${status} as ${type}`, each] as const,
      ),
    ),
  ]);
}
