import { describe, expect, test } from "vitest";
import { DigitalTwin, model } from "livetwin";
import type { Alert, ProcessingContext } from "livetwin";
import { MockEnvironment } from "livetwin/testing";
import * as v from "valibot";

type Asked = { raise?: Alert; resolve?: string; remove?: boolean };

class Asking extends DigitalTwin<Asked> {
  n = 0;
  override processMessages(context: ProcessingContext, messages: Asked[]): void {
    for (const { raise, resolve, remove } of messages) {
      this.n++;
      if (raise !== undefined) context.alert(raise);
      if (resolve !== undefined) context.resolveAlert(resolve);
      if (remove === true) context.remove();
    }
  }
}

const asking = model(Asking, { name: "Asking", message: v.any() });
const environment = (options = {}): MockEnvironment =>
  new MockEnvironment({ models: [asking], ...options });

describe("alerts in the mock environment", () => {
  test("are raised, told anew, and resolved by their key", () => {
    const env = environment({ restartBetweenCalls: true });
    env.send("Asking", "a", { raise: { title: "Hot", key: "heat", severity: "info" } });
    env.advance(1_000);
    env.send("Asking", "a", { raise: { title: "Hotter", key: "heat", severity: "error" } });
    expect(env.alertList()).toMatchObject([
      { key: "heat", title: "Hotter", severity: "error", state: "firing", raised: 2, updates: 1 },
    ]);
    env.send("Asking", "a", { resolve: "heat" });
    expect(env.alertList()).toEqual([]);
    expect(env.alertList({ states: ["resolved"] })).toMatchObject([
      { key: "heat", resolved: { by: "twin" } },
    ]);
    expect(env.alerts().map(({ text }) => text)).toEqual(["Hotter", "Hot"]);
  });

  test("that are held fire when their time has passed, and not when they are resolved before", () => {
    const env = environment();
    env.send("Asking", "a", { raise: { title: "Hot", holdMs: 60_000 } });
    env.send("Asking", "b", { raise: { title: "Hot", holdMs: 60_000 } });
    env.advance(59_999);
    expect(env.alertList({ states: ["firing"] })).toEqual([]);
    env.send("Asking", "b", { resolve: "Hot" });
    env.advance(1);
    expect(env.alertList({ states: ["firing", "pending", "resolved"] })).toMatchObject([
      { id: "a", state: "firing", heldUntil: null },
    ]);
  });

  test("go with their twin", () => {
    const env = environment();
    env.send("Asking", "a", [{ raise: { title: "One" } }, { raise: { title: "Two" } }]);
    env.send("Asking", "b", { raise: { title: "Three" } });
    env.restart();
    env.remove("Asking", "a");
    env.send("Asking", "b", { remove: true });
    env.send("Asking", "new", [{ raise: { title: "Four" } }, { remove: true }]);
    expect(env.alertList()).toEqual([]);
    expect(env.alertList({ states: ["resolved"] }).map(({ resolved }) => resolved?.by)).toEqual([
      "twin removed",
      "twin removed",
      "twin removed",
      "twin removed",
    ]);
  });

  test("are acknowledged and resolved by hand, and raised again are others", () => {
    const env = environment();
    env.send("Asking", "a", { raise: { title: "Hot" } });
    const { alertId } = env.alertList()[0]!;
    expect(env.acknowledgeAlert(alertId, { by: "ann", note: "on it" })).toMatchObject({
      state: "firing",
      acknowledged: { by: "ann", note: "on it" },
    });
    env.resolveAlert(alertId);
    expect(() => env.resolveAlert(alertId)).toThrow("alert/resolved");
    expect(() => env.resolveAlert("zz")).toThrow("alert/unknown");
    // The same, said again within a minute, is not sent on; later it is.
    env.send("Asking", "a", { raise: { title: "Hot" } });
    expect(env.alertList()).toEqual([]);
    env.advance(60_000);
    env.send("Asking", "a", { raise: { title: "Hot" } });
    expect(env.alertList()).toHaveLength(1);
    expect(env.alertList()[0]!.alertId).not.toBe(alertId);
  });
});
