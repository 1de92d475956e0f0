/**
 * Gathers what a model's twins archive into compressed objects. A delivery is a row; a row is a part of one object; an
 * object is written under a name that is fixed before, until it is kept. So a crash at any moment loses nothing and
 * writes nothing twice. What can't be stored waits, up to a bound.
 */
import { DurableObject } from "cloudflare:workers";
import { batchesOf } from "../core/archive/batches.ts";
import { objectKey, writeDueAtMs } from "../core/archive/schedule.ts";
import {
  ARCHIVE_BACKLOG_CHARS_MAX,
  ARCHIVE_RETRY_MS,
  ARCHIVE_RETRY_MS_MAX,
} from "../core/limits.ts";
import type { Env } from "../env.ts";
import { clockMs } from "../routing/clock.ts";
import { ObjectAlarm } from "../routing/object-alarm.ts";
import { ReceivedNumbers } from "../routing/received-numbers.ts";
import type { ArchiverRpc, CellCounters, ServiceEntry } from "../wire/internal-rpc.ts";
import { archiveTarget } from "./archive-target.ts";
import type { ArchiveTarget } from "./archive-target.ts";
import { gzipLines } from "./compress.ts";
import { GatheredRecords } from "./gathered-records.ts";
import type { OpenObject } from "./gathered-records.ts";

export class Archiver extends DurableObject<Env> implements ArchiverRpc {
  readonly #received: ReceivedNumbers;
  readonly #gathered: GatheredRecords;
  readonly #alarm: ObjectAlarm;
  #writing: Promise<void> | undefined;
  /** Failures since the last object was stored. */
  #failuresInRow = 0;
  readonly #counts = { records: 0, objects: 0, bytes: 0, failures: 0, lost: 0, requests: 0 };

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#received = new ReceivedNumbers(ctx.storage.sql);
    this.#gathered = new GatheredRecords(ctx.storage.sql);
    this.#alarm = new ObjectAlarm(ctx.storage);
    this.#guard();
  }

  async deliver(sender: string, entries: string): Promise<{ readonly deliveredUpTo: number }> {
    this.#counts.requests++;
    const nowMs = clockMs();
    const fresh = this.#received.fresh(sender, JSON.parse(entries) as ServiceEntry[]);
    const batches = batchesOf(fresh, this.#gathered.last);
    const reply = this.ctx.storage.transactionSync(() => {
      this.#gathered.insert(batches, nowMs);
      return this.#received.took(sender, fresh);
    });
    this.#gathered.gathered(batches, nowMs);
    this.#counts.records += fresh.length;
    if (this.#gathered.chars > ARCHIVE_BACKLOG_CHARS_MAX) this.#drop();
    this.#guard();
    return reply;
  }

  async counters(): Promise<CellCounters> {
    const { records, objects, bytes, failures, lost, requests } = this.#counts;
    return {
      archiveRecords: records,
      archiveObjects: objects,
      archiveBytes: bytes,
      archiveFailures: failures,
      archiveLost: lost,
      archiveWaiting: this.#gathered.records,
      archiveWaitingChars: this.#gathered.chars,
      archiveRows:
        this.#gathered.rowsWritten + this.#received.rowsWritten + this.#alarm.rowsWritten,
      archiveRequests: requests,
    };
  }

  override async alarm(): Promise<void> {
    this.#alarm.fired();
    this.#writing ??= this.#write().finally(() => (this.#writing = undefined));
    await this.#writing;
    this.#guard();
  }

  /** Writes all that is due. A failure leaves the rest for later: it is the storage that is away, not the object. */
  async #write(): Promise<void> {
    try {
      const target = archiveTarget(this.env);
      if (target === undefined) throw new Error("this deployment has no archive any more");
      for (const object of this.#gathered.objects) await this.#advance(object, target);
      for (let hour = this.#dueHour(); hour !== undefined; hour = this.#dueHour())
        await this.#advance(this.#gathered.fix(hour, crypto.randomUUID().slice(0, 8)), target);
    } catch (error) {
      this.#counts.failures++;
      this.#failuresInRow++;
      console.error(
        `Archiver ${this.#model}: an object can't be stored; tried again later.`,
        error,
      );
    }
  }

  /** Takes an object as far as it goes now: stored, looked for after a while, its rows removed. */
  async #advance(object: OpenObject, target: ArchiveTarget): Promise<void> {
    const isSettled =
      object.storedAtMs !== null && clockMs() >= object.storedAtMs + target.settleMs;
    if (object.storedAtMs !== null && !isSettled) return;
    const key = objectKey(this.#model, object);
    if (isSettled && (await target.holds(key, object.size!))) {
      this.#remove(object);
      return;
    }
    const bytes = await gzipLines(this.#gathered.rowsOf(object));
    await target.put(key, bytes);
    this.#failuresInRow = 0;
    this.#counts.objects++;
    this.#counts.bytes += bytes.byteLength;
    if (target.settleMs === 0) this.#remove(object);
    else this.#gathered.stored(object, bytes.byteLength, clockMs());
  }

  #remove(object: OpenObject): void {
    this.ctx.storage.transactionSync(() => this.#gathered.remove(object));
  }

  #drop(): void {
    const lost = this.ctx.storage.transactionSync(() =>
      this.#gathered.dropOldest(ARCHIVE_BACKLOG_CHARS_MAX),
    );
    this.#counts.lost += lost;
    console.error(
      `Archiver ${this.#model}: more than ${ARCHIVE_BACKLOG_CHARS_MAX} characters wait; the oldest ${lost} records are lost.`,
    );
  }

  /** An hour whose gathering is to be written now. */
  #dueHour(): number | undefined {
    for (const gathering of this.#gathered.gatherings)
      if (writeDueAtMs(gathering) <= clockMs()) return gathering.hour;
    return undefined;
  }

  /** Makes sure that the alarm comes when there is something to do. */
  #guard(): void {
    const times = Array.from(this.#gathered.gatherings, writeDueAtMs);
    const settleMs = archiveTarget(this.env)?.settleMs ?? 0;
    for (const { storedAtMs } of this.#gathered.objects)
      times.push(storedAtMs === null ? clockMs() : storedAtMs + settleMs);
    if (times.length === 0) return;
    this.#alarm.notLaterThan(Math.max(Math.min(...times), this.#notBeforeMs()));
  }

  #notBeforeMs(): number {
    if (this.#failuresInRow === 0) return clockMs();
    const doubled = ARCHIVE_RETRY_MS * 2 ** Math.min(this.#failuresInRow - 1, 30);
    return clockMs() + Math.min(doubled, ARCHIVE_RETRY_MS_MAX);
  }

  get #model(): string {
    return this.ctx.id.name ?? "";
  }
}
