/**
 * Holds a deployment against its description: whoever speaks to it through `described` has every request and answer
 * checked, so that what /openapi.json says is what happens.
 */
import { expect } from "vitest";
import type * as z from "zod";
import { refusalsOf } from "../../../src/wire/openapi/document.ts";
import type { Content, Operation } from "../../../src/wire/openapi/operation.ts";
import { OPERATIONS } from "../../../src/wire/openapi/operations/all.ts";
import { Problem } from "../../../src/wire/openapi/shapes/basics.ts";
import type { Connection, Reach } from "./client.ts";

const PATTERNS = OPERATIONS.map((operation) => ({
  operation,
  // A parameter is one segment of the path.
  pattern: new RegExp(`^${operation.path.replaceAll(/\{\w+\}/g, "[^/]+")}$`),
}));

/** Operations that were seen to do what they were asked. */
export const seen = new Set<string>();

/** The operation that a request is for, if it is described. */
export function operationOf(method: string, pathname: string): Operation | undefined {
  const found = PATTERNS.filter(
    ({ operation, pattern }) => operation.method === method.toLowerCase() && pattern.test(pathname),
  ).map(({ operation }) => operation);
  // "/v1/widgets/{id}" and "/v1/widgets/new": what has fewer parameters is meant.
  return found.toSorted((a, b) => parametersIn(a) - parametersIn(b))[0];
}

function parametersIn({ path }: Operation): number {
  return path.split("{").length;
}

/** Wraps the way to a deployment. A request to an undescribed route is let through: it has no answer but 404. */
export function described(reach: Reach): Reach {
  return {
    fetch: async (path, init = {}) => {
      const response = await reach.fetch(path, init);
      const { pathname, searchParams } = new URL(path, "http://any");
      const method = init.method ?? "GET";
      const operation = operationOf(method, pathname);
      const what = `${method} ${path} answers ${response.status}`;
      if (operation === undefined) {
        expect(response.status, what).toBe(404);
        return response;
      }
      const text = await response.clone().text();
      checkAnswer(operation, response, text, what);
      if (response.ok) {
        checkRequest(operation, searchParams, init, what);
        seen.add(operation.id);
      }
      return response;
    },
    connect: async (path) => {
      const operation = operationOf("GET", new URL(path, "http://any").pathname);
      const frames = operation?.frames;
      expect(frames, `${path} is described with frames`).toBeDefined();
      seen.add(operation!.id);
      return checkedConnection(await reach.connect(path), frames!.fromServer, path);
    },
  };
}

function checkAnswer(operation: Operation, response: Response, text: string, what: string): void {
  const type = response.headers.get("content-type")?.split(";")[0] ?? "";
  if (type === "application/problem+json") {
    const problem = expectFits(Problem, JSON.parse(text), what);
    expect(problem.status, what).toBe(response.status);
    expect(refusalsOf(operation), `${what}: the codes of ${operation.id}`).toContain(problem.code);
    return;
  }
  const answer = operation.answers[response.status];
  expect(answer, `${what}, which ${operation.id} does not describe`).toBeDefined();
  for (const name of Object.keys(answer!.headers ?? {}))
    expect(response.headers.get(name), `${what}: the header ${name}`).not.toBeNull();
  if (answer!.content === undefined) {
    expect(text, what).toBe("");
    return;
  }
  const content = answer!.content[type];
  expect(content, `${what} as ${type}, which ${operation.id} does not describe`).toBeDefined();
  checkContent(content!, text, what);
}

/** What was taken is described: the parameters, and the body as its media type says. */
function checkRequest(
  { id, parameters = [], body }: Operation,
  given: URLSearchParams,
  init: RequestInit,
  what: string,
): void {
  const headers = new Headers(init.headers);
  for (const [name, text] of given) {
    const ofQuery = parameters.filter((each) => each.in === "query");
    const parameter = ofQuery.find((each) => each.name === name && each.isSpread === undefined);
    const isSpread = ofQuery.some((each) => each.isSpread);
    expect(parameter !== undefined || isSpread, `${what}: ${id} takes "${name}"`).toBe(true);
    if (parameter !== undefined)
      expect(isValue(parameter.schema, text), `${what}: ${name}=${text}`).toBe(true);
  }
  if (typeof init.body !== "string") return;
  // A client that says nothing of its body sends JSON.
  const type = headers.get("content-type")?.split(";")[0] ?? "application/json";
  const content = body?.[type];
  expect(content, `${what}: ${id} takes ${type}`).toBeDefined();
  if (content!.text === undefined) expectTaken(content!.schema, JSON.parse(init.body), what);
}

function checkContent({ schema, text: kind }: Content, text: string, what: string): void {
  if (kind === undefined) expectFits(schema, JSON.parse(text), what);
  else expectFits(schema, text, what);
}

/** A parameter is text, whatever its schema says that it means. */
function isValue(schema: z.ZodType, text: string): boolean {
  const meanings = [text, Number(text), text === "true" ? true : text === "false" ? false : text];
  return meanings.some((meaning) => schema.safeParse(meaning).success);
}

/** The value fits, and has nothing that the schema does not know: unknown members would be missing in what it gives. */
function expectFits<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  what: string,
): z.output<Schema> {
  const fitting = expectTaken(schema, value, what);
  expect(fitting, `${what}: members that are not described`).toEqual(value);
  return fitting;
}

function expectTaken<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  what: string,
): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (!parsed.success) expect.fail(`${what}, not as described: ${parsed.error.message}`);
  return parsed.data;
}

function checkedConnection(connection: Connection, frames: z.ZodType, path: string): Connection {
  return {
    send: (frame) => connection.send(frame),
    next: async () => {
      const frame = await connection.next();
      expectFits(frames, frame, `a frame of ${path}: ${JSON.stringify(frame).slice(0, 200)}`);
      return frame;
    },
    close: () => connection.close(),
  };
}
