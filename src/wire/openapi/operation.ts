/**
 * How a route is described: as data, with the schemas that check it or its answers. `document.ts` makes OpenAPI of it;
 * the contract's tests hold real answers against it.
 */
import type * as z from "zod";
import type { RefusalCode } from "../../core/refusal.ts";

export type Method = "get" | "post" | "put" | "delete";

/** The areas of the interface, in the order in which they are read. */
export const TAGS = {
  messages: "Messages in: what is answered is durable and processed.",
  commands: "What twins send their devices.",
  twins: "Twins themselves: state, children, history.",
  queries: "Queries over all twins of a model, seconds old at most, or consistent.",
  live: "Results that come by themselves when they change.",
  widgets: "Saved queries with a way to show them.",
  alerts: "Alerts of twins and of rules on aggregates, and whom they are told to.",
  shared: "Data that twins share, and tables that they look things up in.",
  models: "What is deployed, and its log.",
  system: "The deployment itself.",
} as const satisfies Readonly<Record<string, string>>;
export type Tag = keyof typeof TAGS;

/** Who may call: a role that may do less comes before those that may do all of it and more. */
export type Role = "device" | "viewer" | "operator" | "admin";

export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly description: string;
  /** Its bounds and default are shown. */
  readonly schema: z.ZodType;
  /** The schema is an object's, and each of its members is a parameter of its own. */
  readonly isSpread?: true;
  /** Those of the path always are. */
  readonly isRequired?: true;
}

/** A body of one media type. `example` fits the schema; of text it is the text. */
export interface Content {
  readonly schema: z.ZodType;
  readonly example: unknown;
  /** What is text and no JSON, such as CSV. With `line`, each line is JSON of that schema. */
  readonly text?: { readonly line?: z.ZodType };
}

/** Bodies by media type. */
export type Contents = Readonly<Record<string, Content>>;

export interface Answer {
  readonly description: string;
  /** None where the answer has no body. */
  readonly content?: Contents;
  /** Headers beside the usual ones, and what they say. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** What goes over a WebSocket, one JSON text a frame. */
export interface Frames {
  readonly fromClient: z.ZodType;
  readonly fromServer: z.ZodType;
}

export interface Operation {
  readonly method: Method;
  /** As OpenAPI writes it: `/v1/models/{model}/twins/{id}`. */
  readonly path: string;
  /** `operationId`: a verb and its object. */
  readonly id: string;
  readonly tag: Tag;
  /** A few words, without a full stop. */
  readonly summary: string;
  readonly description?: string;
  /** The least roles that may call it, each by itself; none where no key is asked for. */
  readonly roles: readonly Role[];
  readonly parameters?: readonly Parameter[];
  readonly body?: Contents;
  readonly isBodyOptional?: true;
  /** What it answers when it does what it was asked, by status. */
  readonly answers: Readonly<Record<number, Answer>>;
  /** Codes of the problems that it answers with beside those of every route (`EVERYWHERE`). */
  readonly refusals: readonly RefusalCode[];
  readonly frames?: Frames;
}

/** A body or answer of JSON. */
export function json(schema: z.ZodType, example: unknown): Contents {
  return { "application/json": { schema, example } };
}

/** The answer 200 with a JSON body. */
export function okJson(description: string, schema: z.ZodType, example: unknown): Answer {
  return { description, content: json(schema, example) };
}
