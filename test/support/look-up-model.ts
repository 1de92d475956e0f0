/** A model for tests of shared data and look-ups: it does what a message tells it, and keeps what it got. */
import { DigitalTwin, model } from "livetwin";
import type { DatabaseParameter, Json, ProcessingContext, TableRow } from "livetwin";
import * as v from "valibot";

const LookerMessage = v.object({
  do: v.string(),
  /** Of which scope; the model's unless given. */
  global: v.optional(v.boolean(), false),
  key: v.optional(v.string(), ""),
  keys: v.optional(v.array(v.string())),
  by: v.optional(v.number(), 1),
  version: v.optional(v.number(), 0),
  value: v.optional(v.any()),
  table: v.optional(v.string(), "sites"),
  where: v.optional(v.any()),
  limit: v.optional(v.number()),
  database: v.optional(v.string(), "main"),
  sql: v.optional(v.string(), ""),
  parameters: v.optional(v.array(v.any())),
  /** Whether a failure is caught, and its text kept. */
  catch: v.optional(v.boolean(), false),
  /** Fails when all is done. */
  fail: v.optional(v.boolean(), false),
});

type LookerMessage = v.InferOutput<typeof LookerMessage>;

export class Looker extends DigitalTwin<LookerMessage> {
  messages = 0;
  results: unknown[] = [];
  fired: string[] = [];

  override async processMessages(
    context: ProcessingContext,
    messages: LookerMessage[],
  ): Promise<void> {
    for (const message of messages) {
      this.messages++;
      const result = await this.#do(context, message);
      if (result !== undefined) this.results = [...this.results, result].slice(-50);
      if (message.fail) throw new Error("told to fail");
    }
  }

  override async onTimer(context: ProcessingContext, timer: string): Promise<void> {
    this.fired.push(timer);
    const row = await context.tables.get("sites", timer);
    this.results = [...this.results, row];
  }

  async #do(context: ProcessingContext, message: LookerMessage): Promise<unknown> {
    if (!message.catch) return this.#act(context, message);
    try {
      return await this.#act(context, message);
    } catch (error) {
      return (error as Error).message;
    }
  }

  async #act(context: ProcessingContext, message: LookerMessage): Promise<unknown> {
    const { key, by, version, table, database, sql } = message;
    const value = message.value as Json;
    const shared = message.global ? context.shared.global : context.shared.model;
    switch (message.do) {
      case "nothing":
        return undefined;
      case "add":
        return shared.add(key, by);
      case "set":
        return shared.set(key, value);
      case "delete":
        return shared.delete(key);
      case "get":
        return valueAndVersion(await shared.get(key));
      case "get-many":
        return (await shared.getMany(message.keys ?? [])).map(valueAndVersion);
      case "compare-and-set":
        return shared.compareAndSet(key, version, value);
      case "add-and-get":
        return shared.addAndGet(key, by);
      case "row":
        return context.tables.get(table, key);
      case "find":
        return context.tables.find(table, message.where as TableRow, message.limit);
      case "query":
        return context
          .database(database)
          .query(sql, (message.parameters ?? []) as DatabaseParameter[]);
      case "timer":
        return context.startTimer(key, by);
      case "hang":
        return new Promise(() => undefined);
      case "look-ups":
        for (let i = 0; i < by; i++) await shared.get("k");
        return undefined;
      default:
        throw new Error(`unknown action ${message.do}`);
    }
  }
}

function valueAndVersion(entry: { value: Json; version: number } | null): Json {
  return entry === null ? null : { value: entry.value, version: entry.version };
}

export const lookerModel = model(Looker, { name: "Looker", message: LookerMessage });
