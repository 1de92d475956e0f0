/**
 * Look-ups against a real PostgreSQL from a real server: found, slow, failing, and with a database or a server that is
 * not there for a while. Neighbours go on all the time.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import postgres from "postgres";
import { cellOf } from "../../src/core/ids.ts";
import { startPostgres } from "../support/postgres.ts";
import type { Postgres } from "../support/postgres.ts";
import { openRelay } from "../support/relay.ts";
import type { Relay } from "../support/relay.ts";
import { copyProject } from "./project-copy.ts";
import { startServer } from "./server.ts";
import type { RunningServer } from "./server.ts";

const CUSTOMERS = 1_000;
/** What a look-up may take, and a little for a machine that has other things to do. */
const LOOKUP_MS_MAX = 5_000;
const SLACK_MS = 4_000;

const CUSTOMER = "select id, name, credit from customer where id = $1";

interface Answer {
  readonly accepted: number;
  readonly rejected: readonly { readonly code: string; readonly detail: string }[];
}

describe("look-ups in PostgreSQL", () => {
  const ended: (() => Promise<unknown>)[] = [];
  let database: Postgres;
  let relay: Relay;
  let server: RunningServer;

  beforeAll(async () => {
    database = await startPostgres();
    ended.unshift(() => database.stop());
    await fill(database.url);
    relay = await openRelay(database.port);
    ended.unshift(() => relay.close());
    const relayed = new URL(database.url);
    relayed.port = String(relay.port);
    const project = await copyProject();
    ended.unshift(async () => project[Symbol.asyncDispose]());
    server = await startServer({
      project: project.directory,
      env: { LIVETWIN_DATABASE_MAIN: database.url, LIVETWIN_DATABASE_RELAYED: relayed.href },
    });
    ended.unshift(() => server.stop());
  });

  afterAll(async () => {
    for (const end of ended) await end();
  });

  const send = async (id: string, message: unknown): Promise<Answer> => {
    const response = await fetch(`${server.url}/v1/models/Looker/twins/${id}/messages`, {
      method: "POST",
      body: JSON.stringify(message),
    });
    return (await response.json()) as Answer;
  };
  const query = (sql: string, parameters: unknown[] = []): object => ({
    do: "query",
    sql,
    parameters,
  });
  const stateOf = async (id: string): Promise<{ messages: number; results: unknown[] }> => {
    const response = await fetch(`${server.url}/v1/models/Looker/twins/${id}`);
    return ((await response.json()) as { state: { messages: number; results: unknown[] } }).state;
  };

  test("give a customer for each message", async () => {
    const messages = [3, 999, 5_000].map((id) => query(CUSTOMER, [id]));
    expect(await send("reader", messages)).toMatchObject({ accepted: 3 });
    expect((await stateOf("reader")).results).toEqual([
      [{ id: 3, name: "customer 3", credit: 30 }],
      [{ id: 999, name: "customer 999", credit: 9_990 }],
      [],
    ]);
  });

  test("of many twins share the few connections of their cells", async () => {
    const batch = Array.from({ length: 400 }, (_, i) => ({
      id: `many-${i}`,
      message: query(CUSTOMER, [i + 1]),
    }));
    const response = await fetch(`${server.url}/v1/models/Looker/messages`, {
      method: "POST",
      body: JSON.stringify(batch),
    });
    expect(await response.json()).toMatchObject({ accepted: 400, rejected: [] });
    expect((await stateOf("many-399")).results).toMatchObject([[{ id: 400 }]]);
    const admin = postgres(database.url, { max: 1 });
    const [row] = await admin`
      select count(*)::int as n from pg_stat_activity where application_name = 'livetwin'`;
    await admin.end();
    expect(row!["n"]).toBeGreaterThan(0);
    // Four cells, three connections each.
    expect(row!["n"]).toBeLessThanOrEqual(12);
  });

  test("that take too long fail their message alone, by name and time, while neighbours go on", async () => {
    const startMs = performance.now();
    const slow = send("slow", query("select pg_sleep(60)"));
    for (let i = 0; i < 20; i++)
      expect(await send("neighbour", query(CUSTOMER, [i + 1]))).toMatchObject({ accepted: 1 });
    const waiting = send("slow", { do: "nothing" });
    expect(performance.now() - startMs).toBeLessThan(LOOKUP_MS_MAX);
    const { rejected } = await slow;
    const tookMs = performance.now() - startMs;
    expect(tookMs).toBeGreaterThanOrEqual(LOOKUP_MS_MAX - 50);
    expect(tookMs).toBeLessThan(LOOKUP_MS_MAX + SLACK_MS);
    expect(rejected).toMatchObject([
      {
        code: "model/failed",
        detail: expect.stringContaining(
          'database("main").query(select pg_sleep(60)) took more than 5000 ms.',
        ),
      },
    ]);
    expect(await waiting).toMatchObject({ accepted: 1 });
    // The query itself was cancelled: it must not hold its connection for a minute.
    expect(await send("after", query(CUSTOMER, [1]))).toMatchObject({ accepted: 1 });
    await untilNothingSleeps(database.url);
  });

  test("that the database refuses say why, and never with its password", async () => {
    const { rejected } = await send("failing", query("select nothing from nowhere"));
    expect(rejected).toMatchObject([
      {
        code: "model/failed",
        detail: expect.stringContaining('relation "nowhere" does not exist'),
      },
    ]);
    const many = await send("failing", query("select generate_series(1, 1000001) as n"));
    expect(many.rejected[0]!.detail).toContain("more than 1000 rows, which is the limit");
    const large = await send("failing", query("select repeat('x', 2000000) as t"));
    expect(large.rejected[0]!.detail).toContain("more than 1048576 characters");
    expect(await send("failing", query(CUSTOMER, [1]))).toMatchObject({ accepted: 1 });
    const log = await (await fetch(`${server.url}/v1/models/Looker/log?limit=1000`)).text();
    expect(log).toContain("nowhere");
    expect(log).not.toContain(new URL(database.url).password);
  });

  test("go on when all connections of a cell had gone silent", async () => {
    const ids = Array.from({ length: 40 }, (_, i) => `silent-${i}`).filter(
      (id) => cellOf(id, { version: 1, cells: 4 }) === 0,
    );
    const relayed = { ...query(CUSTOMER, [1]), database: "relayed" };
    const all = ids.slice(0, 3);
    const sleeping = { ...query("select pg_sleep(0.5)"), database: "relayed" };
    for (const { accepted } of await Promise.all(all.map((id) => send(id, sleeping))))
      expect(accepted).toBe(1);
    relay.silence();
    const stuck = await Promise.all(all.map((id) => send(id, relayed)));
    for (const { rejected } of stuck) expect(rejected[0]?.code).toBe("model/failed");
    relay.heal();
    await expect
      .poll(async () => (await send(ids[5]!, relayed)).accepted, { timeout: 30_000 })
      .toBe(1);
  });

  test("in the middle of which the server is killed lose nothing that was acknowledged", async () => {
    expect(await send("killed", query(CUSTOMER, [1]))).toMatchObject({ accepted: 1 });
    const lost = send("killed", query("select pg_sleep(3)")).catch(() => "lost");
    await untilSleeping(database.url);
    await server.killWorkerd();
    expect(await lost).toBe("lost");
    expect(await stateOf("killed")).toMatchObject({ messages: 1 });
    expect(await send("killed", query(CUSTOMER, [2]))).toMatchObject({ accepted: 1 });
    expect(await stateOf("killed")).toMatchObject({ messages: 2 });
  });

  test("fail while the database is away, in their time, and work again when it is back", async () => {
    const sleeping = send("away", query("select pg_sleep(60)"));
    await untilSleeping(database.url);
    const { port } = database;
    await database.stop();
    const startMs = performance.now();
    const [broken] = (await sleeping).rejected;
    expect(broken).toMatchObject({ code: "model/failed" });
    const [refused] = (await send("away", query(CUSTOMER, [1]))).rejected;
    expect(refused).toMatchObject({ code: "model/failed" });
    expect(refused!.detail).not.toContain(new URL(database.url).password);
    expect(performance.now() - startMs).toBeLessThan(2 * (LOOKUP_MS_MAX + SLACK_MS));
    expect(await send("neighbour", { do: "nothing" })).toMatchObject({ accepted: 1 });

    database = await startPostgres({ port });
    await fill(database.url);
    await expect
      .poll(async () => (await send("away", query(CUSTOMER, [2]))).accepted, { timeout: 30_000 })
      .toBe(1);
  });
});

async function fill(url: string): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  await sql`create table customer (id int primary key, name text, credit int)`;
  await sql`insert into customer select i, 'customer ' || i, i * 10 from generate_series(1, ${CUSTOMERS}) i`;
  await sql.end();
}

function untilSleeping(url: string): Promise<void> {
  return untilSleepers(url, (sleepers) => sleepers > 0);
}

function untilNothingSleeps(url: string): Promise<void> {
  return untilSleepers(url, (sleepers) => sleepers === 0);
}

/** The test's time limit is the bound. */
async function untilSleepers(url: string, holds: (sleepers: number) => boolean): Promise<void> {
  const sql = postgres(url, { max: 1 });
  for (;;) {
    const [row] = await sql`
      select count(*)::int as n from pg_stat_activity
      where application_name = 'livetwin' and state = 'active' and query like '%pg_sleep%'`;
    if (holds(row!["n"] as number)) break;
    await new Promise((resume) => setTimeout(resume, 50));
  }
  await sql.end();
}
