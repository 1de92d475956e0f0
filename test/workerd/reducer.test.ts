import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, test } from "vitest";
import { boundedJson } from "../../src/aggregator/widget-store.ts";
import {
  HISTORY_MINUTES,
  HISTORY_RESULT_CHARS_MAX,
  LIVE_PUSH_MS_MAX,
  LIVE_SOCKETS_MAX,
  LIVE_TICK_MS,
  QUERY_BODY_BYTES_MAX,
  WIDGETS_MAX,
} from "../../src/core/limits.ts";
import type { QueryAnswer } from "../../src/wire/answer-v1.ts";
import type { Widget, WidgetResult } from "../../src/wire/widget-v1.ts";
import { bindings, call, objectOf } from "./deployment-under-test.ts";

const MODEL = "StatusTracker";
const MINUTE_MS = 60_000;
/** Some minute; history is kept by the minutes that are told, not by a clock. */
const START_MS = Math.ceil(Date.now() / MINUTE_MS) * MINUTE_MS + 10 * MINUTE_MS;

const reducer = bindings.REDUCER.getByName("reducer");
const reducerObject = objectOf(reducer);

async function init(id: string, region: string): Promise<void> {
  const response = await call("POST", `/v1/models/${MODEL}/twins/${id}/messages`, {
    type: "init",
    node_type: "controller",
    region,
  });
  expect(response.status).toBe(200);
}

function countOf(prefix: string): Omit<Widget, "id"> {
  return {
    title: "Nodes",
    chart: "number",
    model: MODEL,
    aggregates: [{ op: "count", as: "n" }],
    where: { field: "id", op: "startsWith", value: prefix },
  };
}

async function historyOf(id: string, limit = HISTORY_MINUTES): Promise<readonly WidgetResult[]> {
  return (await reducer.widgetHistory(id, limit)).map((result) => ({ ...result }));
}

const viewers: Viewer[] = [];

afterEach(async () => {
  await Promise.all(viewers.splice(0).map((viewer) => viewer.close()));
});

/** A live connection that keeps what it gets, and can wait for a frame that is still to come. */
class Viewer {
  readonly frames: Record<string, unknown>[] = [];
  readonly #socket: WebSocket;
  #arrived = (): void => undefined;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.accept();
    socket.addEventListener("message", (event) => {
      this.frames.push(JSON.parse(String(event.data)) as Record<string, unknown>);
      this.#arrived();
    });
  }

  static async connect(): Promise<Viewer> {
    const response = await call("GET", "/v1/live", undefined, { upgrade: "websocket" });
    expect(response.status).toBe(101);
    const viewer = new Viewer(response.webSocket!);
    viewers.push(viewer);
    return viewer;
  }

  send(frame: unknown): void {
    this.#socket.send(typeof frame === "string" ? frame : JSON.stringify(frame));
  }

  /** Ends the connection; resolves when the other side knows. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#socket.addEventListener("close", resolve));
    this.#socket.close(1000, "done");
    await closed;
  }

  /** The first frame, from now on or among those that came, that the test is after; it and those before it are taken. */
  async next(
    isWanted: (frame: Record<string, unknown>) => boolean,
  ): Promise<Record<string, unknown>> {
    for (;;) {
      const at = this.frames.findIndex(isWanted);
      if (at >= 0) return this.frames.splice(0, at + 1).at(-1)!;
      await new Promise<void>((resolve) => (this.#arrived = resolve));
    }
  }

  /** Waits for a subscription's result: any, or the one with these rows. */
  async result(subscription: string, rows?: unknown): Promise<QueryAnswer> {
    const text = JSON.stringify(rows);
    const frame = await this.next((candidate) => {
      if (candidate["type"] !== "result" || candidate["subscription"] !== subscription)
        return false;
      return (
        rows === undefined || JSON.stringify((candidate["result"] as QueryAnswer).rows) === text
      );
    });
    return frame["result"] as QueryAnswer;
  }
}

describe("widgets", () => {
  test("are created, read, replaced, listed and removed", async () => {
    const created = await call("POST", "/v1/widgets", countOf("re-crud"));
    expect(created.status).toBe(201);
    const { id, ...widget } = await created.json<Widget>();
    expect(widget).toEqual(countOf("re-crud"));
    expect(created.headers.get("location")).toBe(`/v1/widgets/${id}`);
    expect(await (await call("GET", `/v1/widgets/${id}`)).json()).toEqual({ id, ...widget });
    const replaced = await call("PUT", `/v1/widgets/${id}`, { ...widget, title: "More nodes" });
    expect([replaced.status, await replaced.json()]).toEqual([
      200,
      { id, ...widget, title: "More nodes" },
    ]);
    expect((await call("PUT", "/v1/widgets/re-own-id", widget)).status).toBe(201);
    const { widgets } = await (await call("GET", "/v1/widgets")).json<{ widgets: Widget[] }>();
    expect(widgets.map((listed) => listed.id)).toEqual(expect.arrayContaining([id, "re-own-id"]));
    for (const gone of [id, "re-own-id"])
      expect((await call("DELETE", `/v1/widgets/${gone}`)).status).toBe(204);
    for (const [method, path] of [
      ["GET", ""],
      ["DELETE", ""],
      ["GET", "/result"],
      ["GET", "/history"],
    ]) {
      const response = await call(method!, `/v1/widgets/${id}${path}`);
      expect([response.status, (await response.json<{ code: string }>()).code]).toEqual([
        404,
        "widget/unknown",
      ]);
    }
  });

  test("that ask what their model can't answer are refused", async () => {
    const bad: readonly (readonly [unknown, number, string])[] = [
      [{ ...countOf("x"), model: "Nothing" }, 404, "model/unknown"],
      [{ ...countOf("x"), groupBy: ["regoin"] }, 400, "query/unknown-field"],
      [{ ...countOf("x"), chart: "radar" }, 400, "widget/malformed"],
      ["{", 400, "body/malformed"],
    ];
    for (const [body, status, code] of bad) {
      const response = await call("POST", "/v1/widgets", body);
      expect([response.status, (await response.json<{ code: string }>()).code]).toEqual([
        status,
        code,
      ]);
    }
  });

  test(`are ${WIDGETS_MAX} at most, and one of these can still be replaced`, async () => {
    const { widgets } = await (await call("GET", "/v1/widgets")).json<{ widgets: Widget[] }>();
    expect(widgets).toEqual([]);
    for (let i = 0; i < WIDGETS_MAX; i++)
      expect(await reducer.putWidget({ id: `re-${i}`, ...countOf("x") })).toEqual({
        created: true,
      });
    const refused = await call("PUT", "/v1/widgets/re-more", countOf("x"));
    expect([refused.status, (await refused.json<{ code: string }>()).code]).toEqual([
      409,
      "widget/too-many",
    ]);
    expect((await call("PUT", "/v1/widgets/re-0", countOf("y"))).status).toBe(200);
    for (let i = 0; i < WIDGETS_MAX; i++) expect(await reducer.removeWidget(`re-${i}`)).toBe(true);
  });

  test("come in bodies of a bounded size", async () => {
    const padded = (bytes: number): string => JSON.stringify(countOf("re-size")).padEnd(bytes, " ");
    expect((await call("PUT", "/v1/widgets/re-size", padded(QUERY_BODY_BYTES_MAX))).status).toBe(
      201,
    );
    expect(
      (await call("PUT", "/v1/widgets/re-size", padded(QUERY_BODY_BYTES_MAX + 1))).status,
    ).toBe(413);
    await call("DELETE", "/v1/widgets/re-size");
  });

  test("show their result now", async () => {
    await init("re-now-1", "NW");
    await call("PUT", "/v1/widgets/re-now", { ...countOf("re-now"), groupBy: ["region"] });
    await call("POST", "/v1/query?consistent=true", { model: MODEL, limit: 1 });
    const answer = await (await call("GET", "/v1/widgets/re-now/result")).json<QueryAnswer>();
    expect(answer.rows).toEqual([["NW", 1]]);
    await call("DELETE", "/v1/widgets/re-now");
  });

  test("outlive the object", async () => {
    await call("PUT", "/v1/widgets/re-stays", countOf("re-stays"));
    await evictDurableObject(reducerObject);
    expect((await call("GET", "/v1/widgets/re-stays")).status).toBe(200);
    await call("DELETE", "/v1/widgets/re-stays");
  });
});

describe("a widget's history", () => {
  test("gets one result a minute, a repeat adds none, and a minute costs one row", async () => {
    await call("PUT", "/v1/widgets/re-hist", countOf("re-hist"));
    await call("PUT", "/v1/widgets/re-hist-2", { ...countOf("re-hist"), title: "The same" });
    const before = (await reducer.counters())["rowsWritten"]!;
    await reducer.minute(START_MS + 5_000);
    await reducer.minute(START_MS + 7_000);
    await init("re-hist-1", "NW");
    await call("POST", "/v1/query?consistent=true", { model: MODEL, limit: 1 });
    await reducer.minute(START_MS + MINUTE_MS);
    const columns = [{ name: "n", type: "number" }];
    const expected = [
      { atMs: START_MS, partial: false, columns, rows: [[0]] },
      { atMs: START_MS + MINUTE_MS, partial: false, columns, rows: [[1]] },
    ];
    expect(await historyOf("re-hist")).toEqual(expected);
    expect(await historyOf("re-hist-2")).toEqual(expected);
    expect(await historyOf("re-hist", 1)).toEqual(expected.slice(1));
    expect((await reducer.counters())["rowsWritten"]! - before).toBe(2);
    const shown = await (await call("GET", "/v1/widgets/re-hist/history?limit=1")).json();
    expect(shown).toEqual({
      results: [
        { at: new Date(START_MS + MINUTE_MS).toISOString(), partial: false, columns, rows: [[1]] },
      ],
    });
    expect((await call("GET", "/v1/widgets/re-hist/history?limit=0")).status).toBe(400);
    expect(
      (await call("GET", `/v1/widgets/re-hist/history?limit=${HISTORY_MINUTES + 1}`)).status,
    ).toBe(400);
  });

  test("goes on when the widget only looks different, and begins anew when it asks something else", async () => {
    await call("PUT", "/v1/widgets/re-hist", { ...countOf("re-hist"), title: "Renamed" });
    expect((await historyOf("re-hist")).length).toBe(2);
    await call("PUT", "/v1/widgets/re-anew", countOf("re-anew"));
    await runInDurableObject(reducerObject, (_, state) => {
      state.storage.sql.exec("update widget set since_ms = ? where id = 're-anew'", START_MS);
    });
    await evictDurableObject(reducerObject);
    await reducer.minute(START_MS + 2 * MINUTE_MS);
    expect((await historyOf("re-anew")).length).toBe(1);
    await call("PUT", "/v1/widgets/re-anew", countOf("re-other"));
    await runInDurableObject(reducerObject, (_, state) => {
      state.storage.sql.exec(
        "update widget set since_ms = ? where id = 're-anew'",
        START_MS + 3 * MINUTE_MS,
      );
    });
    await evictDurableObject(reducerObject);
    expect(await historyOf("re-anew")).toEqual([]);
    await call("DELETE", "/v1/widgets/re-anew");
  });

  test("keeps of each result what fits", () => {
    const result = {
      partial: false,
      columns: [{ name: "n", type: "number" as const }],
      rows: Array.from({ length: 10 }, (_, i) => [`row ${i}`]),
    };
    expect(JSON.parse(boundedJson(result))).toEqual(result);
    const long = {
      ...result,
      rows: Array.from({ length: HISTORY_RESULT_CHARS_MAX }, (_, i) => [`row ${i}`]),
    };
    const json = boundedJson(long);
    const kept = (JSON.parse(json) as typeof long).rows;
    expect(json.length).toBeLessThanOrEqual(HISTORY_RESULT_CHARS_MAX);
    expect(json.length).toBeGreaterThan(HISTORY_RESULT_CHARS_MAX - 20);
    expect(kept).toEqual(long.rows.slice(0, kept.length));
  });

  test("ends after a day, and rows of older minutes are deleted", async () => {
    const nextDayMs = START_MS + HISTORY_MINUTES * MINUTE_MS;
    await reducer.minute(nextDayMs);
    const history = await historyOf("re-hist");
    expect(history.map((result) => result.atMs)).toEqual([
      START_MS + MINUTE_MS,
      START_MS + 2 * MINUTE_MS,
      nextDayMs,
    ]);
    await call("DELETE", "/v1/widgets/re-hist");
    await call("DELETE", "/v1/widgets/re-hist-2");
    expect(await historyOf("re-hist")).toEqual([]);
  });
});

describe("a live connection", () => {
  test("needs an upgrade", async () => {
    const response = await call("GET", "/v1/live");
    expect([response.status, (await response.json<{ code: string }>()).code]).toEqual([
      426,
      "request/upgrade-required",
    ]);
  });

  test("gets a query's result at once, and a change by a tick of its own", async () => {
    const viewer = await Viewer.connect();
    await init("re-live-1", "NW");
    await call("POST", "/v1/query?consistent=true", { model: MODEL, limit: 1 });
    viewer.send({
      type: "subscribe",
      subscription: "q",
      query: { sql: `SELECT region FROM ${MODEL} WHERE id LIKE 're-live-%'` },
    });
    const first = await viewer.result("q");
    expect(first).toEqual({
      columns: [
        { name: "id", type: "string" },
        { name: "region", type: "string" },
      ],
      rows: [["re-live-1", "NW"]],
      asOf: first.asOf,
      twins: first.twins,
      partial: false,
    });
    const changedAtMs = Date.now();
    await init("re-live-1", "SE");
    const changed = await viewer.result("q", [["re-live-1", "SE"]]);
    expect(Date.now() - changedAtMs).toBeLessThan(LIVE_PUSH_MS_MAX);
    expect(Date.parse(changed.asOf)).toBeGreaterThan(Date.parse(first.asOf));
  });

  test("gets a twin when it changes and when it goes, and a widget's results", async () => {
    const viewer = await Viewer.connect();
    await init("re-twin", "NW");
    await call("PUT", "/v1/widgets/re-twin", countOf("re-twin"));
    viewer.send({ type: "subscribe", subscription: "t", twin: { model: MODEL, id: "re-twin" } });
    viewer.send({ type: "subscribe", subscription: "w", widget: "re-twin" });
    const isTwin = (frame: Record<string, unknown>): boolean => frame["type"] === "twin";
    const [shown, direct] = [
      await viewer.next(isTwin),
      await call("GET", `/v1/models/${MODEL}/twins/re-twin`),
    ];
    expect(shown["twin"]).toEqual(await direct.json());
    await viewer.result("w", [[1]]);
    await call("DELETE", `/v1/models/${MODEL}/twins/re-twin`);
    expect(await viewer.next((frame) => isTwin(frame) && frame["twin"] === null)).toMatchObject({
      subscription: "t",
    });
    await viewer.result("w", [[0]]);
    await call("DELETE", "/v1/widgets/re-twin");
    expect(await viewer.next((frame) => frame["type"] === "error")).toMatchObject({
      subscription: "w",
      code: "widget/unknown",
    });
  });

  test("hears what is wrong with a frame, and goes on", async () => {
    const viewer = await Viewer.connect();
    const isError = (frame: Record<string, unknown>): boolean => frame["type"] === "error";
    viewer.send("{");
    expect(await viewer.next(isError)).toMatchObject({ code: "live/malformed" });
    viewer.send({
      type: "subscribe",
      subscription: "s",
      query: { model: MODEL, select: ["regoin"] },
    });
    expect(await viewer.next(isError)).toMatchObject({
      subscription: "s",
      code: "query/unknown-field",
      nearest: "region",
    });
    viewer.send({ type: "subscribe", subscription: "s", query: { model: "Nothing" } });
    expect(await viewer.next(isError)).toMatchObject({ subscription: "s", code: "model/unknown" });
    viewer.send('{"type":"ping"}');
    expect(await viewer.next((frame) => frame["type"] === "pong")).toEqual({ type: "pong" });
  });

  test("shares one evaluation a tick with others that ask the same", async () => {
    const three = [await Viewer.connect(), await Viewer.connect(), await Viewer.connect()];
    const { title: _title, chart: _chart, ...query } = countOf("re-share");
    for (const viewer of three) viewer.send({ type: "subscribe", subscription: "q", query });
    for (const viewer of three) await viewer.result("q", [[0]]);
    const before = await reducer.counters();
    await init("re-share-1", "NW");
    for (const viewer of three) await viewer.result("q", [[1]]);
    const after = await reducer.counters();
    const [ticks, evaluations] = (["ticks", "evaluations"] as const).map(
      (name) => after[name]! - before[name]!,
    );
    expect(ticks).toBeGreaterThan(0);
    expect(evaluations).toBe(ticks);
  });

  test("keeps its subscriptions when the object is evicted", async () => {
    const viewer = await Viewer.connect();
    const query = {
      model: MODEL,
      select: ["region"],
      where: { field: "id", op: "=", value: "re-sleep" },
    };
    viewer.send({ type: "subscribe", subscription: "q", query });
    await viewer.result("q", []);
    await evictDurableObject(reducerObject);
    await init("re-sleep", "NW");
    await viewer.result("q", [["re-sleep", "NW"]]);
    expect(await reducer.counters()).toMatchObject({ sockets: 1, subscriptions: 1, topics: 1 });
  });

  test("that goes on makes the cells publish by themselves", async () => {
    const viewer = await Viewer.connect();
    const query = {
      model: MODEL,
      select: ["region"],
      where: { field: "id", op: "=", value: "re-lease" },
    };
    viewer.send({ type: "subscribe", subscription: "q", query });
    const shard = bindings.SHARD.getByName(`${MODEL}:0`);
    const before = (await shard.counters())["publishes"]!;
    let after = before;
    for (let i = 0; after === before; i++) {
      await init("re-lease", `R${i}`);
      await viewer.result("q", [["re-lease", `R${i}`]]);
      after = (await shard.counters())["publishes"]!;
    }
    expect((await shard.counters())["rowsPublished"]).toBeGreaterThan(0);
  });

  test("has its tick set again by the minute when it was lost", async () => {
    const viewer = await Viewer.connect();
    viewer.send({ type: "subscribe", subscription: "q", query: { model: MODEL, limit: 1 } });
    await viewer.result("q");
    await runInDurableObject(reducerObject, (_, state) => state.storage.deleteAlarm());
    await reducer.minute(START_MS);
    const dueAtMs = await runInDurableObject(reducerObject, (_, state) => state.storage.getAlarm());
    expect(dueAtMs).toBeLessThanOrEqual(Date.now() + LIVE_TICK_MS);
  });

  test("that was the last leaves no tick behind", async () => {
    const viewer = await Viewer.connect();
    viewer.send({ type: "subscribe", subscription: "q", query: { model: MODEL, limit: 1 } });
    await viewer.result("q");
    viewer.send({ type: "unsubscribe", subscription: "q" });
    viewer.send('{"type": "ping"}');
    await viewer.next((frame) => frame["type"] === "pong");
    await runDurableObjectAlarm(reducerObject);
    expect(await runDurableObjectAlarm(reducerObject)).toBe(false);
  });

  test(`is one of ${LIVE_SOCKETS_MAX} at most`, async () => {
    const sockets = (await reducer.counters())["sockets"]!;
    for (let i = sockets; i < LIVE_SOCKETS_MAX; i++) await Viewer.connect();
    const refused = await call("GET", "/v1/live", undefined, { upgrade: "websocket" });
    expect([refused.status, (await refused.json<{ code: string }>()).code]).toEqual([
      503,
      "live/too-many",
    ]);
    await viewers.pop()!.close();
    await Viewer.connect();
  });
});
