/** Parents and children over three levels: sensors in rooms in buildings; and messages between models. */
import { describe, expect, test } from "vitest";
import type { HostOf } from "../model-contract.ts";

export function hierarchyContract(host: HostOf): void {
  const sensor = (id: string, message: object, model = "Sensor"): Promise<unknown> =>
    host().send(model, id, message);
  const idsOf = async (model: string, id: string): Promise<readonly string[]> =>
    (await host().children(model, id)).map((child) => `${child.model} ${child.id}`);

  describe("a hierarchy", () => {
    test("has every parent know its children, and roll-ups over them, over three levels", async () => {
      const [building, room, other] = ["building", "room", "other"].map((name) =>
        host().fresh(name),
      ) as [string, string, string];
      const [a, b, c] = ["a", "b", "c"].map((name) => host().fresh(name)) as [
        string,
        string,
        string,
      ];
      await sensor(a, { room, degrees: 20 });
      await sensor(b, { room, degrees: 26 });
      await sensor(c, { room: other, degrees: 28, percent: 40 }, "FineSensor");
      await host().send("Room", room, { building });
      await host().send("Room", other, { building });
      expect(await host().state("Room", room)).toMatchObject({
        sensors: 2,
        sum: 46,
        mean: 23,
        coldest: 20,
        hottest: 26,
        worst: "warm",
        hot: 0,
        percent: null,
        told: [`${a} 20`, `${b} 26`],
      });
      // A subclass decides otherwise what is hot, and reports a field more.
      expect(await host().state("Room", other)).toMatchObject({
        worst: "hot",
        hot: 1,
        percent: 40,
      });
      expect(await host().state("Building", building)).toEqual({
        rooms: 2,
        sensors: 3,
        worst: "hot",
        hottest: 28,
      });
      expect(await idsOf("Room", room)).toEqual([`Sensor ${a}`, `Sensor ${b}`]);
      await host().restart();
      expect(await idsOf("Building", building)).toEqual(
        [`Room ${room}`, `Room ${other}`].toSorted(),
      );
      await sensor(c, { degrees: 1 }, "FineSensor");
      expect(await host().state("Building", building)).toMatchObject({
        worst: "warm",
        hottest: 26,
      });
    });

    test("has a child that moves leave its old parent, and one that goes leave for good", async () => {
      const [from, to] = [host().fresh("from"), host().fresh("to")];
      const [a, b] = [host().fresh("a"), host().fresh("b")];
      await sensor(a, { room: from, degrees: 1 });
      await sensor(b, { room: from, degrees: 2 });
      await sensor(a, { room: to });
      expect(await host().state("Room", from)).toMatchObject({ sensors: 1, sum: 2 });
      expect(await host().state("Room", to)).toMatchObject({ sensors: 1, sum: 1 });
      await host().restart();
      await host().remove("Sensor", a);
      await sensor(b, { do: "remove" });
      expect(await host().state("Room", from)).toMatchObject({ sensors: 0, sum: 0, coldest: null });
      expect(await host().state("Room", to)).toMatchObject({
        sensors: 0,
        told: [`${a} 1`, `${a} left`],
      });
      expect(await idsOf("Room", from)).toEqual([]);
    });

    test("shows roll-ups to queries like any field", async () => {
      const room = host().fresh("queried");
      await sensor(host().fresh("a"), { room, degrees: 31 });
      expect(
        await host().query(`SELECT sensors, worst, mean, percent FROM Room WHERE id = '${room}'`),
      ).toEqual([[room, 1, "hot", 31, null]]);
    });

    test("has children come back to a parent that was removed, with their next reports", async () => {
      const [room, a, b] = [host().fresh("gone"), host().fresh("a"), host().fresh("b")];
      await sensor(a, { room, degrees: 1 });
      await sensor(b, { room, degrees: 2 });
      await host().remove("Room", room);
      expect(await host().state("Room", room)).toBeUndefined();
      await sensor(b, { degrees: 3 });
      expect(await host().state("Room", room)).toMatchObject({ sensors: 1, sum: 3 });
    });

    test("keeps roll-ups right where onReport fails, and says so in the log", async () => {
      const [room, a] = [host().fresh("moody"), host().fresh("a")];
      await host().send("Room", room, { mood: "bad" });
      await sensor(a, { room, degrees: 5 });
      expect(await host().state("Room", room)).toMatchObject({ sensors: 1, sum: 5, told: [] });
      expect((await host().logs("Room", room))[0]).toMatchObject({
        kind: "failure",
        text: expect.stringContaining(`in a bad mood about ${a}`),
      });
    });
  });

  describe("a message to a twin of another model", () => {
    test("reaches it, and makes it when it is unknown", async () => {
      const [a, room, building] = [host().fresh("a"), host().fresh("room"), host().fresh("other")];
      await sensor(a, { room, do: "tell-parent" });
      expect((await host().state("Room", room))?.["heard"]).toEqual([
        [a, { model: "Room", id: room }],
      ]);
      await sensor(a, { note: building, do: "tell-building" });
      expect(await host().state("Building", building)).toMatchObject({ rooms: 0 });
    });

    test("is refused when there is no such model, with the names of those that there are", async () => {
      const answer = await host().send("Sensor", host().fresh("a"), {
        note: "x",
        do: "tell-nobody",
      });
      expect(answer.rejected).toMatchObject([{ index: 0, code: "model/failed" }]);
      expect(answer.rejected[0]!.detail).toContain(
        'sendToTwin: there is no model "Bilding". Models: ',
      );
      expect(answer.rejected[0]!.detail).toContain("Building");
    });
  });
}
