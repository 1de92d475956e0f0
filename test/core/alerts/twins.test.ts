/** From a model's code through its cell and the outbox into the book: what is open is what the twins said last. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { MockEnvironment } from "livetwin/testing";
import { counterModel } from "../../support/counter-model.ts";

const id = fc.constantFrom("a", "b");
const key = fc.constantFrom("k", "l", "m");
const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("raise" as const),
      id,
      key,
      detail: fc.constantFrom("", "x"),
      holdMs: fc.constantFrom(0, 0, 30_000),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("resolve" as const), id, key }) },
  fc.record({ do: fc.constant("fail" as const), id, key }),
  fc.record({ do: fc.constant("remove" as const), id, byHand: fc.boolean() }),
  { weight: 3, arbitrary: fc.record({ do: fc.constant("time" as const), ms: fc.nat(90_000) }) },
  fc.record({ do: fc.constant("restart" as const) }),
);

interface Said {
  readonly detail: string;
  readonly sinceMs: number;
  readonly holdMs: number;
}

test("what is open is what twins said last, whatever they say, and however often all starts again", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const env = new MockEnvironment({ models: [counterModel] });
      const open = new Map<string, Said>();
      for (const each of steps) {
        if (each.do === "raise") {
          const { id: of, key: title, detail, holdMs } = each;
          env.send("Counter", of, { do: "raise", body: { title, detail, holdMs } });
          const sinceMs = open.get(`${of} ${title}`)?.sinceMs ?? env.nowMs;
          open.set(`${of} ${title}`, { detail, sinceMs, holdMs });
        } else if (each.do === "resolve") {
          env.send("Counter", each.id, { do: "resolve", to: each.key });
          open.delete(`${each.id} ${each.key}`);
        } else if (each.do === "fail") {
          const messages = [{ do: "throw" }, { do: "resolve", to: each.key }];
          // The good message is taken, the bad one is not; neither undoes the other.
          expect(env.send("Counter", each.id, messages).accepted).toBe(1);
          open.delete(`${each.id} ${each.key}`);
        } else if (each.do === "remove") {
          if (!each.byHand) env.send("Counter", each.id, { do: "remove" });
          else if (env.twin("Counter", each.id) !== undefined) env.remove("Counter", each.id);
          for (const name of open.keys()) if (name.startsWith(each.id)) open.delete(name);
        } else if (each.do === "time") env.advance(each.ms);
        else env.restart();
        const listed = env.alertList().map((alert) => [`${alert.id} ${alert.key}`, alert.detail]);
        expect(new Map(listed as [string, string][])).toEqual(
          new Map([...open].map(([name, { detail }]) => [name, detail])),
        );
        for (const alert of env.alertList()) {
          const { sinceMs, holdMs } = open.get(`${alert.id} ${alert.key}`)!;
          expect(Date.parse(alert.firstRaisedAt)).toBe(sinceMs);
          if (env.nowMs >= sinceMs + holdMs) expect(alert.state).toBe("firing");
        }
      }
    }),
    { numRuns: 150 },
  );
});
