/** `/v1/live`: the open alerts, pushed when they change. */
import { runDurableObjectAlarm } from "cloudflare:test";
import { expect, test } from "vitest";
import { ALERTS_WATCH_MS, LIVE_ALERTS_MAX } from "../../src/core/limits.ts";
import type { AlertView } from "../../src/core/alerts/view.ts";
import { moveClock } from "../support/clock.ts";
import { bindings, call, objectOf } from "./deployment-under-test.ts";

const alerts = bindings.ALERTS.getByName("alerts");
const reducer = bindings.REDUCER.getByName("reducer");

interface Shown {
  readonly type: string;
  readonly subscription: string;
  readonly counts: Record<string, number>;
  readonly alerts: readonly AlertView[];
}

interface Viewer {
  readonly frames: Shown[];
  send(frame: unknown): void;
  /** The first frame, taken with those before it, that a test is after. */
  next(isWanted: (frame: Shown) => boolean): Promise<Shown>;
  close(): void;
}

async function connect(): Promise<Viewer> {
  const response = await call("GET", "/v1/live", undefined, { upgrade: "websocket" });
  const socket = response.webSocket!;
  socket.accept();
  const frames: Shown[] = [];
  let arrived = (): void => undefined;
  socket.addEventListener("message", ({ data }) => {
    frames.push(JSON.parse(String(data)) as Shown);
    arrived();
  });
  return {
    frames,
    send: (frame) => socket.send(JSON.stringify(frame)),
    next: async (isWanted) => {
      for (;;) {
        const at = frames.findIndex(isWanted);
        if (at >= 0) return frames.splice(0, at + 1).at(-1)!;
        await new Promise<void>((resume) => (arrived = resume));
      }
    },
    close: () => socket.close(1000, "done"),
  };
}

async function act(id: string, message: unknown): Promise<void> {
  const response = await call("POST", `/v1/models/Counter/twins/${id}/messages`, message);
  expect(response.status).toBe(200);
}

const titles = (frame: Shown): unknown => frame.alerts.map(({ id, title }) => `${id} ${title}`);

test("a live subscription gets what is open at once, and each change without a tick", async () => {
  await act("li-1", { do: "raise", body: { title: "First" } });
  const viewer = await connect();
  viewer.send({ type: "subscribe", subscription: "a", alerts: { model: "Counter" } });
  const first = await viewer.next(({ type }) => type === "alerts");
  expect([titles(first), first.counts, first.subscription]).toEqual([
    ["li-1 First"],
    { firing: 1, pending: 0, info: 0, warning: 1, error: 0 },
    "a",
  ]);
  // A second later, so that the next push is due; no alarm of the reducer runs in this test unless it is made to.
  moveClock(1_000);
  await act("li-2", { do: "raise", body: { title: "Worse", severity: "error" } });
  const second = await viewer.next(({ counts }) => counts?.["firing"] === 2);
  expect(titles(second)).toEqual(["li-2 Worse", "li-1 First"]);
  moveClock(1_000);
  await act("li-1", { do: "resolve", to: "First" });
  const third = await viewer.next(({ counts }) => counts?.["firing"] === 1);
  expect(titles(third)).toEqual(["li-2 Worse"]);
  await act("li-2", { do: "resolve", to: "Worse" });
  viewer.close();
});

test("a subscription sees what its filter lets through", async () => {
  const viewer = await connect();
  const filters = {
    errors: { severities: ["error"] },
    twin: { model: "Counter", id: "lf-1" },
    other: { model: "Airport" },
  };
  for (const [subscription, filter] of Object.entries(filters))
    viewer.send({ type: "subscribe", subscription, alerts: filter });
  for (const subscription of Object.keys(filters))
    expect((await viewer.next((frame) => frame.subscription === subscription)).alerts).toEqual([]);
  moveClock(1_000);
  await act("lf-1", { do: "raise", body: { title: "Mild" } });
  await act("lf-2", { do: "raise", body: { title: "Bad", severity: "error" } });
  moveClock(1_000);
  await runDurableObjectAlarm(objectOf(reducer));
  const twin = await viewer.next(
    ({ subscription, alerts: shown }) => subscription === "twin" && shown.length > 0,
  );
  expect(titles(twin)).toEqual(["lf-1 Mild"]);
  moveClock(1_000);
  await runDurableObjectAlarm(objectOf(reducer));
  await act("lf-1", { do: "resolve", to: "Mild" });
  await act("lf-2", { do: "resolve", to: "Bad" });
  expect(
    viewer.frames.filter(
      ({ subscription, alerts: shown }) => subscription === "other" && shown.length > 0,
    ),
  ).toEqual([]);
  viewer.close();
});

test("looks that find nothing new cost the alerts' object nothing but the look", async () => {
  const filter = { states: ["firing", "pending"] as const };
  const { version, seen } = await alerts.watch(filter, undefined);
  expect(seen).toBeDefined();
  expect(await alerts.watch(filter, version)).toEqual({ version });
  await act("lw-1", { do: "raise", body: { title: "New", severity: "info" } });
  await expect.poll(async () => (await alerts.watch(filter, version)).seen).toBeDefined();
  await act("lw-1", { do: "resolve", to: "New" });
  moveClock(ALERTS_WATCH_MS + 1);
});

test("more alerts than a subscription shows are counted", async () => {
  const count = LIVE_ALERTS_MAX + 1;
  const messages = Array.from({ length: count }, (_, i) => ({
    id: `lm-${i}`,
    message: { do: "raise", body: { title: "Many", severity: i === 0 ? "error" : "info" } },
  }));
  expect((await call("POST", "/v1/models/Counter/messages", messages)).status).toBe(200);
  const filter = { states: ["firing"] as const, model: "Counter" };
  await expect
    .poll(async () => (await alerts.watch(filter, undefined)).seen!.counts.firing)
    .toBe(count);
  const { seen } = await alerts.watch(filter, undefined);
  expect(seen!.alerts).toHaveLength(LIVE_ALERTS_MAX);
  expect(seen!.alerts[0]).toMatchObject({ id: "lm-0", severity: "error" });
});
