/** `/v1/alerts`, `/v1/silences`, `/v1/alert-rules` and `/v1/alert-channels`. */
import { describe, expect, test } from "vitest";
import type { Answer, Client } from "./client.ts";
import { waitFor } from "./client.ts";

type Listed = Record<string, unknown> & { readonly alertId: string };

export function alertContract(client: Client): void {
  const listed = async (parameters: string): Promise<readonly Listed[]> => {
    const answer = await client.call("GET", `/v1/alerts?model=Counter&${parameters}`);
    expect(answer.status).toBe(200);
    return answer.body["alerts"] as readonly Listed[];
  };
  const raise = (name: string, body: unknown): Promise<Answer> =>
    client.send(name, { do: "raise", body });
  /** The only alert of a twin, once it is there. */
  const alertOf = async (name: string, state = "firing"): Promise<Listed> => {
    const parameters = `id=${client.twin(name)}&state=${state}`;
    await waitFor(async () => (await listed(parameters)).length === 1);
    return (await listed(parameters))[0]!;
  };
  const refused = (answer: Answer): unknown => [answer.status, answer.body["code"]];

  describe("alerts", () => {
    test("of twins are listed, newest first and page by page", async () => {
      const names = ["al-1", "al-2", "al-3"];
      for (const name of names) {
        await raise(name, { title: "Listed", severity: name === "al-2" ? "error" : "info" });
        await alertOf(name);
      }
      const mine = (alerts: readonly Listed[]): unknown[] =>
        alerts
          .map(({ id }) => id)
          .filter((id) => names.map((n) => client.twin(n)).includes(String(id)));
      expect(mine(await listed("limit=500"))).toEqual(
        names.toReversed().map((n) => client.twin(n)),
      );
      const page = await client.call("GET", "/v1/alerts?model=Counter&limit=1");
      const [newest] = page.body["alerts"] as [Listed];
      expect(page.body["cursor"]).toBe(newest.alertId);
      const next = await listed(`limit=1&cursor=${newest.alertId}`);
      expect(next.map(({ id }) => id)).toEqual([client.twin("al-2")]);
      expect(mine(await listed("severity=error,warning&limit=500"))).toEqual([client.twin("al-2")]);
      expect(await client.call("GET", `/v1/alerts/${newest.alertId}`)).toMatchObject({
        status: 200,
        body: { alertId: newest.alertId, model: "Counter", title: "Listed" },
      });
    });

    test("are acknowledged and resolved, once", async () => {
      await raise("al-handled", { title: "Handled" });
      const { alertId } = await alertOf("al-handled");
      const path = `/v1/alerts/${alertId}`;
      const note = { by: "ann", note: "on my way" };
      expect((await client.call("POST", `${path}/acknowledge`, note)).body).toMatchObject({
        state: "firing",
        acknowledged: note,
      });
      expect((await client.call("POST", `${path}/resolve`)).body).toMatchObject({
        state: "resolved",
        resolved: { by: "operator", note: "" },
      });
      for (const act of ["acknowledge", "resolve"])
        expect(refused(await client.call("POST", `${path}/${act}`))).toEqual([
          409,
          "alert/resolved",
        ]);
      expect(await alertOf("al-handled", "resolved")).toMatchObject({ alertId });
    });

    test("that nobody knows, and parameters that mean nothing, are refused by name", async () => {
      expect(refused(await client.call("GET", "/v1/alerts/zzz"))).toEqual([404, "alert/unknown"]);
      expect(refused(await client.call("POST", "/v1/alerts/N0/resolve"))).toEqual([
        404,
        "alert/unknown",
      ]);
      const bad = ["state=open", "severity=bad", "limit=0", "limit=501", "limit=x", "cursor=A!"];
      for (const parameters of bad) {
        const answer = await client.call("GET", `/v1/alerts?${parameters}`);
        expect([parameters, ...(refused(answer) as unknown[])]).toEqual([
          parameters,
          400,
          "request/bad-parameter",
        ]);
        expect(answer.body["detail"]).toContain(`"${parameters.split("=")[0]}"`);
      }
      await raise("al-bad", { title: "Bad body" });
      const { alertId } = await alertOf("al-bad");
      const answer = await client.call("POST", `/v1/alerts/${alertId}/acknowledge`, { who: "ann" });
      expect(refused(answer)).toEqual([400, "alert/malformed"]);
      expect(answer.body["detail"]).toContain("who");
    });
  });

  test("/metrics says how many alerts are open", async () => {
    const response = await client.reach.fetch("/metrics");
    expect(await response.text()).toMatch(/^livetwin_alerts_open \d+$/m);
  });

  describe("silences", () => {
    test("are made, listed, shown at the alerts they mean, and removed", async () => {
      const id = client.twin("si-twin");
      const made = await client.call("POST", "/v1/silences", {
        model: "Counter",
        id,
        forMs: 600_000,
        by: "bob",
        comment: "works",
      });
      expect(made.status).toBe(201);
      const path = made.headers.get("location")!;
      expect((await client.call("GET", path)).body).toMatchObject({
        id,
        by: "bob",
        comment: "works",
      });
      await raise("si-twin", { title: "Silenced" });
      expect((await alertOf("si-twin"))["silencedUntil"]).toBe(made.body["until"]);
      expect((await client.call("DELETE", path)).status).toBe(204);
      expect((await alertOf("si-twin"))["silencedUntil"]).toBeNull();
      expect(refused(await client.call("DELETE", path))).toEqual([404, "silence/unknown"]);
      expect(refused(await client.call("GET", path))).toEqual([404, "silence/unknown"]);
    });

    test("without an end, in the past, or of nothing that can be, are refused", async () => {
      const bad = [
        {},
        { forMs: 0 },
        { until: "2001-01-01T00:00:00Z" },
        { until: "tomorrow" },
        { forMs: 1_000, model: "no model!" },
        { forMs: 1_000, severity: "awful" },
      ];
      for (const body of bad)
        expect(refused(await client.call("POST", "/v1/silences", body))).toEqual([
          400,
          "silence/malformed",
        ]);
    });
  });

  describe("rules", () => {
    const rule = {
      title: "Many",
      query: { sql: "SELECT count(*) AS n FROM Counter WHERE total > 1000000" },
      op: ">",
      threshold: 1_000_000,
      everyMs: 3_600_000,
    };

    test("are made, shown with what they saw, replaced and removed", async () => {
      const made = await client.call("PUT", "/v1/alert-rules/contract-rule", rule);
      expect(made).toMatchObject({
        status: 201,
        body: { ruleId: "contract-rule", severity: "warning", forMs: 0, clearThreshold: null },
      });
      const replaced = await client.call("PUT", "/v1/alert-rules/contract-rule", {
        ...rule,
        forMs: 5,
      });
      expect([replaced.status, replaced.body["forMs"]]).toEqual([200, 5]);
      const shown = await client.call("GET", "/v1/alert-rules/contract-rule");
      expect(shown.body).toMatchObject({ title: "Many", status: expect.any(Object) });
      const { body } = await client.call("GET", "/v1/alert-rules");
      expect((body["rules"] as { ruleId: string }[]).map(({ ruleId }) => ruleId)).toContain(
        "contract-rule",
      );
      expect((await client.call("DELETE", "/v1/alert-rules/contract-rule")).status).toBe(204);
      expect(refused(await client.call("GET", "/v1/alert-rules/contract-rule"))).toEqual([
        404,
        "rule/unknown",
      ]);
    });

    test("that can't be evaluated are refused with what is wrong", async () => {
      const bad: readonly (readonly [unknown, number, string, string])[] = [
        [{ ...rule, op: "~" }, 400, "rule/malformed", "op"],
        [{ ...rule, everyMs: 4_999 }, 400, "rule/malformed", "everyMs"],
        [{ ...rule, clearThreshold: 1_000_001 }, 400, "rule/malformed", "clearThreshold"],
        [{ ...rule, op: "=", clearThreshold: 1 }, 400, "rule/malformed", "clearThreshold"],
        [
          { ...rule, query: { sql: "SELECT id FROM Counter" } },
          400,
          "rule/malformed",
          "lists twins",
        ],
        [
          { ...rule, query: { sql: "SELECT count(*), max(total) FROM Counter" } },
          400,
          "rule/malformed",
          "2 aggregates",
        ],
        [
          { ...rule, query: { sql: "SELECT max(label) FROM Counter" } },
          400,
          "rule/malformed",
          "string",
        ],
        [
          { ...rule, query: { sql: "SELECT label, count(*) FROM Counter GROUP BY label LIMIT 5" } },
          400,
          "rule/malformed",
          "limit",
        ],
        [
          { ...rule, query: { sql: "SELECT count(*) FROM Nothing" } },
          404,
          "model/unknown",
          "Nothing",
        ],
        [
          { ...rule, query: { sql: "SELECT max(totl) FROM Counter" } },
          400,
          "query/unknown-field",
          "total",
        ],
        [{ ...rule, query: { sql: "SELEKT" } }, 400, "query/syntax", ""],
      ];
      for (const [body, status, code, words] of bad) {
        const answer = await client.call("POST", "/v1/alert-rules", body);
        expect(refused(answer)).toEqual([status, code]);
        expect(answer.body["detail"]).toContain(words);
      }
    });
  });

  describe("channels", () => {
    const routingKey = "0123456789abcdef0123456789abcdef";
    const path = "/v1/alert-channels/contract-pd";

    test("are made and shown without their secrets, which a change without them keeps", async () => {
      const made = await client.call("PUT", path, {
        kind: "pagerduty",
        routingKey,
        enabled: false,
        minSeverity: "error",
      });
      expect(made).toMatchObject({
        status: 201,
        body: { kind: "pagerduty", routingKey: "…cdef", enabled: false, models: [] },
      });
      expect(JSON.stringify(made.body)).not.toContain(routingKey);
      const changed = await client.call("PUT", path, {
        kind: "pagerduty",
        enabled: false,
        models: ["Counter"],
      });
      expect(changed).toMatchObject({
        status: 200,
        body: { routingKey: "…cdef", models: ["Counter"] },
      });
      expect((await client.call("GET", path)).body).toMatchObject({
        url: "https://events.pagerduty.com/v2/enqueue",
        health: { waiting: 0, delivered: 0, lastFailure: null },
      });
      expect((await client.call("DELETE", path)).status).toBe(204);
      expect(refused(await client.call("GET", path))).toEqual([404, "channel/unknown"]);
      expect(refused(await client.call("POST", `${path}/test`))).toEqual([404, "channel/unknown"]);
    });

    test("of addresses that are secrets show the host alone", async () => {
      const url = "https://hooks.example.com/services/T0/B0/secret?token=x";
      const made = await client.call("POST", "/v1/alert-channels", {
        kind: "slack",
        url,
        enabled: false,
      });
      expect(made.body["url"]).toBe("https://hooks.example.com/…");
      expect((await client.call("DELETE", made.headers.get("location")!)).status).toBe(204);
    });

    test("without what their kind needs are refused", async () => {
      const bad: readonly (readonly [unknown, string])[] = [
        [{ kind: "pigeon" }, "kind"],
        [{ kind: "slack" }, '"url" is missing'],
        [{ kind: "slack", url: "https://user:pass@hooks.example.com/" }, "user and password"],
        [{ kind: "slack", url: "ftp://example.com" }, "http"],
        [{ kind: "pagerduty" }, '"routingKey" is missing'],
        [{ kind: "splunk-on-call", apiKey: "k" }, '"routingKey" is missing'],
        [{ kind: "json", url: "http://localhost:1/x", minSeverity: "bad" }, "minSeverity"],
      ];
      for (const [body, words] of bad) {
        const answer = await client.call("POST", "/v1/alert-channels", body);
        expect(refused(answer)).toEqual([400, "channel/malformed"]);
        expect(answer.body["detail"]).toContain(words);
      }
    });
  });
}
