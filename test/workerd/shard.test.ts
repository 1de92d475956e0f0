import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, expect, test } from "vitest";
import type { ColumnDelta } from "../../src/core/columns/columns.ts";
import { SNAPSHOT_ROW_BYTES_MAX } from "../../src/core/limits.ts";
import type { QueryAnswer } from "../../src/wire/answer-v1.ts";
import { bindings, call, objectOf } from "./deployment-under-test.ts";

const MODEL = "StatusTracker";

function shard(): DurableObjectStub {
  return objectOf(bindings.SHARD.getByName(`${MODEL}:0`));
}

/** Sends a node's first message, so that its twin exists in a region. */
async function init(id: string, region: string): Promise<void> {
  const response = await call("POST", `/v1/models/${MODEL}/twins/${id}/messages`, {
    type: "init",
    node_type: "controller",
    region,
  });
  expect(response.status).toBe(200);
}

async function ask(prefix: string, path = "/v1/query?consistent=true"): Promise<QueryAnswer> {
  const response = await call("POST", path, {
    model: MODEL,
    select: ["region"],
    where: { field: "id", op: "startsWith", value: prefix },
  });
  expect(response.status).toBe(200);
  return response.json();
}

async function counters(): Promise<Readonly<Record<string, number>>> {
  return bindings.SHARD.getByName(`${MODEL}:0`).counters();
}

async function cells(): Promise<number> {
  const models = await bindings.REGISTRY.getByName("registry").deployed();
  return models.find((model) => model.name === MODEL)!.placement.cells;
}

describe("a query", () => {
  test("that is consistent sees every acknowledged change at once", async () => {
    for (let i = 0; i < 10; i++) {
      await init("sh-now", `R${i}`);
      expect((await ask("sh-now")).rows).toEqual([["sh-now", `R${i}`]]);
    }
  });

  test("does not show a twin that was removed", async () => {
    await init("sh-gone-1", "NW");
    await init("sh-gone-2", "SE");
    expect((await ask("sh-gone")).rows.length).toBe(2);
    expect((await call("DELETE", `/v1/models/${MODEL}/twins/sh-gone-1`)).status).toBe(204);
    expect((await ask("sh-gone")).rows).toEqual([["sh-gone-2", "SE"]]);
  });

  test("has everything that was acknowledged up to its asOf, while messages go on", async () => {
    const acknowledged = new Map<string, number>();
    let isDone = false;
    const writing = (async () => {
      for (let i = 0; i < 120; i++) {
        const id = `sh-asof-${i}`;
        await init(id, "NW");
        acknowledged.set(id, Date.now());
      }
      isDone = true;
    })();
    let looks = 0;
    while (!isDone) {
      const answer = await ask(
        "sh-asof",
        looks++ % 2 === 0 ? "/v1/query" : "/v1/query?consistent=true",
      );
      const asOfMs = Date.parse(answer.asOf);
      expect(asOfMs).toBeLessThanOrEqual(Date.now());
      const found = new Set(answer.rows.map((row) => row[0]));
      const missing = [...acknowledged].filter(([id, atMs]) => atMs <= asOfMs && !found.has(id));
      expect(missing).toEqual([]);
    }
    await writing;
    expect(looks).toBeGreaterThan(3);
    expect((await ask("sh-asof")).rows.length).toBe(120);
  });

  test("means the same as JSON and as SQL, sent as JSON or as text", async () => {
    await init("sh-sql-1", "NW");
    const sql = `SELECT region, count(*) AS n FROM ${MODEL} WHERE id LIKE 'sh-sql-%' GROUP BY region`;
    await ask("sh-sql");
    const json = await call("POST", "/v1/query?consistent=true", { sql });
    const text = await call("POST", "/v1/query?consistent=true", sql, {
      "content-type": "text/plain",
    });
    for (const response of [json, text]) {
      const { columns, rows, partial } = await response.json<QueryAnswer>();
      expect({ columns, rows, partial }).toEqual({
        columns: [
          { name: "region", type: "string" },
          { name: "n", type: "number" },
        ],
        rows: [["NW", 1]],
        partial: false,
      });
    }
  });

  const refused: readonly (readonly [string, string, unknown, number, string])[] = [
    ["an unknown model", "/v1/query", { model: "Nothing" }, 404, "model/unknown"],
    [
      "an unknown field",
      "/v1/query",
      { model: MODEL, select: ["regoin"] },
      400,
      "query/unknown-field",
    ],
    ["bad SQL", "/v1/query", { sql: "SELECT FROM" }, 400, "query/syntax"],
    ["an unknown part", "/v1/query", { model: MODEL, having: 7 }, 400, "query/malformed"],
    ["a bad flag", "/v1/query?consistent=perhaps", { model: MODEL }, 400, "request/bad-parameter"],
  ];
  test.each(refused)("with %s is refused", async (_, path, body, status, code) => {
    const response = await call("POST", path, body);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect([response.status, (await response.json<{ code: string }>()).code]).toEqual([
      status,
      code,
    ]);
  });

  test("that is no JSON is refused", async () => {
    const response = await call("POST", "/v1/query", "{");
    expect([response.status, (await response.json<{ code: string }>()).code]).toEqual([
      400,
      "body/malformed",
    ]);
  });
});

test("a model's fields are listed with types and samples", async () => {
  await init("sh-fields", "NW");
  await ask("sh-fields");
  const response = await call("GET", `/v1/models/${MODEL}/fields`);
  const { fields } = await response.json<{
    fields: { name: string; type: string; samples: unknown[] }[];
  }>();
  const region = fields.find((field) => field.name === "region");
  expect(region?.type).toBe("string");
  expect(region?.samples).toContain("NW");
  expect((await call("GET", "/v1/models/Nothing/fields")).status).toBe(404);
});

describe("a shard that restarts", () => {
  test("has everything again, also what changed while it was away", async () => {
    await init("sh-restart-1", "NW");
    await ask("sh-restart");
    await evictDurableObject(shard());
    await init("sh-restart-2", "SE");
    expect((await ask("sh-restart", "/v1/query")).rows).toEqual([
      ["sh-restart-1", "NW"],
      ["sh-restart-2", "SE"],
    ]);
    expect((await counters())["pulls"]).toBe(await cells());
  });

  test("restores its snapshots and asks cells only for what changed since", async () => {
    await init("sh-snap-1", "NW");
    await ask("sh-snap");
    expect(await runDurableObjectAlarm(shard())).toBe(true);
    const written = (await counters())["snapshotRowsWritten"]!;
    expect(written).toBeGreaterThan(0);
    await evictDurableObject(shard());
    await init("sh-snap-2", "SE");
    expect((await ask("sh-snap", "/v1/query")).rows).toEqual([
      ["sh-snap-1", "NW"],
      ["sh-snap-2", "SE"],
    ]);
    expect(await counters()).toMatchObject({
      snapshotsRestored: await cells(),
      snapshotsRefused: 0,
    });
    // Only the cell that changed is saved again: one row.
    await runDurableObjectAlarm(shard());
    expect((await counters())["snapshotRowsWritten"]).toBe(1);
  });

  test("splits the snapshot of a large block over rows, and restores it whole", async () => {
    await ask("sh-split");
    const stub = bindings.SHARD.getByName(`${MODEL}:0`);
    const cell = await bindings.TWIN.getByName(`${MODEL}:0`).changes(-1, 0, 0);
    const rows = 40_000;
    const large: ColumnDelta = {
      ...cell,
      version: cell.version + 1_000,
      slotCount: rows,
      slots: Int32Array.from({ length: rows }, (_, slot) => slot),
      alive: new Uint8Array(rows).fill(1),
      ids: Array.from({ length: rows }, (_, slot) => `sh-split-${slot}`),
      columns: cell.columns.map((column) => {
        if (column.type === "string") return { ...column, codes: new Uint32Array(rows) };
        return column.type === "boolean"
          ? { ...column, values: new Uint8Array(rows) }
          : { ...column, values: new Float64Array(rows) };
      }),
    };
    const before = (await counters())["snapshotRowsWritten"]!;
    expect(await stub.publish(large)).toBe(true);
    await runDurableObjectAlarm(shard());
    const parts = await runInDurableObject(shard(), (_, state) =>
      state.storage.sql
        .exec<{ bytes: number }>(
          "select length(bytes) as bytes from snapshot where cell = 0 order by part",
        )
        .toArray(),
    );
    expect(parts.length).toBeGreaterThan(1);
    expect(parts.slice(0, -1).every((part) => part.bytes === SNAPSHOT_ROW_BYTES_MAX)).toBe(true);
    expect((await counters())["snapshotRowsWritten"]! - before).toBeGreaterThanOrEqual(
      parts.length,
    );
    await evictDurableObject(shard());
    // The cell never wrote that commit, so it answers in full; the rows that are left over go with the next snapshot.
    expect((await ask("sh-split", "/v1/query")).rows).toEqual([]);
    expect(await counters()).toMatchObject({
      snapshotsRestored: await cells(),
      snapshotsRefused: 0,
    });
    await runDurableObjectAlarm(shard());
    const left = await runInDurableObject(shard(), (_, state) =>
      state.storage.sql.exec("select part from snapshot where cell = 0").toArray(),
    );
    expect(left).toEqual([{ part: 0 }]);
  });

  test("does without a snapshot that is damaged", async () => {
    await init("sh-damage", "NW");
    await ask("sh-damage");
    await runDurableObjectAlarm(shard());
    await runInDurableObject(shard(), (_, state) => {
      state.storage.sql.exec("update snapshot set bytes = zeroblob(100)");
    });
    await evictDurableObject(shard());
    expect((await ask("sh-damage", "/v1/query")).rows).toEqual([["sh-damage", "NW"]]);
    expect(await counters()).toMatchObject({
      snapshotsRestored: 0,
      snapshotsRefused: await cells(),
    });
  });

  test("leaves no alarm when nothing is unsaved", async () => {
    await init("sh-alarm", "NW");
    await ask("sh-alarm");
    expect(await runDurableObjectAlarm(shard())).toBe(true);
    expect(await runDurableObjectAlarm(shard())).toBe(false);
    await ask("sh-alarm");
    expect(await runDurableObjectAlarm(shard())).toBe(false);
  });

  test("refuses publications until somebody reads", async () => {
    await evictDurableObject(shard());
    const cell = bindings.TWIN.getByName(`${MODEL}:0`);
    const delta = await cell.changes(-1, 0, 0);
    const stub = bindings.SHARD.getByName(`${MODEL}:0`);
    expect(await stub.publish(delta)).toBe(false);
    await ask("sh-nobody");
    expect(await stub.publish(delta)).toBe(true);
  });
});

describe("a cell that restarts", () => {
  test("is caught up with", async () => {
    await init("sh-cell-1", "NW");
    await ask("sh-cell");
    for (let cell = 0; cell < (await cells()); cell++) {
      await evictDurableObject(objectOf(bindings.TWIN.getByName(`${MODEL}:${cell}`)));
    }
    await init("sh-cell-2", "SE");
    expect((await ask("sh-cell")).rows).toEqual([
      ["sh-cell-1", "NW"],
      ["sh-cell-2", "SE"],
    ]);
  });
});

test("a publication that does not join on is refused, and what it brought is asked for", async () => {
  await init("sh-lost", "NW");
  await ask("sh-lost");
  const stub = bindings.SHARD.getByName(`${MODEL}:0`);
  const cell = bindings.TWIN.getByName(`${MODEL}:0`);
  const now = await cell.changes(-1, 0, 0);
  expect(await stub.publish({ ...now, since: now.version + 5, version: now.version + 6 })).toBe(
    false,
  );
  await init("sh-lost", "SE");
  expect((await ask("sh-lost")).rows).toEqual([["sh-lost", "SE"]]);
});
