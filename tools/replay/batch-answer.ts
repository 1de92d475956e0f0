/** What the server says to a batch, and what that means for each of its messages. */
import * as v from "valibot";
import type { Outgoing } from "./outgoing.ts";
import { ReplayFailure } from "./replay-failure.ts";

const Taken = v.object({
  accepted: v.number(),
  duplicates: v.number(),
  rejected: v.array(
    v.object({
      index: v.pipe(v.number(), v.integer()),
      code: v.string(),
      detail: v.string(),
      retry: v.optional(v.boolean()),
    }),
  ),
});

const Problem = v.object({ code: v.string(), detail: v.string() });

/** Statuses that any other batch would get as well: there is no use in going on. */
const HOPELESS = new Set([401, 403, 404]);

export type BatchAnswer =
  /** The batch reached its cells: what became of each message is known. */
  | ({ readonly kind: "taken" } & v.InferOutput<typeof Taken>)
  /** Nothing of it was taken, and the same batch will not be. */
  | { readonly kind: "refused"; readonly code: string; readonly detail: string }
  /** Nothing is known of it, or nothing was taken; the same batch may be sent again. */
  | {
      readonly kind: "unavailable";
      readonly reason: string;
      readonly retryAfterMs: number | undefined;
    };

/** What became of a batch in one request. */
export interface Settlement {
  readonly accepted: number;
  readonly duplicates: number;
  /** Messages that were turned down for good. */
  readonly rejected: readonly {
    readonly id: string;
    readonly code: string;
    readonly detail: string;
  }[];
  /** Messages that are to be sent again, in their order. */
  readonly open: readonly Outgoing[];
  /** Why they are open; undefined when none are. */
  readonly reason: string | undefined;
  /** Milliseconds that the server wants to be left alone for. */
  readonly retryAfterMs: number | undefined;
}

/** Reads an answer. Throws a `ReplayFailure` when no batch could be taken: no key, no such model. */
export function parseAnswer(status: number, retryAfter: string | null, text: string): BatchAnswer {
  const body = parseJson(text);
  const taken = v.safeParse(Taken, body);
  if (taken.success) return { kind: "taken", ...taken.output };

  const problem = v.safeParse(Problem, body);
  const { code, detail } = problem.success
    ? problem.output
    : { code: `http/${status}`, detail: "The answer is no problem document." };
  if (HOPELESS.has(status)) throw new ReplayFailure(`${code}: ${detail}`);
  if (status >= 400 && status < 500 && status !== 408 && status !== 429) {
    return { kind: "refused", code, detail };
  }
  return {
    kind: "unavailable",
    reason: status === 200 ? "http/200: The answer is cut off." : `${code}: ${detail}`,
    retryAfterMs: retryAfterMsOf(retryAfter),
  };
}

/** Applies an answer to the batch that it answers. Throws when it does not account for every message. */
export function settle(batch: readonly Outgoing[], answer: BatchAnswer): Settlement {
  const none = { accepted: 0, duplicates: 0, rejected: [], open: [], reason: undefined };
  switch (answer.kind) {
    case "unavailable":
      return { ...none, open: batch, reason: answer.reason, retryAfterMs: answer.retryAfterMs };
    case "refused": {
      const { code, detail } = answer;
      const rejected = batch.map(({ id }) => ({ id, code, detail }));
      return { ...none, rejected, retryAfterMs: undefined };
    }
    case "taken":
      return settleTaken(batch, answer);
  }
}

function settleTaken(
  batch: readonly Outgoing[],
  { accepted, duplicates, rejected }: v.InferOutput<typeof Taken>,
): Settlement {
  const indexes = new Set(rejected.map(({ index }) => index));
  const answered = accepted + duplicates + indexes.size;
  if (answered !== batch.length || rejected.some(({ index }) => batch[index] === undefined)) {
    throw new ReplayFailure(`The server answered for ${answered} of ${batch.length} messages.`);
  }
  const open = rejected.filter(({ retry }) => retry === true);
  return {
    accepted,
    duplicates,
    rejected: rejected
      .filter(({ retry }) => retry !== true)
      .map(({ index, code, detail }) => ({ id: batch[index]!.id, code, detail })),
    // Rejections may come in any order; a twin's messages keep theirs.
    open: open.toSorted((a, b) => a.index - b.index).map(({ index }) => batch[index]!),
    reason: open[0] && `${open[0].code}: ${open[0].detail}`,
    retryAfterMs: undefined,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // A proxy's page, or an answer that was cut off: the status decides.
    return undefined;
  }
}

/** `Retry-After` in seconds; a date, which the server does not send, counts as none. */
function retryAfterMsOf(header: string | null): number | undefined {
  return header !== null && /^\d{1,4}$/.test(header) ? Number(header) * 1_000 : undefined;
}
