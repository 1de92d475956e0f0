/**
 * OpenAPI 3.1 as far as our description uses it (https://spec.openapis.org/oas/v3.1.1): objects are strict, so that a
 * member that the specification does not know, or that is in the wrong place, is found. Members of our own begin with
 * `x-`, and are named here too.
 */
import * as z from "zod";

const Text = z.string().min(1);

const Type = z.enum(["object", "array", "string", "number", "integer", "boolean", "null"]);

/** The keywords of JSON Schema 2020-12 that zod writes, each with the form of its value. */
const Schema: z.ZodType = z.lazy(() =>
  z.strictObject({
    $ref: z
      .string()
      .regex(/^#\/components\/schemas\/\w+$/)
      .optional(),
    type: z.union([Type, z.array(Type).min(2)]).optional(),
    title: Text.optional(),
    description: Text.optional(),
    examples: z.array(z.unknown()).optional(),
    default: z.unknown().optional(),
    const: z.unknown().optional(),
    enum: z.array(z.unknown()).min(1).optional(),
    format: z.enum(["date-time"]).optional(),
    pattern: z
      .string()
      .refine((text) => RegExp(text) instanceof RegExp)
      .optional(),
    minLength: z.int().optional(),
    maxLength: z.int().optional(),
    minimum: z.number().optional(),
    maximum: z.number().optional(),
    items: z.union([Schema, z.literal(false)]).optional(),
    prefixItems: z.array(Schema).optional(),
    minItems: z.int().optional(),
    maxItems: z.int().optional(),
    properties: z.record(z.string(), Schema).optional(),
    required: z.array(z.string()).optional(),
    propertyNames: Schema.optional(),
    additionalProperties: z.union([Schema, z.boolean()]).optional(),
    allOf: z.array(Schema).min(1).optional(),
    anyOf: z.array(Schema).min(1).optional(),
    oneOf: z.array(Schema).min(1).optional(),
  }),
);

const MediaType = z.strictObject({
  schema: Schema,
  example: z.unknown().optional(),
  examples: z
    .record(
      z.string(),
      z.strictObject({ $ref: z.string().regex(/^#\/components\/examples\/[\w.-]+$/) }),
    )
    .optional(),
  "x-line": Schema.optional(),
});
const Content = z.record(z.string().regex(/^[a-z]+\/[a-z.+-]+$/), MediaType);

const Header = z.strictObject({
  description: Text,
  schema: Schema,
  example: z.unknown().optional(),
});

const Response = z.strictObject({
  description: Text,
  headers: z.record(z.string(), Header).optional(),
  content: Content.optional(),
});

const Parameter = z
  .strictObject({
    name: Text,
    in: z.enum(["path", "query", "header"]),
    description: Text,
    required: z.boolean(),
    style: z.literal("form").optional(),
    explode: z.boolean().optional(),
    schema: Schema,
  })
  .refine(({ in: place, required }) => place !== "path" || required, "a path's is required");

const Operation = z.strictObject({
  operationId: z.string().regex(/^[a-z][A-Za-z]+$/),
  tags: z.array(Text).length(1),
  summary: z.string().regex(/[^.]$/),
  description: Text,
  security: z.array(z.strictObject({ bearer: z.array(Text) })),
  parameters: z.array(Parameter).optional(),
  requestBody: z.strictObject({ required: z.boolean(), content: Content }).optional(),
  responses: z.record(z.string().regex(/^[1-5]\d\d$/), Response),
  "x-websocket": z.strictObject({ fromClient: Schema, fromServer: Schema }).optional(),
});

export const OpenApi = z.strictObject({
  openapi: z.literal("3.1.1"),
  info: z.strictObject({
    title: Text,
    version: Text,
    summary: Text,
    description: Text,
    license: z.strictObject({ name: Text, identifier: Text }),
  }),
  tags: z.array(z.strictObject({ name: Text, description: Text })),
  paths: z.record(
    z.string().startsWith("/"),
    z.strictObject({
      get: Operation.optional(),
      post: Operation.optional(),
      put: Operation.optional(),
      delete: Operation.optional(),
    }),
  ),
  components: z.strictObject({
    schemas: z.record(z.string().regex(/^[A-Z]\w*$/), Schema),
    examples: z.record(z.string().regex(/^[\w.-]+$/), z.strictObject({ value: z.unknown() })),
    securitySchemes: z.strictObject({
      bearer: z.strictObject({
        type: z.literal("http"),
        scheme: z.literal("bearer"),
        description: Text,
      }),
    }),
  }),
});
