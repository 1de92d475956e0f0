/** Commands and the object that holds their sockets: hibernation, failing storage, and who waits. */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { describe, expect, test } from "vitest";
import { cellKey, cellOf } from "../../src/core/ids.ts";
import { COMMAND_WAITERS_MAX } from "../../src/core/limits.ts";
import type { Stub } from "../../src/env.ts";
import type { CellRpc } from "../../src/wire/internal-rpc.ts";
import { bindings, call, objectOf } from "./deployment-under-test.ts";

const CELLS = { version: 1, cells: 4 };

interface Frame {
  readonly type: string;
  readonly commandId?: string;
  readonly body?: unknown;
}

class Device {
  readonly frames: Frame[] = [];
  readonly #socket: WebSocket;
  #look: (() => void) | undefined;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.accept();
    socket.addEventListener("message", ({ data }) => {
      this.frames.push(JSON.parse(String(data)) as Frame);
      this.#look?.();
    });
  }

  static async connect(id: string): Promise<Device> {
    const path = `/v1/models/Counter/twins/${id}/socket`;
    const response = await call("GET", path, undefined, { upgrade: "websocket" });
    return new Device(response.webSocket!);
  }

  send(frame: unknown): void {
    this.#socket.send(JSON.stringify(frame));
  }

  /** Resolves when so many frames have come in all. */
  async until(count: number): Promise<readonly Frame[]> {
    while (this.frames.length < count) await new Promise<void>((look) => (this.#look = look));
    return this.frames;
  }

  close(): void {
    this.#socket.close();
  }
}

function stubOf(id: string): Stub<CellRpc> {
  return bindings.TWIN.getByName(cellKey("Counter", cellOf(id, CELLS)));
}

async function accept(id: string, message: unknown, messageId?: string): Promise<void> {
  await stubOf(id).accept(JSON.stringify({ id, message, messageId }), 1, false);
}

/** Lets writes fail whose SQL begins so, while an action runs. */
function whileFailing<T>(id: string, sqlStart: string, action: () => Promise<T>): Promise<T> {
  return runInDurableObject(objectOf(stubOf(id)), async (_instance, state) => {
    const { sql } = state.storage;
    const exec = sql.exec.bind(sql);
    Object.defineProperty(sql, "exec", {
      configurable: true,
      value: (query: string, ...values: SqlStorageValue[]) => {
        if (query.startsWith(sqlStart)) throw new Error("database or disk is full: SQLITE_FULL");
        return exec(query, ...values);
      },
    });
    try {
      return await action();
    } finally {
      Reflect.deleteProperty(sql, "exec");
    }
  });
}

const command = (body: unknown): Record<string, unknown> => ({ do: "command", body });
const bodiesOf = (frames: readonly Frame[]): readonly unknown[] =>
  frames.filter(({ type }) => type === "command").map(({ body }) => body);

describe("a device's socket", () => {
  test("gets each command once, through evictions of the object that holds it", async () => {
    const id = "hibernating";
    await accept(id, command("before"));
    const device = await Device.connect(id);
    await device.until(1);
    for (let i = 1; i <= 3; i++) {
      await evictDurableObject(objectOf(stubOf(id)));
      await accept(id, command(i));
      await device.until(1 + i);
    }
    await evictDurableObject(objectOf(stubOf(id)));
    device.send({ type: "ack", commandIds: device.frames.slice(1).map((each) => each.commandId) });
    device.send({ add: 1 });
    const frames = await device.until(5);
    expect(frames.map(({ type, body }) => [type, body])).toEqual([
      ["command", "before"],
      ["command", 1],
      ["command", 2],
      ["command", 3],
      ["ack", undefined],
    ]);
    expect(await stubOf(id).commands(id, 0)).toMatchObject([{ body: '"before"' }]);
    await evictDurableObject(objectOf(stubOf(id)));
    expect(await stubOf(id).commands(id, 0)).toMatchObject([{ body: '"before"' }]);
    device.close();
  });

  test("is told of no command whose commit failed", async () => {
    const id = "failing";
    await accept(id, { add: 1 });
    const device = await Device.connect(id);
    const reply = await whileFailing(id, "INSERT INTO journal", () =>
      call("POST", `/v1/models/Counter/twins/${id}/messages`, command("never")),
    );
    expect(reply.status).toBe(503);
    await accept(id, command("durable"));
    expect(bodiesOf(await device.until(1))).toEqual(["durable"]);
    expect(await stubOf(id).commands(id, 0)).toHaveLength(1);
    device.close();
  });

  test("is told of a command that was written, though the request failed after that", async () => {
    const id = "half-failing";
    const device = await Device.connect(id);
    // The journal becomes larger than four times the state: the next commits make a checkpoint due, which fails.
    const { journalChars: full = 0 } = await stubOf(id).counters();
    expect(full).toBeLessThan(1_000_000);
    const grow = { do: "grow", ms: 500_000 };
    await whileFailing(id, "DELETE FROM journal", async () => {
      for (let i = 0; i < 8; i++)
        await (
          await call("POST", `/v1/models/Counter/twins/${id}/messages`, [grow, command(i)])
        ).text();
    });
    const pending = (await stubOf(id).commands(id, 0)) as readonly { body: string }[];
    expect(pending.map(({ body }) => body)).toEqual(["0", "1", "2", "3", "4", "5", "6", "7"]);
    expect(new Set(bodiesOf(await device.until(8)))).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7]));
    device.close();
  });
});

describe("who asks for commands", () => {
  test("waits beside a thousand others; one more is answered at once", async () => {
    const id = "crowded";
    await accept(id, { add: 1 });
    const stub = stubOf(id);
    const waiting = Array.from({ length: COMMAND_WAITERS_MAX }, () => stub.commands(id, 30_000));
    while ((await stub.counters())["commandWaiters"] !== COMMAND_WAITERS_MAX);
    expect(await stub.commands(id, 30_000)).toEqual([]);
    await accept(id, command("all"));
    for (const answer of await Promise.all(waiting))
      expect(answer).toMatchObject([{ body: '"all"' }]);
    expect((await stub.counters())["commandWaiters"]).toBe(0);
  });

  test("is told when its twin goes meanwhile", async () => {
    const id = "going";
    await accept(id, { add: 1 });
    const answer = stubOf(id).commands(id, 200);
    while ((await stubOf(id).counters())["commandWaiters"] !== 1);
    await stubOf(id).remove(id);
    expect(await answer).toMatchObject({ code: "twin/unknown" });
  });
});
