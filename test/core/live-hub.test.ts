import { describe, expect, test } from "vitest";
import { LiveHub } from "../../src/aggregator/live-hub.ts";
import type { LiveSocket } from "../../src/aggregator/live-connection.ts";
import type { Outcome, Watch } from "../../src/aggregator/live-topic.ts";
import {
  LIVE_ATTACHMENT_CHARS_MAX,
  LIVE_PUSH_MS_MAX,
  LIVE_QUIET_AFTER_MS,
  LIVE_QUIET_TICK_MS,
  LIVE_SILENCE_MS_MAX,
  LIVE_SUBSCRIPTIONS_MAX,
  LIVE_TICK_MS,
  LIVE_TOPICS_MAX,
  LIVE_UNREAD_CHARS_MAX,
} from "../../src/core/limits.ts";
import { refuse } from "../../src/core/refusal.ts";
import type { Result } from "../../src/core/refusal.ts";
import type { DeployedModel } from "../../src/wire/internal-rpc.ts";
import type { LiveTarget } from "../../src/wire/live-v1.ts";

const MODEL: DeployedModel = {
  name: "Grid",
  placement: { version: 1, cells: 1 },
  shards: 1,
  fields: [],
  deployedAtMs: 0,
};

class SocketDouble implements LiveSocket {
  readonly frames: Record<string, unknown>[] = [];
  attachment = "";
  closed: number | undefined;
  pingAtMs = 0;

  send(text: string): void {
    if (this.closed !== undefined) throw new Error("closed");
    this.frames.push(JSON.parse(text) as Record<string, unknown>);
  }
  close(code: number): void {
    this.closed = code;
  }
  keep(text: string): void {
    this.attachment = text;
  }
  kept(): string {
    return this.attachment;
  }
  pingedAtMs(): number {
    return this.pingAtMs;
  }
  /** The frames since the last look. */
  take(): Record<string, unknown>[] {
    return this.frames.splice(0);
  }
}

/** A hub over values that the test sets; a twin's id names its value, `bad-…` and `broken-…` are refused. */
class Bench {
  nowMs = 5_000_000;
  readonly values = new Map<string, string>();
  readonly evaluated: string[] = [];
  readonly widgets = new Map<string, string>();
  held: Promise<void> | undefined;
  hub = this.makeHub();

  makeHub(): LiveHub {
    return new LiveHub({
      find: async (target) => this.#find(target),
      evaluate: (watch) => this.#evaluate(watch),
      nowMs: () => this.nowMs,
    });
  }

  connect(): SocketDouble {
    const socket = new SocketDouble();
    this.hub.open(socket);
    return socket;
  }

  async subscribe(socket: SocketDouble, subscription: string, id: string): Promise<void> {
    await this.send(socket, { type: "subscribe", subscription, twin: { model: "Grid", id } });
  }

  async send(socket: SocketDouble, frame: unknown): Promise<void> {
    await this.hub.receive(socket, typeof frame === "string" ? frame : JSON.stringify(frame));
    await settle();
  }

  async tick(afterMs = LIVE_TICK_MS): Promise<void> {
    this.nowMs += afterMs;
    await this.hub.tick();
  }

  #find(target: LiveTarget): Result<Watch> {
    if (target.kind === "query")
      return refuse("query/unknown-field", "There is no field.", { nearest: "level" });
    if (target.kind === "alerts") return { ok: true, value: target };
    if (target.kind === "log")
      return { ok: true, value: { kind: "log", model: MODEL, filter: target.filter } };
    const id = target.kind === "twin" ? target.id : this.widgets.get(target.id);
    if (id === undefined) return refuse("widget/unknown", "There is no such widget.");
    return id.startsWith("bad")
      ? refuse("model/unknown", "There is no model.")
      : { ok: true, value: { kind: "twin", model: MODEL, id } };
  }

  async #evaluate(watch: Watch): Promise<Result<Outcome>> {
    const id = watch.kind === "twin" ? watch.id : "";
    this.evaluated.push(id);
    if (this.held !== undefined && id.startsWith("slow")) await this.held;
    if (id.startsWith("broken")) return refuse("query/unavailable", "No twin can be read.");
    const signature = this.values.get(id) ?? "1";
    return {
      ok: true,
      value: {
        signature,
        frame: (subscription) => `{"subscription":"${subscription}","value":${signature}}`,
      },
    };
  }
}

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe("a subscription", () => {
  test("gets its first result at once and a change with the next tick", async () => {
    const bench = new Bench();
    const socket = bench.connect();
    await bench.subscribe(socket, "s1", "a");
    expect(socket.take()).toEqual([{ subscription: "s1", value: 1 }]);
    bench.values.set("a", "2");
    await bench.tick();
    expect(socket.take()).toEqual([{ subscription: "s1", value: 2 }]);
  });

  test("gets what does not change every five seconds at least, and not with every tick", async () => {
    const bench = new Bench();
    const socket = bench.connect();
    await bench.subscribe(socket, "s1", "a");
    const sentAtMs = [bench.nowMs];
    socket.take();
    for (let i = 0; i < 60; i++) {
      await bench.tick(bench.hub.tickMs());
      if (socket.take().length > 0) sentAtMs.push(bench.nowMs);
    }
    const gaps = sentAtMs.slice(1).map((atMs, i) => atMs - sentAtMs[i]!);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(LIVE_PUSH_MS_MAX);
    expect(Math.min(...gaps)).toBeGreaterThan(LIVE_PUSH_MS_MAX - LIVE_QUIET_TICK_MS - 1);
  });

  test("gets changes at most once a second, however often ticks come", async () => {
    const bench = new Bench();
    const socket = bench.connect();
    await bench.subscribe(socket, "s1", "a");
    const before = bench.nowMs;
    for (let i = 0; i < 50; i++) {
      bench.values.set("a", String(i + 2));
      await bench.tick(100);
    }
    expect(socket.take().length).toBeLessThanOrEqual(1 + (bench.nowMs - before) / LIVE_TICK_MS);
  });

  test("that is replaced under its name watches only the new thing", async () => {
    const bench = new Bench();
    const socket = bench.connect();
    await bench.subscribe(socket, "s1", "a");
    await bench.subscribe(socket, "s1", "b");
    socket.take();
    bench.evaluated.length = 0;
    bench.values.set("a", "7").set("b", "8");
    await bench.tick();
    expect(bench.evaluated).toEqual(["b"]);
    expect(socket.take()).toEqual([{ subscription: "s1", value: 8 }]);
  });

  test("that ends gets nothing more, even when both frames come at once", async () => {
    const bench = new Bench();
    const socket = bench.connect();
    const subscribed = bench.subscribe(socket, "s1", "a");
    const ended = bench.send(socket, { type: "unsubscribe", subscription: "s1" });
    await Promise.all([subscribed, ended]);
    socket.take();
    bench.values.set("a", "2");
    await bench.tick();
    expect([socket.take(), bench.hub.isWatched(), socket.attachment]).toEqual([
      [],
      false,
      "5000000",
    ]);
  });
});

test("a client that goes away while its subscription is looked up leaves nothing behind", async () => {
  const bench = new Bench();
  const socket = bench.connect();
  const subscribed = bench.hub.receive(
    socket,
    '{"type":"subscribe","subscription":"s1","twin":{"model":"Grid","id":"a"}}',
  );
  bench.hub.close(socket);
  await subscribed;
  expect(bench.hub.counters()).toMatchObject({
    sockets: 0,
    subscriptions: 0,
    topics: 0,
    evaluations: 0,
  });
});

describe("equal subscriptions", () => {
  test("are evaluated once a tick, whoever has them", async () => {
    const bench = new Bench();
    const [one, two] = [bench.connect(), bench.connect()];
    await bench.subscribe(one, "s1", "a");
    await bench.subscribe(two, "mine", "a");
    await bench.subscribe(two, "again", "a");
    expect(bench.evaluated).toEqual(["a"]);
    expect(two.take()).toEqual([
      { subscription: "mine", value: 1 },
      { subscription: "again", value: 1 },
    ]);
    bench.values.set("a", "2");
    bench.evaluated.length = 0;
    await bench.tick();
    expect(bench.evaluated).toEqual(["a"]);
    expect(two.take().length).toBe(2);
  });

  test("share a thing until the last of them ends", async () => {
    const bench = new Bench();
    const [one, two] = [bench.connect(), bench.connect()];
    await bench.subscribe(one, "s1", "a");
    await bench.subscribe(two, "s1", "a");
    bench.hub.close(one);
    expect(bench.hub.counters()).toMatchObject({ topics: 1, sockets: 1 });
    bench.hub.close(two);
    expect(bench.hub.counters()).toMatchObject({ topics: 0, sockets: 0, subscriptions: 0 });
  });
});

describe("what fails", () => {
  test("is told to its own subscription, and the others go on", async () => {
    const bench = new Bench();
    const socket = bench.connect();
    await bench.subscribe(socket, "good", "a");
    await bench.subscribe(socket, "none", "broken-1");
    await bench.subscribe(socket, "never", "bad-1");
    await bench.send(socket, {
      type: "subscribe",
      subscription: "field",
      query: { model: "Grid" },
    });
    expect(socket.take()).toEqual([
      { subscription: "good", value: 1 },
      {
        type: "error",
        subscription: "none",
        code: "query/unavailable",
        detail: "No twin can be read.",
      },
      { type: "error", subscription: "never", code: "model/unknown", detail: "There is no model." },
      {
        type: "error",
        subscription: "field",
        code: "query/unknown-field",
        detail: "There is no field.",
        nearest: "level",
      },
    ]);
    expect(bench.hub.counters()).toMatchObject({ subscriptions: 2 });
  });

  test("slowly does not hold up the others, and is not started twice", async () => {
    const bench = new Bench();
    const socket = bench.connect();
    let release = (): void => undefined;
    bench.held = new Promise((resolve) => (release = resolve));
    await bench.subscribe(socket, "slow", "slow-1");
    await bench.subscribe(socket, "quick", "a");
    bench.values.set("a", "2");
    const ticked = bench.tick();
    await settle();
    expect(socket.take().at(-1)).toEqual({ subscription: "quick", value: 2 });
    release();
    await ticked;
    await settle();
    expect(bench.evaluated.filter((id) => id === "slow-1").length).toBe(1);
    expect(socket.take()).toEqual([{ subscription: "slow", value: 1 }]);
  });
});

describe("frames", () => {
  test("that are refused leave the connection as it is", async () => {
    const bench = new Bench();
    const socket = bench.connect();
    await bench.send(socket, '{"type":"subscribe","subscription":"s1"}');
    expect(socket.take()).toMatchObject([
      { type: "error", subscription: "s1", code: "live/malformed" },
    ]);
    await bench.subscribe(socket, "s1", "a");
    expect(socket.take()).toEqual([{ subscription: "s1", value: 1 }]);
  });

  test("that ask whether anybody is there are answered", async () => {
    const bench = new Bench();
    const socket = bench.connect();
    await bench.send(socket, ' {"type" : "ping"} ');
    expect(socket.take()).toEqual([{ type: "pong" }]);
  });
});

describe("bounds", () => {
  test(`a connection has ${LIVE_SUBSCRIPTIONS_MAX} subscriptions at most`, async () => {
    const bench = new Bench();
    const socket = bench.connect();
    for (let i = 0; i < LIVE_SUBSCRIPTIONS_MAX; i++)
      await bench.send(socket, { type: "subscribe", subscription: `${i}`, widget: "w" });
    bench.widgets.set("w", "a");
    for (let i = 0; i < LIVE_SUBSCRIPTIONS_MAX; i++)
      await bench.send(socket, { type: "subscribe", subscription: `${i}`, widget: "w" });
    expect(bench.hub.counters()["subscriptions"]).toBe(LIVE_SUBSCRIPTIONS_MAX);
    socket.take();
    await bench.send(socket, { type: "subscribe", subscription: "one more", widget: "w" });
    expect(socket.take()).toMatchObject([
      { type: "error", subscription: "one more", code: "live/too-many" },
    ]);
    await bench.send(socket, { type: "subscribe", subscription: "0", widget: "w" });
    expect(socket.take()).toEqual([{ subscription: "0", value: 1 }]);
  });

  test("a connection's subscriptions fit its attachment, and what was refused is not kept", async () => {
    const bench = new Bench();
    const socket = bench.connect();
    const id = "x".repeat(120);
    let kept = 0;
    for (; kept < LIVE_SUBSCRIPTIONS_MAX; kept++) {
      await bench.subscribe(socket, `${kept}`, `${id}${kept}`);
      if (socket.take()[0]!["type"] === "error") break;
    }
    expect(kept).toBeGreaterThan(30);
    expect(socket.attachment.length).toBeLessThanOrEqual(LIVE_ATTACHMENT_CHARS_MAX);
    expect(socket.attachment.split("\n").length).toBe(kept + 1);
  });

  test(`all connections watch ${LIVE_TOPICS_MAX} different things at most`, async () => {
    const bench = new Bench();
    let socket = bench.connect();
    for (let i = 0; i < LIVE_TOPICS_MAX; i++) {
      if (i % 50 === 0) socket = bench.connect();
      await bench.hub.receive(
        socket,
        `{"type":"subscribe","subscription":"${i}","twin":{"model":"Grid","id":"t${i}"}}`,
      );
    }
    await settle();
    expect(bench.hub.counters()["topics"]).toBe(LIVE_TOPICS_MAX);
    const last = bench.connect();
    await bench.subscribe(last, "new", "other");
    await bench.subscribe(last, "shared", "t0");
    expect(last.take()).toMatchObject([
      { code: "live/too-many", subscription: "new" },
      { subscription: "shared", value: 1 },
    ]);
  });

  test("a viewer that does not read gets nothing more until its pings show that it did", async () => {
    const bench = new Bench();
    const socket = bench.connect();
    const big = `"${"x".repeat(LIVE_UNREAD_CHARS_MAX / 4)}"`;
    bench.values.set("a", big);
    await bench.subscribe(socket, "s1", "a");
    let pushed = socket.take().length;
    for (let i = 0; i < 10; i++) {
      bench.values.set("a", big.replace("x", String(i)));
      await bench.tick();
      pushed += socket.take().length;
    }
    expect(pushed).toBe(4);
    socket.pingAtMs = bench.nowMs;
    await bench.tick(LIVE_PUSH_MS_MAX);
    expect(socket.take().length).toBe(0);
    socket.pingAtMs = bench.nowMs;
    await bench.tick(LIVE_PUSH_MS_MAX);
    expect(socket.take().length).toBe(1);
  });

  test("a viewer that says nothing for too long is closed, one that pings is not", async () => {
    const bench = new Bench();
    const [silent, pinging] = [bench.connect(), bench.connect()];
    await bench.subscribe(silent, "s1", "a");
    await bench.subscribe(pinging, "s1", "a");
    await bench.tick(LIVE_SILENCE_MS_MAX);
    expect([silent.closed, pinging.closed]).toEqual([undefined, undefined]);
    pinging.pingAtMs = bench.nowMs;
    await bench.tick(1);
    expect([silent.closed, pinging.closed]).toEqual([1001, undefined]);
    expect(bench.hub.counters()["sockets"]).toBe(1);
  });
});

describe("after hibernation", () => {
  test("subscriptions are rebuilt from what the sockets keep", async () => {
    const bench = new Bench();
    const socket = bench.connect();
    bench.widgets.set("w", "b");
    await bench.subscribe(socket, "s1", "a");
    await bench.send(socket, { type: "subscribe", subscription: "s2", widget: "w" });
    socket.take();
    bench.hub = bench.makeHub();
    bench.hub.open(socket);
    expect(bench.hub.isWatched()).toBe(true);
    await bench.tick();
    expect(socket.take()).toEqual([
      { subscription: "s1", value: 1 },
      { subscription: "s2", value: 1 },
    ]);
  });

  test("what can't be read of it is left out", async () => {
    const bench = new Bench();
    const socket = new SocketDouble();
    socket.attachment =
      'x\n\n{"type":"subscribe","subscription":"s1","twin":{"model":"Grid","id":"a"}}\n{"type":"ping"}';
    bench.hub.open(socket);
    expect(bench.hub.counters()["subscriptions"]).toBe(1);
  });

  test("a client that was heard long before is closed as it would have been", async () => {
    const bench = new Bench();
    const socket = bench.connect();
    await bench.subscribe(socket, "s1", "a");
    bench.nowMs += LIVE_SILENCE_MS_MAX + 1;
    bench.hub = bench.makeHub();
    bench.hub.open(socket);
    bench.hub.closeSilent();
    expect(socket.closed).toBe(1001);
  });
});

describe("a widget", () => {
  test("that is replaced or removed shows so with the next tick", async () => {
    const bench = new Bench();
    const socket = bench.connect();
    bench.widgets.set("w", "a");
    bench.values.set("b", "2");
    await bench.send(socket, { type: "subscribe", subscription: "s1", widget: "w" });
    bench.widgets.set("w", "b");
    bench.hub.widgetChanged("w");
    socket.take();
    await bench.tick();
    expect(socket.take()).toEqual([{ subscription: "s1", value: 2 }]);
    bench.widgets.delete("w");
    bench.hub.widgetChanged("w");
    await bench.tick();
    expect(socket.take()).toMatchObject([{ type: "error", code: "widget/unknown" }]);
    expect(bench.hub.counters()["topics"]).toBe(0);
  });
});

test("ticks slow down when nothing changed for a while, and are quick again after a change", async () => {
  const bench = new Bench();
  const socket = bench.connect();
  await bench.subscribe(socket, "s1", "a");
  bench.nowMs += LIVE_QUIET_AFTER_MS;
  expect(bench.hub.tickMs()).toBe(LIVE_TICK_MS);
  bench.nowMs += 1;
  expect(bench.hub.tickMs()).toBe(LIVE_QUIET_TICK_MS);
  bench.values.set("a", "2");
  await bench.tick();
  expect(bench.hub.tickMs()).toBe(LIVE_TICK_MS);
});
