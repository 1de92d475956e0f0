import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { signatureOf } from "../../src/alerts/call-channel.ts";
import {
  ALERT_CHANNELS_MAX,
  ALERT_RULES_MAX,
  NOTIFICATION_GIVE_UP_MS,
  NOTIFICATION_TIMEOUT_MS,
  SILENCES_MAX,
} from "../../src/core/limits.ts";
import type { AlertView } from "../../src/core/alerts/view.ts";
import type { AlertsRpc } from "../../src/wire/internal-rpc.ts";
import { clockMs, moveClock } from "../support/clock.ts";
import { bindings, call, objectOf } from "./deployment-under-test.ts";

const MINUTE_MS = 60_000;
const alerts = bindings.ALERTS.getByName("alerts");
const alertsObject = objectOf(alerts);

/** What a channel's service got. */
interface Received {
  readonly url: string;
  readonly body: Record<string, unknown>;
  readonly text: string;
  readonly headers: Headers;
}

/** Stands for the services of channels: keeps calls, and answers as it is told, 200 unless told otherwise. */
class Services {
  readonly received: Received[] = [];
  answer: (call: Received) => Response | Promise<Response> = () => new Response("ok");

  async fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
    const request = new Request(input, init);
    const text = await request.text();
    const body = JSON.parse(text) as Record<string, unknown>;
    const received = { url: request.url, body, text, headers: request.headers };
    this.received.push(received);
    return this.answer(received);
  }

  /** Waits until so many calls came to a host. */
  async of(host: string, count: number): Promise<readonly Received[]> {
    const from = (): readonly Received[] =>
      this.received.filter(({ url }) => new URL(url).hostname === host);
    await until(() => from().length >= count);
    return from();
  }
}

let services: Services;

beforeEach(() => {
  services = new Services();
  vi.spyOn(globalThis, "fetch").mockImplementation((input, init) =>
    services.fetch(input as RequestInfo, init as RequestInit),
  );
});

afterEach(async () => {
  vi.restoreAllMocks();
  for (const { channelId } of await alerts.listChannels()) await alerts.removeChannel(channelId);
  for (const { rule } of await alerts.listRules()) await alerts.removeRule(rule.id);
  for (const { id } of await alerts.listSilences()) await alerts.removeSilence(id);
});

/** Looks again until it holds; the test's time limit is the bound. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resume) => setTimeout(resume, 2));
}

async function raise(id: string, body: unknown): Promise<void> {
  const message = { do: "raise", body };
  const response = await call("POST", `/v1/models/Counter/twins/${id}/messages`, message);
  expect(await response.json()).toMatchObject({ accepted: 1 });
}

async function resolve(id: string, key: string): Promise<void> {
  await call("POST", `/v1/models/Counter/twins/${id}/messages`, { do: "resolve", to: key });
}

async function listed(parameters: string): Promise<readonly AlertView[]> {
  const response = await call("GET", `/v1/alerts?${parameters}`);
  return (await response.json<{ alerts: readonly AlertView[] }>()).alerts;
}

async function channel(id: string, body: unknown): Promise<void> {
  const response = await call("PUT", `/v1/alert-channels/${id}`, body);
  expect([response.status, await response.text()]).toEqual([201, expect.any(String)]);
}

async function healthOf(id: string): Promise<Record<string, unknown>> {
  const response = await call("GET", `/v1/alert-channels/${id}`);
  return (await response.json<{ health: Record<string, unknown> }>()).health;
}

/** Moves time on, and lets the alerts do what is due then. */
async function pass(ms: number): Promise<void> {
  moveClock(ms);
  await runDurableObjectAlarm(alertsObject);
}

describe("notifications", () => {
  test("go to every channel that wants them, in its own format, with what became of the alert", async () => {
    const routingKey = "r".repeat(32);
    await channel("no-slack", { kind: "slack", url: "https://slack.test/services/secret" });
    await channel("no-pd", { kind: "pagerduty", url: "https://pd.test/v2/enqueue", routingKey });
    const splunk = { apiKey: "api-key", routingKey: "team a" };
    await channel("no-splunk", {
      kind: "splunk-on-call",
      url: "https://splunk.test/alert/",
      ...splunk,
    });
    await channel("no-json", { kind: "json", url: "https://json.test/hook", secret: "shared" });
    await channel("no-errors", { kind: "json", url: "https://errors.test/", minSeverity: "error" });
    await channel("no-other", { kind: "json", url: "https://other.test/", models: ["Airport"] });
    await raise("no-1", { title: "<Hot> & bad", key: "heat", detail: "91 degrees" });
    const [{ alertId }] = (await (async () => {
      await until(async () => (await listed("model=Counter&id=no-1")).length === 1);
      return listed("model=Counter&id=no-1");
    })()) as [AlertView];
    const dedupKey = `livetwin-${alertId}`;
    await call("POST", `/v1/alerts/${alertId}/acknowledge`, { by: "ann", note: "on it" });
    await resolve("no-1", "heat");

    const pd = await services.of("pd.test", 3);
    const event = { routing_key: routingKey, dedup_key: dedupKey };
    expect(pd.map(({ body }) => body)).toEqual([
      {
        ...event,
        event_action: "trigger",
        client: "Livetwin",
        payload: expect.objectContaining({
          summary: "<Hot> & bad (Counter/no-1): 91 degrees",
          source: "Counter/no-1",
          severity: "warning",
        }),
      },
      { ...event, event_action: "acknowledge" },
      { ...event, event_action: "resolve" },
    ]);
    const onCall = await services.of("splunk.test", 3);
    expect(onCall[0]!.url).toBe("https://splunk.test/alert/api-key/team%20a");
    expect(onCall.map(({ body }) => [body["message_type"], body["entity_id"]])).toEqual([
      ["WARNING", dedupKey],
      ["ACKNOWLEDGEMENT", dedupKey],
      ["RECOVERY", dedupKey],
    ]);
    const slack = await services.of("slack.test", 3);
    expect(slack[0]!.body).toMatchObject({
      text: "Firing: &lt;Hot&gt; &amp; bad (Counter/no-1)",
      attachments: [{ color: "#d18f00" }],
    });
    expect(slack[1]!.text).toContain("Acknowledged by ann: ");
    const json = await services.of("json.test", 3);
    expect(json.map(({ body }) => body["type"])).toEqual(["firing", "acknowledged", "resolved"]);
    expect(json[0]!.body).toMatchObject({ dedupKey, alert: { alertId, title: "<Hot> & bad" } });
    for (const { headers, text } of json) {
      const signature = headers.get("livetwin-signature")!;
      const atMs = Number(/^t=(\d+),/.exec(signature)![1]) * 1_000;
      expect(signature).toBe(await signatureOf("shared", text, atMs));
    }
    expect(services.received.map(({ url }) => new URL(url).hostname)).not.toContain("errors.test");
    expect(services.received.map(({ url }) => new URL(url).hostname)).not.toContain("other.test");
    await until(async () => (await healthOf("no-json"))["delivered"] === 3);
  });

  test("that fail are made again, later each time, and in order for each alert", async () => {
    let isDown = true;
    services.answer = () => (isDown ? new Response("busy", { status: 503 }) : new Response(null));
    await channel("re-json", { kind: "json", url: "https://retry.test/" });
    await raise("re-1", { title: "First" });
    await services.of("retry.test", 1);
    await resolve("re-1", "First");
    await until(async () => (await healthOf("re-json"))["waiting"] === 2);
    await pass(5_000);
    await services.of("retry.test", 2);
    await until(async () => (await healthOf("re-json"))["failuresInRow"] === 2);
    expect(await healthOf("re-json")).toMatchObject({
      waiting: 2,
      delivered: 0,
      failedCalls: 2,
      lastFailure: { error: "HTTP 503: busy" },
    });
    isDown = false;
    // What waits survives the object's end.
    await evictDurableObject(alertsObject);
    await pass(10 * MINUTE_MS);
    const types = (await services.of("retry.test", 4)).map(({ body }) => body["type"]);
    expect(types).toEqual(["firing", "firing", "firing", "resolved"]);
    await until(async () => (await healthOf("re-json"))["waiting"] === 0);
    expect(await healthOf("re-json")).toMatchObject({ delivered: 2, failuresInRow: 0, givenUp: 0 });
  });

  test("wait as long as the service asks, and are given up when it refuses them or a day has passed", async () => {
    services.answer = () => new Response(null, { status: 429, headers: { "retry-after": "1800" } });
    await channel("gu-json", { kind: "json", url: "https://limit.test/" });
    await raise("gu-1", { title: "Limited" });
    await services.of("limit.test", 1);
    await until(async () => (await healthOf("gu-json"))["failedCalls"] === 1);
    await pass(29 * MINUTE_MS);
    expect(services.received).toHaveLength(1);
    await pass(2 * MINUTE_MS);
    await services.of("limit.test", 2);
    await until(async () => (await healthOf("gu-json"))["failedCalls"] === 2);
    await pass(NOTIFICATION_GIVE_UP_MS);
    await until(async () => (await healthOf("gu-json"))["givenUp"] === 1);
    expect(await healthOf("gu-json")).toMatchObject({
      waiting: 0,
      lastFailure: { error: "Given up after 3 calls: HTTP 429" },
    });
    services.answer = () => new Response("no_service", { status: 404 });
    await pass(MINUTE_MS * 60);
    await raise("gu-2", { title: "Refused" });
    await until(async () => (await healthOf("gu-json"))["givenUp"] === 2);
    expect(await healthOf("gu-json")).toMatchObject({
      waiting: 0,
      lastFailure: { error: "HTTP 404: no_service" },
    });
  });

  test("to a service that hangs do not hold up the others", async () => {
    let isHanging = true;
    services.answer = async ({ url }) => {
      if (url.includes("slow")) await until(() => !isHanging);
      return new Response("ok");
    };
    await channel("hu-slow", { kind: "json", url: "https://slow.test/" });
    await channel("hu-fast", { kind: "json", url: "https://fast.test/" });
    for (const id of ["hu-1", "hu-2", "hu-3"]) await raise(id, { title: "Many" });
    await services.of("fast.test", 3);
    expect(await services.of("slow.test", 1)).toHaveLength(1);
    // The alarm that guards the call comes, and does not make it a second time.
    await pass(NOTIFICATION_TIMEOUT_MS + 1);
    expect(await services.of("slow.test", 1)).toHaveLength(1);
    isHanging = false;
    await services.of("slow.test", 3);
  });

  test("of silenced alerts come when the silence ends, if it still fires then", async () => {
    await channel("si-json", { kind: "json", url: "https://silent.test/" });
    const silence = { model: "Counter", key: "Quiet", forMs: 10 * MINUTE_MS };
    expect((await call("POST", "/v1/silences", silence)).status).toBe(201);
    await raise("si-1", { title: "Quiet" });
    await raise("si-2", { title: "Quiet" });
    await raise("si-3", { title: "Loud" });
    expect((await services.of("silent.test", 1))[0]!.body).toMatchObject({ alert: { id: "si-3" } });
    expect(await listed("model=Counter&id=si-1")).toMatchObject([
      { state: "firing", notifiedAt: null, silencedUntil: expect.any(String) },
    ]);
    await resolve("si-2", "Quiet");
    await pass(10 * MINUTE_MS + 1);
    const told = await services.of("silent.test", 2);
    expect(told.map(({ body }) => (body["alert"] as AlertView).id)).toEqual(["si-3", "si-1"]);
  });

  test("are repeated while nobody acknowledges, and said again when it gets worse", async () => {
    await channel("rp-json", { kind: "json", url: "https://repeat.test/" });
    await raise("rp-1", { title: "Again", repeatMs: 5 * MINUTE_MS });
    await services.of("repeat.test", 1);
    await raise("rp-1", { title: "Again", repeatMs: 5 * MINUTE_MS, severity: "error" });
    await services.of("repeat.test", 2);
    await pass(5 * MINUTE_MS);
    const calls = await services.of("repeat.test", 3);
    expect(calls.map(({ body }) => body["type"])).toEqual(["firing", "escalated", "repeated"]);
    const [{ alertId }] = (await listed("id=rp-1")) as [AlertView];
    await call("POST", `/v1/alerts/${alertId}/acknowledge`);
    await services.of("repeat.test", 4);
    await pass(60 * MINUTE_MS);
    expect(await services.of("repeat.test", 4)).toHaveLength(4);
  });

  test("are tried out, and the answer says what came back", async () => {
    await channel("te-pd", {
      kind: "pagerduty",
      url: "https://te.test/",
      routingKey: "k".repeat(32),
    });
    services.answer = () => new Response('{"status":"success"}', { status: 202 });
    const good = await call("POST", "/v1/alert-channels/te-pd/test");
    expect(await good.json()).toMatchObject({
      ok: true,
      calls: [{ status: 202, answer: '{"status":"success"}', error: null }, { status: 202 }],
    });
    expect(services.received.map(({ body }) => body["event_action"])).toEqual([
      "trigger",
      "resolve",
    ]);
    services.answer = () => {
      throw new Error("connect to https://te.test/ failed");
    };
    const bad = await (await call("POST", "/v1/alert-channels/te-pd/test")).json();
    expect(bad).toMatchObject({
      ok: false,
      calls: [{ status: null, error: "No connection: connect to the address failed" }],
    });
    services.answer = () => {
      throw new Error("internal error; reference = abc");
    };
    const hidden = await (await call("POST", "/v1/alert-channels/te-pd/test")).json();
    expect(hidden).toMatchObject({
      calls: [{ error: expect.stringMatching(/reference = abc\. The server's log says why/) }],
    });
  });
});

describe("a rule", () => {
  const put = async (id: string, body: unknown): Promise<void> => {
    expect((await call("PUT", `/v1/alert-rules/${id}`, body)).status).toBe(201);
  };
  const set = async (id: string, total: number, label: string): Promise<void> => {
    const body = { state: { total, label } };
    expect((await call("PUT", `/v1/models/Counter/twins/${id}`, body)).ok).toBe(true);
  };
  const of = (rule: string, state = "firing,pending"): Promise<readonly AlertView[]> =>
    listed(`rule=${rule}&state=${state}`);
  /** Lets the shards see what was written, and the rule be evaluated. */
  const evaluate = async (): Promise<void> => {
    await call("POST", "/v1/query?consistent=true", { sql: "SELECT count(*) FROM Counter" });
    await pass(15_000);
  };

  test("fires after its time, for each group, and ends beyond its lower threshold", async () => {
    await set("ru-a", 10, "ru-north");
    await set("ru-b", 90, "ru-south");
    await put("ru-heat", {
      title: "Region hot",
      query: {
        sql: "SELECT label, max(total) AS hottest FROM Counter WHERE id LIKE 'ru-%' GROUP BY label",
      },
      op: ">",
      threshold: 80,
      clearThreshold: 70,
      forMs: 30_000,
    });
    await evaluate();
    expect(await of("ru-heat")).toMatchObject([
      {
        state: "pending",
        key: 'label="ru-south"',
        detail: 'hottest is 90 (> 80) for label="ru-south"',
        data: { value: 90 },
      },
    ]);
    await evaluate();
    await evaluate();
    expect(await of("ru-heat")).toMatchObject([{ state: "firing", id: null, model: "Counter" }]);
    await set("ru-b", 75, "ru-south");
    await evaluate();
    expect(await of("ru-heat")).toMatchObject([{ state: "firing", data: { value: 75 } }]);
    await set("ru-b", 70, "ru-south");
    await evaluate();
    expect(await of("ru-heat")).toEqual([]);
    expect(await of("ru-heat", "resolved")).toMatchObject([{ resolved: { by: "rule" } }]);
    // Between the thresholds nothing begins, and what did not last its time has never been.
    await set("ru-b", 81, "ru-south");
    await evaluate();
    await set("ru-b", 75, "ru-south");
    await evaluate();
    expect(await of("ru-heat")).toEqual([]);
    const status = await (await call("GET", "/v1/alert-rules/ru-heat")).json<{ status: unknown }>();
    expect(status.status).toMatchObject({
      lastEvaluatedAt: expect.any(String),
      lastValues: [
        { key: 'label="ru-north"', value: 10 },
        { key: 'label="ru-south"', value: 75 },
      ],
      lastError: null,
    });
  });

  test("without data neither raises nor resolves, and says so; a group that is gone ends", async () => {
    const sql = "SELECT max(total) AS m FROM Counter WHERE id LIKE 'rn-%'";
    await put("rn-max", { title: "Max", query: { sql }, op: ">=", threshold: 5 });
    await put("rn-group", {
      title: "Count",
      query: {
        sql: "SELECT label, count(*) AS n FROM Counter WHERE id LIKE 'rn-%' GROUP BY label",
      },
      op: ">=",
      threshold: 1,
    });
    await set("rn-1", 7, "rn");
    await evaluate();
    expect([await of("rn-max"), await of("rn-group")]).toMatchObject([[{ key: "" }], [{}]]);
    await call("DELETE", "/v1/models/Counter/twins/rn-1");
    await evaluate();
    expect(await of("rn-max")).toHaveLength(1);
    expect(await of("rn-group")).toEqual([]);
    const shown = await (await call("GET", "/v1/alert-rules/rn-max")).json<{ status: unknown }>();
    expect(shown.status).toMatchObject({
      lastError: expect.stringContaining("No twin has a value"),
    });
    expect((await call("DELETE", "/v1/alert-rules/rn-max")).status).toBe(204);
    expect(await of("rn-max", "resolved")).toMatchObject([{ resolved: { by: "rule removed" } }]);
  });

  test("goes on after its object was evicted, and sets no alarm when there is none", async () => {
    await set("re-x", 50, "re");
    const sql = "SELECT sum(total) AS s FROM Counter WHERE id = 're-x'";
    await put("re-sum", { title: "Sum", query: { sql }, op: "<", threshold: 10 });
    await evaluate();
    expect(await of("re-sum")).toEqual([]);
    await evictDurableObject(alertsObject);
    await set("re-x", 5, "re");
    await evaluate();
    expect(await of("re-sum")).toHaveLength(1);
    await alerts.removeRule("re-sum");
    for (let i = 0; i < 3; i++) await pass(60 * MINUTE_MS);
    expect(await runDurableObjectAlarm(alertsObject)).toBe(false);
  });
});

describe("the alerts' object", () => {
  test("gets an alarm back that was lost", async () => {
    await raise("gu-lost", { title: "Lost", holdMs: MINUTE_MS });
    await until(async () => (await listed("id=gu-lost")).length === 1);
    await runInDurableObject(alertsObject, (_, state) => state.storage.deleteAlarm());
    moveClock(2 * MINUTE_MS);
    expect(await runDurableObjectAlarm(alertsObject)).toBe(false);
    await alerts.guard();
    expect(await runDurableObjectAlarm(alertsObject)).toBe(true);
    expect(await listed("id=gu-lost")).toMatchObject([{ state: "firing" }]);
  });

  test("hears once of what a model says at every message, for four rows in all", async () => {
    const before = await alerts.counters();
    for (let i = 0; i < 20; i++) {
      await resolve("co-1", "Cold");
      await raise("co-1", { title: "Hot" });
    }
    await until(async () => (await listed("id=co-1")).length === 1);
    await resolve("co-1", "Hot");
    await until(async () => (await listed("id=co-1")).length === 0);
    const after = await alerts.counters();
    expect([
      after["requestsIn"]! - before["requestsIn"]!,
      after["raised"]! - before["raised"]!,
    ]).toEqual([2, 1]);
    // The alert twice, and twice up to where its cell's outbox was taken.
    expect(after["rowsWritten"]! - before["rowsWritten"]!).toBe(4);
    expect(await listed("id=co-1&state=resolved")).toMatchObject([{ raised: 1 }]);
  });

  test("takes a delivery that is repeated once", async () => {
    const said = { key: "k", title: "Twice", severity: "info", detail: "", data: null };
    const entry = (n: number): unknown => [
      n,
      "Counter",
      "de-1",
      { do: "raise", raise: { ...said, holdMs: 0, repeatMs: null, notify: true }, atMs: clockMs() },
    ];
    await alerts.deliver("Counter:0/x", JSON.stringify([entry(1), entry(2)]));
    expect(await alerts.deliver("Counter:0/x", JSON.stringify([entry(2), entry(3)]))).toEqual({
      deliveredUpTo: 3,
    });
    await evictDurableObject(alertsObject);
    expect(await alerts.deliver("Counter:0/x", JSON.stringify([entry(3)]))).toEqual({
      deliveredUpTo: 3,
    });
    expect(await listed("id=de-1")).toMatchObject([{ raised: 3 }]);
  });

  test("is as its store is after a write that failed, and takes the delivery when it comes again", async () => {
    await channel("fa-json", { kind: "json", url: "https://fault.test/" });
    const sql = (statement: string): Promise<void> =>
      runInDurableObject(alertsObject, (_, { storage }) => void storage.sql.exec(statement));
    const said = { key: "k", title: "Fault", severity: "info", detail: "", data: null };
    const raised = { ...said, holdMs: 0, repeatMs: null, notify: true };
    const entries = JSON.stringify(
      ["fa-1", "fa-2"].map((id, i) => [
        i + 1,
        "Counter",
        id,
        { do: "raise", raise: raised, atMs: clockMs() },
      ]),
    );
    // The last thing that a delivery writes.
    await sql(
      "CREATE TRIGGER broken BEFORE INSERT ON alert WHEN NEW.json LIKE '%fa-2%' BEGIN SELECT RAISE(ABORT, 'broken'); END",
    );
    await runInDurableObject(alertsObject, async (instance) => {
      const broken = instance as unknown as AlertsRpc;
      await expect(broken.deliver("Counter:0/fault", entries)).rejects.toThrow("broken");
    });
    expect([await listed("id=fa-1"), await listed("id=fa-2")]).toEqual([[], []]);
    expect(await healthOf("fa-json")).toMatchObject({ waiting: 0 });
    await sql("DROP TRIGGER broken");
    expect(await alerts.deliver("Counter:0/fault", entries)).toEqual({ deliveredUpTo: 2 });
    expect([await listed("id=fa-1"), await listed("id=fa-2")]).toMatchObject([[{}], [{}]]);
    expect(await services.of("fault.test", 2)).toHaveLength(2);
  });

  test("has so many rules, channels and silences and no more", async () => {
    const rule = {
      title: "One of many",
      query: { sql: "SELECT count(*) AS n FROM Counter" },
      op: "<",
      threshold: 0,
      everyMs: 3_600_000,
    };
    const kinds = [
      ["alert-rules", rule, ALERT_RULES_MAX, "rule/too-many"],
      ["silences", { key: "nothing", forMs: MINUTE_MS }, SILENCES_MAX, "silence/too-many"],
      [
        "alert-channels",
        { kind: "json", url: "https://x.test/" },
        ALERT_CHANNELS_MAX,
        "channel/too-many",
      ],
    ] as const;
    for (const [path, body, max, code] of kinds) {
      for (let i = 0; i < max; i++)
        expect((await call("PUT", `/v1/${path}/lim-${i}`, body)).status).toBe(201);
      const refused = await call("PUT", `/v1/${path}/lim-${max}`, body);
      expect([refused.status, (await refused.json<{ code: string }>()).code]).toEqual([409, code]);
      expect((await call("PUT", `/v1/${path}/lim-0`, body)).status).toBe(200);
    }
  });
});
