/**
 * The PostgreSQL databases that this deployment names: on the edge by Hyperdrive bindings `HYPERDRIVE_<NAME>`, at home
 * by their address in `DATABASE_<NAME>`. The driver is loaded when a model first asks; connections are few, belong to
 * this object, and are closed when nobody has used them for a while.
 */
import type { Sql } from "postgres";
import { DatabaseAnswer } from "../core/database-answer.ts";
import { DATABASE_CONNECTIONS_MAX, DATABASE_IDLE_S, LOOKUP_MS_MAX } from "../core/limits.ts";
import type { DatabaseCall, DatabaseParameter, DatabaseRow } from "../core/lookups.ts";
import type { Env } from "../env.ts";

const NAME = /^[A-Za-z][A-Za-z0-9_]{0,63}$/;

/** Rows that the server sends before it is asked for more: so many are in memory when an answer is too large. */
const ROWS_PER_FETCH = 100;

type Query = ReturnType<Sql["unsafe"]>;

export class Databases {
  readonly #env: Env;
  readonly #open = new Map<string, Promise<Sql>>();

  constructor(env: Env) {
    this.#env = env;
  }

  query(name: string, sql: string, parameters: readonly DatabaseParameter[]): DatabaseCall {
    let query: Query | undefined;
    let isCancelled = false;
    let isSettled = false;
    const opened = this.#connection(name);
    const rows = opened
      .then(async (connection) => {
        if (isCancelled) return [];
        query = connection.unsafe(sql, [...parameters], { prepare: true });
        return await readRows(connection, query);
      })
      .finally(() => (isSettled = true));
    return {
      rows,
      cancel: () => {
        isCancelled = true;
        if (isSettled) return;
        query?.cancel();
        // A database that does not even take a cancellation has gone silent, and its connections with it.
        setTimeout(() => {
          if (!isSettled) this.#drop(name, opened);
        }, LOOKUP_MS_MAX);
      },
    };
  }

  /** Gives all connections to a database up: what comes next opens new ones. */
  #drop(name: string, opened: Promise<Sql>): void {
    if (this.#open.get(name) !== opened) return;
    this.#open.delete(name);
    void opened.then((connection) => connection.end({ timeout: 0 })).catch(() => undefined);
  }

  #connection(name: string): Promise<Sql> {
    let connection = this.#open.get(name);
    if (connection === undefined) {
      connection = connect(this.#env, name);
      this.#open.set(name, connection);
      // A name that is not there now may be one that a model should not have used: nothing to remember.
      connection.catch(() => this.#open.delete(name));
    }
    return connection;
  }
}

/** A pool that connects when it is first used. Throws when the deployment has no such database. */
async function connect(env: Env, name: string): Promise<Sql> {
  const address = addressOf(env, name);
  const { default: postgres } = await import("postgres");
  return postgres(address, {
    max: DATABASE_CONNECTIONS_MAX,
    // A query that takes its time must not hold up those that were put behind it on the same connection.
    max_pipeline: 1,
    idle_timeout: DATABASE_IDLE_S,
    connect_timeout: LOOKUP_MS_MAX / 1_000,
    // It would ask the server for its types before the first query, for arrays of types that few have.
    fetch_types: false,
    onnotice: () => undefined,
    connection: { application_name: "livetwin" },
  } as Parameters<typeof postgres>[1] & object);
}

function addressOf(env: Env, name: string): string {
  const upper = name.toUpperCase();
  const bindings = env as unknown as Readonly<Record<string, unknown>>;
  const hyperdrive = bindings[`HYPERDRIVE_${upper}`] as { connectionString?: string } | undefined;
  const address = hyperdrive?.connectionString ?? bindings[`DATABASE_${upper}`];
  if (NAME.test(name) && typeof address === "string" && address !== "") return address;
  throw new Error(
    `There is no database ${JSON.stringify(name)} in this deployment: it has neither HYPERDRIVE_${upper} nor DATABASE_${upper}.`,
  );
}

/** All rows, up to the bounds; beyond them the query is given up. */
async function readRows(connection: Sql, query: Query): Promise<readonly DatabaseRow[]> {
  const answer = new DatabaseAnswer();
  await query.cursor(ROWS_PER_FETCH, (some) =>
    answer.add(some as DatabaseRow[]) ? undefined : connection.CLOSE,
  );
  return answer.finish();
}
