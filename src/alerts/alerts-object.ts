/**
 * The Durable Object `alerts`, one per deployment: platform calls and wiring around the book of alerts, the rules and
 * the notifications, which are pure (src/core/alerts).
 *
 * - I1: what was delivered, its number, the book's change and the notifications that follow are one transaction.
 * - I2: its one alarm is set for whatever is due next: a hold, a silence's end, a rule, a notification.
 * - I3: after a write that failed, everything is read again from the store.
 */
import { DurableObject } from "cloudflare:workers";
import { ReceivedNumbers } from "../routing/received-numbers.ts";
import { alertIdOf } from "../core/alerts/alert.ts";
import type { Alert, Silence } from "../core/alerts/alert.ts";
import { takeMessage } from "../core/alerts/ask.ts";
import { AlertBook } from "../core/alerts/book.ts";
import { applySamples, planRule, sourceOf } from "../core/alerts/rule.ts";
import type { AlertRule } from "../core/alerts/rule.ts";
import { listAlerts, liveAlerts, viewIn } from "../core/alerts/view.ts";
import type { AlertFilter, AlertPage, AlertView } from "../core/alerts/view.ts";
import { ALERT_RULES_MAX } from "../core/limits.ts";
import type { Refusal, Result } from "../core/refusal.ts";
import type { Env } from "../env.ts";
import { clockMs } from "../routing/clock.ts";
import { deployment } from "../routing/deployment.ts";
import { planQuery } from "../routing/plan-query.ts";
import { withTimeout } from "../routing/with-timeout.ts";
import type { AlertListQuery, Handling } from "../wire/alert-v1.ts";
import type { ChannelInput, ChannelJson } from "../wire/channel-v1.ts";
import type {
  AlertsRpc,
  AlertsSeen,
  CellCounters,
  ChannelTest,
  RuleStatus,
  ServiceEntry,
} from "../wire/internal-rpc.ts";
import { Channels } from "./channels.ts";
import { JsonTable } from "./json-table.ts";
import { Notifier } from "./notifier.ts";
import { RuleRunner } from "./rule-runner.ts";
import { SqliteAlertStore } from "./sqlite-alert-store.ts";
import { Watchers } from "./watchers.ts";

/** Milliseconds that an alarm waits for its rules: a query that hangs must not hold up holds and silences. */
const RULES_WAIT_MS = 3_000;

/** What is read from the store at the start, and again after a write that failed. */
interface Stored {
  readonly book: AlertBook;
  readonly alerts: SqliteAlertStore;
  readonly channels: Channels;
  readonly rules: JsonTable<AlertRule>;
}

export class Alerts extends DurableObject<Env> implements AlertsRpc {
  readonly #received: ReceivedNumbers;
  #stored: Stored;
  readonly #notifier: Notifier;
  readonly #runner: RuleRunner;
  /** Names this life of the object in versions: the book counts from 0 in each. */
  readonly #life = crypto.randomUUID();
  #alarmAtMs: number | null = null;
  #alarmsSet = 0;
  #requests = 0;
  /** Each writes a row: up to where it was taken. */
  #deliveries = 0;
  readonly #watchers: Watchers;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#received = new ReceivedNumbers(ctx.storage.sql);
    this.#stored = this.#load();
    this.#watchers = new Watchers(env, () => this.#stored.book.version);
    this.#notifier = new Notifier({
      channels: () => this.#stored.channels.all(),
      queue: () => this.#stored.channels.queue,
      tried: (n, id, called) =>
        this.#write(() => this.#stored.channels.queue.tried(n, id, called, clockMs(), chance())),
      rested: () => this.#settle(),
    });
    this.#runner = new RuleRunner({
      env,
      rules: () => this.#stored.rules.all(),
      apply: (planned, samples) =>
        this.#write(() => applySamples(this.#stored.book, planned, samples, clockMs())),
    });
  }

  async deliver(sender: string, entries: string): Promise<{ readonly deliveredUpTo: number }> {
    this.#requests++;
    const fresh = this.#received.fresh(sender, JSON.parse(entries) as ServiceEntry[]);
    return this.#write(() => {
      const nowMs = clockMs();
      const { book } = this.#stored;
      for (const [, model, id, message] of fresh) takeMessage(book, { model, id }, message, nowMs);
      if (fresh.length > 0) {
        this.#deliveries++;
        book.run(nowMs);
      }
      return this.#received.took(sender, fresh);
    });
  }

  async list({ filter, limit, below }: AlertListQuery): Promise<AlertPage> {
    return listAlerts(this.#stored.book, filter, limit, below);
  }

  async alert(n: number): Promise<AlertView | Refusal> {
    const { book } = this.#stored;
    const alert = book.get(n);
    if (alert !== undefined) return viewIn(book, alert);
    return { code: "alert/unknown", detail: `There is no alert "${alertIdOf(n)}".` };
  }

  async acknowledge(n: number, handling: Handling): Promise<AlertView | Refusal> {
    return this.#handle((book, atMs) => book.acknowledge(n, { ...handling, atMs }));
  }

  async resolve(n: number, handling: Handling): Promise<AlertView | Refusal> {
    return this.#handle((book, atMs) => book.resolveByHand(n, { ...handling, atMs }));
  }

  async listSilences(): Promise<readonly Silence[]> {
    const nowMs = clockMs();
    return this.#stored.book.silences.all().filter(({ untilMs }) => untilMs > nowMs);
  }

  async putSilence(silence: Silence): Promise<{ readonly created: boolean } | Refusal> {
    return this.#write(() => {
      const put = this.#stored.book.silences.put(silence);
      if (!put.ok) return put.refusal;
      this.#stored.book.silencesChanged(clockMs());
      return put.value;
    });
  }

  async removeSilence(id: string): Promise<boolean> {
    return this.#write(() => {
      const isRemoved = this.#stored.book.silences.remove(id);
      if (isRemoved) this.#stored.book.silencesChanged(clockMs());
      return isRemoved;
    });
  }

  async listRules(): Promise<readonly { readonly rule: AlertRule; readonly status: RuleStatus }[]> {
    return this.#stored.rules.all().map((rule) => ({ rule, status: this.#runner.statusOf(rule) }));
  }

  /** Refuses with `rule/too-many`, and where the query does not suit the model as the query itself would be. */
  async putRule(rule: AlertRule): Promise<{ readonly created: boolean } | Refusal> {
    const query = planQuery(rule.query, await deployment(this.env));
    if (!query.ok) return query.refusal;
    const planned = planRule(rule, query.value.plan);
    if (!planned.ok) return planned.refusal;
    return this.#write(() => {
      const { rules } = this.#stored;
      const replaced = rules.get(rule.id);
      if (replaced === undefined && rules.size >= ALERT_RULES_MAX) {
        const detail = `There are ${rules.size} rules; ${ALERT_RULES_MAX} is the limit.`;
        return { code: "rule/too-many", detail } satisfies Refusal;
      }
      // Another query has other groups: what is open under the old ones would never be resolved.
      if (JSON.stringify(replaced?.query) !== JSON.stringify(rule.query))
        this.#endAlertsOf(replaced);
      rules.put(rule);
      return { created: replaced === undefined };
    });
  }

  async removeRule(id: string): Promise<boolean> {
    return this.#write(() => {
      this.#endAlertsOf(this.#stored.rules.get(id));
      return this.#stored.rules.remove(id);
    });
  }

  async listChannels(): Promise<readonly ChannelJson[]> {
    return this.#stored.channels.shown();
  }

  async putChannel(
    id: string,
    input: ChannelInput,
  ): Promise<{ readonly created: boolean; readonly channel: ChannelJson } | Refusal> {
    return this.#write(() => {
      const put = this.#stored.channels.put(id, input, clockMs());
      return put.ok ? put.value : put.refusal;
    });
  }

  async removeChannel(id: string): Promise<boolean> {
    return this.#write(() => this.#stored.channels.remove(id));
  }

  async testChannel(id: string): Promise<ChannelTest | Refusal> {
    return this.#stored.channels.test(id, clockMs());
  }

  async watch(filter: AlertFilter, known: string | undefined): Promise<AlertsSeen> {
    this.#requests++;
    const { book } = this.#stored;
    this.#watchers.looked();
    const version = `${this.#life}/${book.version}`;
    return version === known ? { version } : { version, seen: liveAlerts(book, filter) };
  }

  async guard(): Promise<void> {
    if ((await this.ctx.storage.getAlarm()) === null) this.#alarmAtMs = null;
    this.#settle();
  }

  async counters(): Promise<CellCounters> {
    const { book, alerts, channels, rules } = this.#stored;
    return {
      ...book.counts,
      open: book.openCount,
      silences: book.silences.all().length,
      rules: rules.size,
      evaluations: this.#runner.evaluations,
      channels: channels.all().length,
      notificationCalls: this.#notifier.calls,
      ...channels.counters(),
      requestsIn: this.#requests,
      rowsWritten: alerts.rowsWritten + channels.rowsWritten + this.#alarmsSet + this.#deliveries,
    };
  }

  override async alarm(): Promise<void> {
    this.#alarmAtMs = null;
    try {
      this.#write(() => this.#stored.book.run(clockMs()));
      await withTimeout(this.#runner.runDue(), RULES_WAIT_MS);
    } catch (error) {
      // A failed alarm is retried six times and then given up; the next one must come all the same.
      console.error("Alerts: an alarm failed.", error);
    }
    this.#settle();
  }

  #handle(act: (book: AlertBook, atMs: number) => Result<Alert>): AlertView | Refusal {
    return this.#write(() => {
      const { book } = this.#stored;
      const result = act(book, clockMs());
      return result.ok ? viewIn(book, result.value) : result.refusal;
    });
  }

  #endAlertsOf(rule: AlertRule | undefined): void {
    const nowMs = clockMs();
    if (rule !== undefined)
      this.#stored.book.resolveAll(sourceOf(rule), nowMs, nowMs, "rule removed");
  }

  /** Changes the store and what memory has of it, with the notifications that follow, in one transaction. */
  #write<T>(act: () => T): T {
    let result: T;
    try {
      result = this.ctx.storage.transactionSync(() => {
        const value = act();
        const { book, channels } = this.#stored;
        for (const notice of book.takeNotices()) channels.tell(notice, clockMs());
        book.flush();
        return value;
      });
    } catch (error) {
      this.#stored = this.#load();
      throw error;
    }
    this.#settle();
    return result;
  }

  /** After a change, in its turn: notifies, sets the alarm, and tells who watches. The platform sends nothing before it is durable. */
  #settle(): void {
    // First the notifications: while one is under way, the alarm need only come should this process die.
    this.#notifier.pump();
    const dueAtMs = Math.min(
      this.#stored.book.nextDueAtMs(),
      this.#runner.nextDueAtMs(),
      this.#notifier.nextDueAtMs(),
    );
    if (dueAtMs < (this.#alarmAtMs ?? Number.POSITIVE_INFINITY)) {
      this.#alarmAtMs = dueAtMs;
      this.#alarmsSet++;
      void this.ctx.storage.setAlarm(dueAtMs);
    }
    void this.#watchers.tell();
  }

  #load(): Stored {
    const { sql } = this.ctx.storage;
    const alerts = new SqliteAlertStore(sql);
    return {
      alerts,
      book: new AlertBook(alerts),
      channels: new Channels(sql),
      rules: new JsonTable(sql, "rule"),
    };
  }
}

/** From 0 (included) to 1 (excluded). */
function chance(): number {
  const [bits = 0] = crypto.getRandomValues(new Uint32Array(1));
  return bits / 2 ** 32;
}
