/** Shared data as twins change it: the scopes, the keys, and what may be done to a value. */
import { isTwinId } from "../ids.ts";
import { ID_LENGTH_MAX, SHARED_VALUE_CHARS_MAX } from "../limits.ts";
import type { Json } from "../model.ts";
import { refuse } from "../refusal.ts";
import type { Refusal, Result } from "../refusal.ts";

/** The scope that all models share; every other scope is a model's name, which begins with a letter. */
export const GLOBAL_SCOPE = "_global";

/** What may be done to the value of a key. */
export type SharedChange =
  | { readonly kind: "add"; readonly by: number }
  | { readonly kind: "set"; readonly value: Json }
  | { readonly kind: "delete" };

/** A change that a step asked for, on its way out with the commit. */
export interface SharedEffect {
  readonly scope: "model" | "global";
  readonly key: string;
  readonly change: SharedChange;
}

/** An effect as it travels in the outbox, and is stored there: scope `m` or `g`. */
type SharedMessage =
  | readonly [kind: "add", scope: "m" | "g", key: string, by: number]
  | readonly [kind: "set", scope: "m" | "g", key: string, value: Json]
  | readonly [kind: "delete", scope: "m" | "g", key: string];

/** What is wrong with a key, if anything. */
export function keyFault(key: unknown): Refusal | undefined {
  // A model in plain JavaScript may pass anything.
  if (typeof key === "string" && isTwinId(key)) return undefined;
  const shown = JSON.stringify(typeof key === "string" ? key.slice(0, ID_LENGTH_MAX) : key);
  const rule = `1 to ${ID_LENGTH_MAX} characters of printable ASCII except / ? # %`;
  return { code: "shared/bad-key", detail: `${shown} is no key of shared data: ${rule}.` };
}

/** A change that can be kept, its value a copy that nobody else holds; refuses what JSON or a double can't hold. */
export function checkChange(change: SharedChange): Result<SharedChange> {
  switch (change.kind) {
    case "delete":
      return { ok: true, value: change };
    case "add":
      if (typeof change.by === "number" && Number.isFinite(change.by))
        return { ok: true, value: { kind: "add", by: change.by } };
      return refuse("shared/malformed", `"by" is a finite number, not ${String(change.by)}.`);
    case "set": {
      const text = JSON.stringify(change.value) as string | undefined;
      if (text === undefined)
        return refuse("shared/malformed", `${typeof change.value} is no JSON value.`);
      if (text.length > SHARED_VALUE_CHARS_MAX)
        return refuse(
          "shared/value-too-large",
          `The value has ${text.length} characters of JSON; the limit is ${SHARED_VALUE_CHARS_MAX}.`,
        );
      return { ok: true, value: { kind: "set", value: JSON.parse(text) as Json } };
    }
  }
}

/** An effect as the outbox takes it. */
export function messageOf({ scope, key, change }: SharedEffect): Json {
  const short = scope === "model" ? "m" : "g";
  switch (change.kind) {
    case "add":
      return ["add", short, key, change.by] satisfies SharedMessage;
    case "set":
      return ["set", short, key, change.value] satisfies SharedMessage;
    case "delete":
      return ["delete", short, key] satisfies SharedMessage;
  }
}

/** What an entry of the outbox asks for; `model` is the sender's. */
export function effectOf(
  model: string,
  message: Json,
): { readonly scope: string; readonly key: string; readonly change: SharedChange } {
  const sent = message as unknown as SharedMessage;
  const scope = sent[1] === "m" ? model : GLOBAL_SCOPE;
  const key = sent[2];
  switch (sent[0]) {
    case "add":
      return { scope, key, change: { kind: "add", by: sent[3] } };
    case "set":
      return { scope, key, change: { kind: "set", value: sent[3] } };
    case "delete":
      return { scope, key, change: { kind: "delete" } };
  }
}
