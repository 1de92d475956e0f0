/**
 * What is kept under an id of its own, or of the caller's: the five routes of widgets, silences, rules and channels.
 * They are alike, so they are described once.
 */
import * as z from "zod";
import type { RefusalCode } from "../../../core/refusal.ts";
import { WIDGET_ID } from "../../widget-v1.ts";
import type { Answer, Operation, Parameter, Tag } from "../operation.ts";
import { json, okJson } from "../operation.ts";
import { path } from "../parameters.ts";

export interface Kind {
  readonly tag: Tag;
  /** Of the list: `/v1/widgets`. */
  readonly path: string;
  /** The word for one, and for its operations' ids: "widget", "Widget". */
  readonly one: string;
  readonly ids: { readonly one: string; readonly many: string };
  readonly list: z.ZodType;
  /** The list's member. */
  readonly member: string;
  readonly body: z.ZodType;
  readonly shown: z.ZodType;
  readonly examples: { readonly body: unknown; readonly shown: unknown };
  readonly unknown: RefusalCode;
  readonly writes: readonly RefusalCode[];
}

/** The id of one, in the path. */
export function storedId(one: string): Parameter {
  return path("id", `The ${one}'s id.`, z.string().regex(WIDGET_ID));
}

export function storedOperations(kind: Kind): readonly Operation[] {
  const { tag, path: list, one, ids, examples } = kind;
  const of = { tag, path: `${list}/{id}`, parameters: [storedId(one)] };
  const shown = okJson("As it is kept.", kind.shown, examples.shown);
  const made: Answer = {
    ...okJson("It is made.", kind.shown, examples.shown),
    headers: { Location: "Its address." },
  };
  const body = json(kind.body, examples.body);
  return [
    {
      tag,
      method: "get",
      path: list,
      id: `list${ids.many}`,
      summary: `All ${one}s`,
      roles: ["viewer"],
      answers: {
        200: okJson("As they are kept.", kind.list, { [kind.member]: [examples.shown] }),
      },
      refusals: [],
    },
    {
      tag,
      method: "post",
      path: list,
      id: `create${ids.one}`,
      summary: `Make a ${one}`,
      roles: ["operator"],
      body,
      answers: { 201: made },
      refusals: kind.writes,
    },
    {
      ...of,
      method: "get",
      id: `get${ids.one}`,
      summary: `A ${one}`,
      roles: ["viewer"],
      answers: { 200: shown },
      refusals: [kind.unknown],
    },
    {
      ...of,
      method: "put",
      id: `put${ids.one}`,
      summary: `Make or replace a ${one} under an id of one's own`,
      roles: ["operator"],
      body,
      answers: { 200: okJson("It is replaced.", kind.shown, examples.shown), 201: made },
      refusals: kind.writes,
    },
    {
      ...of,
      method: "delete",
      id: `delete${ids.one}`,
      summary: `Remove a ${one}`,
      roles: ["operator"],
      answers: { 204: { description: "It is gone." } },
      refusals: [kind.unknown],
    },
  ];
}
