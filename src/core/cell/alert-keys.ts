/**
 * Which conditions a cell's twins have raised and not resolved: so much a cell must know of alerts to send on only
 * what is news. Models raise at every message that is bad and resolve at every one that is good; without this each
 * would be a delivery. It also bounds what one twin may have open, and resolves what a removed twin leaves behind.
 *
 * What operators do to alerts is not known here. So a condition that is raised on is sent again once an
 * ALERT_RESEND_MS: one that was resolved by hand and lasts comes back.
 *
 * Records: [id,key,hash,atMs] sent | [id,key] resolved | [id,key,0] gave up its place | [id] its twin is removed.
 */
import {
  ALERTS_PER_TWIN_MAX,
  ALERT_PLACE_MS,
  ALERT_RESEND_MS,
  STEP_ALERTS_MAX,
} from "../limits.ts";
import { hash32 } from "../ids.ts";
import type { AlertAsk, AlertMessage } from "../alerts/ask.ts";
import type { Json } from "../model.ts";
import type { Cell } from "./cell.ts";
import type { CellPart } from "./part.ts";

interface Raised {
  /** Of what was said: the same again is no news. */
  readonly hash: number;
  readonly sentAtMs: number;
}

interface TwinKeys {
  readonly keys: Map<string, Raised>;
  /** Whether a condition gave up its place: one that is not in `keys` may then be open all the same. */
  isIncomplete: boolean;
  /** Of those that are not in `keys`, what was resolved all the same: once is enough. In memory only. */
  readonly ended: Set<string>;
}

type StoredKey =
  | readonly [id: string]
  | readonly [id: string, key: string]
  | readonly [id: string, key: string, hash: number]
  | readonly [id: string, key: string, hash: number, sentAtMs: number];

/** Characters of a record beside its id and key. */
const RECORD_CHARS = 32;

export class AlertKeys implements CellPart {
  readonly name = "alerts";
  chars = 0;
  readonly #cell: Pick<Cell, "rows" | "sendOut" | "nowMs" | "model" | "log">;
  readonly #twins = new Map<string, TwinKeys>();

  constructor(cell: Pick<Cell, "rows" | "sendOut" | "nowMs" | "model" | "log">) {
    this.#cell = cell;
  }

  /** Puts what a twin's step asked into the commit; false, and nothing, when it is no news. The log has every raise. */
  ask(id: string, ask: AlertAsk): boolean {
    return ask.do === "resolve" ? this.#resolve(id, ask) : this.#raise(id, ask);
  }

  removed(id: string): void {
    if (!this.#twins.has(id)) return;
    this.#write([id]);
    this.#send(id, { do: "gone" });
  }

  restore(record: unknown): void {
    const [id, key, hash, sentAtMs] = record as StoredKey;
    const twin = this.#twins.get(id);
    if (key === undefined) {
      for (const old of twin?.keys.keys() ?? []) this.#drop(id, old);
      this.#twins.delete(id);
    } else if (hash !== undefined && sentAtMs !== undefined) {
      const { keys, ended } = this.#twinOf(id);
      ended.delete(key);
      if (!keys.has(key)) this.chars += id.length + key.length + RECORD_CHARS;
      keys.set(key, { hash, sentAtMs });
    } else {
      this.#drop(id, key);
      if (hash !== undefined) this.#twinOf(id).isIncomplete = true;
      else if (twin?.keys.size === 0 && !twin.isIncomplete) this.#twins.delete(id);
    }
  }

  *records(): Iterable<string> {
    for (const [id, { keys, isIncomplete }] of this.#twins) {
      if (isIncomplete) yield JSON.stringify([id, "", 0]);
      for (const [key, { hash, sentAtMs }] of keys) yield JSON.stringify([id, key, hash, sentAtMs]);
    }
  }

  #raise(id: string, ask: AlertAsk & { do: "raise" }): boolean {
    const { nowMs, log } = this.#cell;
    const { key, title, detail, severity } = ask.raise;
    log.add(nowMs, severity, "alert", id, detail === "" ? title : `${title}: ${detail}`);
    const hash = hash32(JSON.stringify(ask.raise));
    const keys = this.#twins.get(id)?.keys;
    const known = keys?.get(key);
    if (known?.hash === hash && isRecent(known, nowMs, ALERT_RESEND_MS)) return false;
    if (known === undefined && (keys?.size ?? 0) >= ALERTS_PER_TWIN_MAX && !this.#giveUp(id)) {
      const text = `The alert ${JSON.stringify(key)} was not raised: ${ALERTS_PER_TWIN_MAX} of this twin's are open, and none was resolved.`;
      log.add(nowMs, "warning", "failure", id, text);
      return false;
    }
    this.#write([id, key, hash, nowMs]);
    this.#send(id, ask);
    return true;
  }

  #resolve(id: string, ask: AlertAsk & { do: "resolve" }): boolean {
    const twin = this.#twins.get(id);
    if (twin === undefined) return false;
    if (twin.keys.has(ask.key)) this.#write([id, ask.key]);
    else if (!twin.isIncomplete || twin.ended.has(ask.key)) return false;
    if (twin.ended.size >= STEP_ALERTS_MAX) twin.ended.clear();
    twin.ended.add(ask.key);
    this.#send(id, ask);
    return true;
  }

  /** Frees the place of the condition that was raised longest ago, if that is long; false when it is not. */
  #giveUp(id: string): boolean {
    let oldest: readonly [key: string, raised: Raised] | undefined;
    for (const entry of this.#twinOf(id).keys)
      if (oldest === undefined || entry[1].sentAtMs < oldest[1].sentAtMs) oldest = entry;
    if (oldest === undefined || isRecent(oldest[1], this.#cell.nowMs, ALERT_PLACE_MS)) return false;
    this.#write([id, oldest[0], 0]);
    return true;
  }

  #drop(id: string, key: string): void {
    if (this.#twins.get(id)?.keys.delete(key) === true)
      this.chars -= id.length + key.length + RECORD_CHARS;
  }

  #twinOf(id: string): TwinKeys {
    let twin = this.#twins.get(id);
    if (twin === undefined) {
      twin = { keys: new Map(), isIncomplete: false, ended: new Set() };
      this.#twins.set(id, twin);
    }
    return twin;
  }

  #write(record: StoredKey): void {
    this.restore(record);
    this.#cell.rows.part(this.name, JSON.stringify(record));
  }

  #send(id: string, ask: AlertAsk | { readonly do: "gone" }): void {
    const { model, nowMs } = this.#cell;
    const message: AlertMessage = { ...ask, atMs: nowMs };
    this.#cell.sendOut({ lane: "alerts", model: model.name, id, message: message as Json });
  }
}

function isRecent({ sentAtMs }: Raised, nowMs: number, withinMs: number): boolean {
  // A clock that was put back makes nothing recent.
  return nowMs >= sentAtMs && nowMs - sentAtMs < withinMs;
}
