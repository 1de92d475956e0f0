/**
 * The description of the HTTP interface as an OpenAPI 3.1 document (https://spec.openapis.org/oas/v3.1.1). It is made
 * when the dashboard is built, and served as a file: nothing of it is in the Worker.
 */
import * as z from "zod";
import { RETRY_AFTER_S } from "../../core/limits.ts";
import { isRetryable, statusOf } from "../../core/refusal.ts";
import type { RefusalCode } from "../../core/refusal.ts";
import { JsonSchemas } from "./json-schemas.ts";
import type { JsonSchema } from "./json-schemas.ts";
import { TAGS } from "./operation.ts";
import type { Contents, Frames, Operation, Parameter, Role } from "./operation.ts";
import { EVERYWHERE } from "./refusals.ts";
import { Problem } from "./shapes/basics.ts";
import { problemJson } from "../problem-v1.ts";

type Member = Readonly<Record<string, unknown>>;

export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: Member;
  readonly tags: readonly Member[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Member>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>;
    readonly examples: Readonly<Record<string, Member>>;
    readonly securitySchemes: Member;
  };
}

const INTRODUCTION = `A live object, a *twin*, for every device: it takes messages, answers its device, and takes part in queries.

**Failures** are problems (RFC 9457) with a stable \`code\` of the form \`area/what\`. With status 503 nothing is half done, and the same may be sent again.

**Access.** \`Authorization: Bearer <key>\`. Roles: \`device\` sends messages and takes commands; \`viewer\` reads; \`operator\` does both and sees to alerts and widgets; \`admin\` does everything. For now the administrator's secret is the only key there is, and a server of \`npm start\` on loopback asks for none. A deployment without a secret refuses all but \`/healthz\`.

**WebSockets** are described as GET with the answer 101; the schemas of their frames, each one JSON text, are in \`x-websocket\` and below.`;

const BEARER = {
  type: "http",
  scheme: "bearer",
  description: "A key. Leave it empty where none is asked for.",
};

/** Describes the operations. `version` is the product's. */
export function openApiDocument(
  operations: readonly Operation[],
  version: string,
): OpenApiDocument {
  const schemas = new JsonSchemas();
  const paths: Record<string, Record<string, Member>> = {};
  for (const operation of operations)
    (paths[operation.path] ??= {})[operation.method] = describe(operation, schemas);
  return {
    openapi: "3.1.1",
    info: {
      title: "Livetwin",
      version,
      summary: "Real-time digital twins",
      description: INTRODUCTION,
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    tags: Object.entries(TAGS)
      .filter(([name]) => operations.some(({ tag }) => tag === name))
      .map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas: schemas.fillIn(),
      examples: problemExamples(operations),
      securitySchemes: { bearer: BEARER },
    },
  };
}

function describe(operation: Operation, schemas: JsonSchemas): Member {
  const { id, tag, summary, roles, parameters = [], body, isBodyOptional, frames } = operation;
  return {
    operationId: id,
    tags: [tag],
    summary,
    description: descriptionOf(operation),
    // Each alternative: the role that a key must have at least.
    security: roles.map((role) => ({ bearer: [role] })),
    ...(parameters.length > 0 && {
      parameters: parameters.map((each) => describeParameter(each, schemas)),
    }),
    ...(body && {
      requestBody: { required: isBodyOptional !== true, content: describeContents(body, schemas) },
    }),
    responses: { ...describeAnswers(operation, schemas), ...describeProblems(operation, schemas) },
    ...(frames && {
      "x-websocket": {
        fromClient: schemas.of(frames.fromClient),
        fromServer: schemas.of(frames.fromServer),
      },
    }),
  };
}

function descriptionOf({ description, frames, roles }: Operation): string {
  const parts = [description, frames && framesText(frames), roleText(roles)];
  return parts.filter((part) => part !== undefined).join("\n\n");
}

/** The names of the frames' schemas, for those who read no `x-websocket`. */
function framesText({ fromClient, fromServer }: Frames): string {
  const [sent, received] = [namesOf(fromClient).join(", "), namesOf(fromServer).join(", ")];
  return `Frames to the server: ${sent}. Frames from it: ${received}.`;
}

function namesOf(schema: z.core.$ZodType): readonly string[] {
  const id = z.globalRegistry.get(schema)?.id;
  if (id !== undefined) return [`\`${id}\``];
  if (schema instanceof z.ZodUnion) return schema.options.flatMap(namesOf);
  if (schema instanceof z.ZodArray)
    return namesOf(schema.element).map((name) => `lists of ${name}`);
  return ["any JSON"];
}

function roleText(roles: readonly Role[]): string {
  if (roles.length === 0) return "Asks for no key.";
  return `Role: ${roles.map((role) => `\`${role}\``).join(" or ")}.`;
}

function describeParameter(parameter: Parameter, schemas: JsonSchemas): Member {
  const { name, in: place, description, schema, isSpread, isRequired } = parameter;
  return {
    name,
    in: place,
    description,
    required: place === "path" || isRequired === true,
    ...(isSpread && { style: "form", explode: true }),
    schema: schemas.of(schema),
  };
}

function describeContents(contents: Contents, schemas: JsonSchemas): Member {
  const described = Object.entries(contents).map(([type, { schema, example, text }]) => [
    type,
    {
      schema: schemas.of(schema),
      example,
      ...(text?.line && { "x-line": schemas.of(text.line) }),
    },
  ]);
  return Object.fromEntries(described) as Member;
}

function describeAnswers({ answers }: Operation, schemas: JsonSchemas): Member {
  const described = Object.entries(answers).map(([status, { description, content, headers }]) => [
    status,
    {
      description,
      ...(headers && {
        headers: Object.fromEntries(
          Object.entries(headers).map(([name, meaning]) => [
            name,
            { description: meaning, schema: { type: "string" } },
          ]),
        ),
      }),
      ...(content && { content: describeContents(content, schemas) }),
    },
  ]);
  return Object.fromEntries(described) as Member;
}

/** The codes of problems that an operation may answer with. */
export function refusalsOf({ roles, refusals }: Operation): readonly RefusalCode[] {
  return [...new Set(roles.length === 0 ? refusals : [...refusals, ...EVERYWHERE])].toSorted();
}

/** One response for each status, which names the codes that have it. */
function describeProblems(operation: Operation, schemas: JsonSchemas): Member {
  const byStatus: Record<number, RefusalCode[]> = {};
  for (const code of refusalsOf(operation)) (byStatus[statusOf(code)] ??= []).push(code);
  const described = Object.entries(byStatus).map(([status, codes]) => [
    status,
    {
      description: codes.map((code) => `\`${code}\``).join(", "),
      ...(codes.some(isRetryable) && { headers: RETRY_AFTER }),
      content: {
        "application/problem+json": {
          schema: { allOf: [schemas.of(Problem), { properties: { code: { enum: codes } } }] },
          examples: Object.fromEntries(
            codes.map((code) => [code, { $ref: `#/components/examples/${exampleName(code)}` }]),
          ),
        },
      },
    },
  ]);
  return Object.fromEntries(described) as Member;
}

/** Every problem that an operation may answer with, by the name of its example. */
function problemExamples(operations: readonly Operation[]): Readonly<Record<string, Member>> {
  const detail = "A sentence that names the thing, the value and the rule.";
  const codes = [...new Set(operations.flatMap(refusalsOf))].toSorted();
  return Object.fromEntries(
    codes.map((code) => [exampleName(code), { value: problemJson({ code, detail }) }]),
  );
}

/** Names of components have no slash. */
function exampleName(code: RefusalCode): string {
  return code.replace("/", ".");
}

const RETRY_AFTER = {
  "Retry-After": {
    description: "Seconds to wait before the same is sent again.",
    schema: { type: "integer" },
    example: RETRY_AFTER_S,
  },
};
