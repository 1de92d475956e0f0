/**
 * What passes between a run and its partitions: plain data. A step is a series of rounds with a barrier after each. In
 * round 0 runs what is due; in each further round what the one before it sent, until nothing was sent.
 */
import { byName } from "../hierarchy/declaration.ts";
import type { TwinRef } from "../hierarchy/declaration.ts";
import type { AlertAsk } from "../alerts/ask.ts";
import type { Json, Severity } from "../model.ts";

/** What goes to an instance, from another one or (with empty names) from outside. */
export interface Envelope {
  readonly kind: "message" | "telemetry" | "create" | "delete";
  readonly model: string;
  readonly id: string;
  readonly fromModel: string;
  readonly fromId: string;
  /** The place among what its sender sent in that round. */
  readonly n: number;
  /** The message, or the fields of who is created. */
  readonly body: Json;
  /** When messages have gone nearly too deep: who sent the last ones, this one's sender last. */
  readonly via?: readonly string[];
}

/** What a run tells of beside the states of its instances. */
export type RunRecord = { readonly atMs: number; readonly model: string; readonly id: string } & (
  | { readonly kind: "command"; readonly body: Json }
  | { readonly kind: "alert"; readonly ask: AlertAsk }
  | { readonly kind: "log"; readonly severity: Severity; readonly text: string }
  | { readonly kind: "archive"; readonly text: string }
  /** Model and id are whom it is for. */
  | { readonly kind: "telemetry"; readonly from: TwinRef; readonly message: Json }
  /** Something that was for this instance and did not reach it, and why. */
  | { readonly kind: "dropped"; readonly text: string }
);

/** Round 0 of the step at `atMs`, or a further one with what other partitions have sent. */
export interface RoundOrder {
  readonly atMs: number;
  /** 0, and then how deep the messages of the round are. */
  readonly depth: number;
  readonly mail: readonly Envelope[];
}

/** Why a run failed: who did it, and what it was. */
export interface RunFailure extends TwinRef {
  readonly text: string;
}

/** What came of a round in one partition. */
export interface RoundResult {
  readonly partition: number;
  /** For other partitions. */
  readonly sent: readonly Envelope[];
  /** Whether the partition has something to do in the next round, whatever others send. */
  readonly isBusy: boolean;
  /** Calls of models' code. */
  readonly steps: number;
  /** Messages that were sent, within the partition too, and records. */
  readonly messages: number;
  readonly telemetry: number;
  readonly dropped: number;
  readonly records: readonly RunRecord[];
  /** Instances now. */
  readonly instances: number;
  /** Who asked that the run end, the first by model and id. */
  readonly stoppedBy: TwinRef | null;
  /** The first by model and id. */
  readonly failure: RunFailure | null;
  /** The first chain of who sent what waits for the next round, where that would be too deep. */
  readonly chain: readonly string[] | null;
  /** When the next event is due. */
  readonly nextAtMs: number | null;
}

/** The order in which what reached an instance in a round is taken (SIM9). */
export function bySender(a: Envelope, b: Envelope): number {
  if (a.fromModel !== b.fromModel) return a.fromModel < b.fromModel ? -1 : 1;
  if (a.fromId !== b.fromId) return a.fromId < b.fromId ? -1 : 1;
  return a.n - b.n;
}

/** The first by model and id. */
export function firstOf<T extends TwinRef>(a: T | null, b: T | null): T | null {
  if (a === null || b === null) return a ?? b;
  return byName(b, a) < 0 ? b : a;
}

/** What waits for instances, by model and id. */
export class Mail {
  readonly #byModel = new Map<string, Map<string, Envelope[]>>();
  count = 0;

  add(envelope: Envelope): void {
    let byId = this.#byModel.get(envelope.model);
    if (byId === undefined) this.#byModel.set(envelope.model, (byId = new Map()));
    const waiting = byId.get(envelope.id);
    if (waiting === undefined) byId.set(envelope.id, [envelope]);
    else waiting.push(envelope);
    this.count++;
  }

  /** What waits for each, in the order in which it is taken. */
  *perInstance(): Generator<readonly Envelope[]> {
    for (const byId of this.#byModel.values()) {
      for (const envelopes of byId.values())
        yield envelopes.length === 1 ? envelopes : envelopes.sort(bySender);
    }
  }
}
