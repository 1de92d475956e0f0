/** What is said of commands: in answers, in the mailbox, over sockets, until the device has acknowledged them. */
import { describe, expect, test } from "vitest";
import type { Answer, Client, Connection } from "./client.ts";
import { waitFor } from "./client.ts";

interface Pending {
  readonly commandId: string;
  readonly body: unknown;
  readonly sentAt: string;
}

const command = (body: unknown): Record<string, unknown> => ({ do: "command", body });

export function commandContract(client: Client): void {
  const pathOf = (name: string): string => `/v1/models/Counter/twins/${client.twin(name)}`;
  const listed = async (name: string, query = ""): Promise<readonly Pending[]> =>
    (await client.call("GET", `${pathOf(name)}/commands${query}`)).body[
      "commands"
    ] as readonly Pending[];
  const bodies = async (name: string, query = ""): Promise<readonly unknown[]> =>
    (await listed(name, query)).map(({ body }) => body);
  const acknowledge = (name: string, commandIds: unknown): Promise<Answer> =>
    client.call("POST", `${pathOf(name)}/commands/ack`, { commandIds });
  const connect = (name: string, query = ""): Promise<Connection> =>
    client.reach.connect(`${pathOf(name)}/socket${query}`);

  describe("a command", () => {
    test("is in the answer with its id, and waits until it is acknowledged", async () => {
      const { body } = await client.send("waits", [command("a"), { add: 1 }, command({ b: [1] })]);
      expect(body).toMatchObject({ accepted: 3, commands: ["a", { b: [1] }] });
      const ids = body["commandIds"] as string[];
      const pending = await listed("waits");
      const sentAt = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
      expect(pending).toEqual([
        { commandId: ids[0], body: "a", sentAt },
        { commandId: ids[1], body: { b: [1] }, sentAt },
      ]);
      expect((await client.call("GET", pathOf("waits"))).body).toMatchObject({
        pendingCommands: 2,
      });
      expect(await acknowledge("waits", [ids[0], "unknown", ids[0]])).toMatchObject({
        status: 200,
        body: { acknowledged: 1 },
      });
      expect(await acknowledge("waits", [ids[0]])).toMatchObject({ body: { acknowledged: 0 } });
      expect(await bodies("waits")).toEqual([{ b: [1] }]);
      expect((await client.send("waits", command("c"))).body["commandIds"]).not.toContain(ids[0]);
      expect(await bodies("waits")).toEqual([{ b: [1] }, "c"]);
    });

    test("never waits when the answer is taken for its delivery", async () => {
      const answer = await client.call("POST", `${pathOf("taken")}/messages?ack=answer`, [
        command(1),
        command(2),
      ]);
      expect(answer.body).toEqual({ accepted: 2, duplicates: 0, rejected: [], commands: [1, 2] });
      expect(await listed("taken")).toEqual([]);
      expect(
        await client.call("POST", `${pathOf("taken")}/messages?ack=yes`, command(3)),
      ).toMatchObject({ status: 400, body: { code: "request/bad-parameter" } });
      expect(await listed("taken")).toEqual([]);
    });

    test("waits whatever the step came from: a batch, another twin, a timer", async () => {
      await client.batch([{ id: client.twin("sources"), message: command("batch") }]);
      await client.send("sender", {
        do: "send",
        to: client.twin("sources"),
        body: command("twin"),
      });
      await waitFor(async () => (await bodies("sources")).length === 2);
      await client.send("sources", { do: "timer", to: "command", ms: 1 });
      await waitFor(async () => (await bodies("sources")).length === 3);
      expect(await bodies("sources")).toEqual(["batch", "twin", { timer: "command" }]);
    });

    test("that a repeat would have caused is not sent again, and can be had", async () => {
      const message = { id: client.twin("repeat"), message: command("once"), messageId: "m" };
      await client.batch([message]);
      const path = `${pathOf("repeat")}/messages?messageId=m`;
      expect((await client.call("POST", path, command("once"))).body).toEqual({
        accepted: 0,
        duplicates: 1,
        rejected: [],
        commands: [],
      });
      expect(await bodies("repeat")).toEqual(["once"]);
    });

    test("goes with its twin, and the next twin of that id has none", async () => {
      await client.send("removed", command("old"));
      await client.call("DELETE", pathOf("removed"));
      expect(await client.call("GET", `${pathOf("removed")}/commands`)).toMatchObject({
        status: 404,
        body: { code: "twin/unknown" },
      });
      expect(await acknowledge("removed", [])).toMatchObject({ status: 404 });
      const last = await client.send("removed", [command("farewell"), { do: "remove" }]);
      expect(last.body).toMatchObject({ commands: ["farewell"] });
      await client.send("removed", { add: 1 });
      expect(await listed("removed")).toEqual([]);
    });

    test("is listed with a hundred others at most; the next come when these are acknowledged", async () => {
      const messages = Array.from({ length: 150 }, (_, i) => command(i));
      await client.send("page", messages);
      const page = await listed("page");
      expect(page.map(({ body }) => body)).toEqual(Array.from({ length: 100 }, (_, i) => i));
      await acknowledge(
        "page",
        page.map(({ commandId }) => commandId),
      );
      expect(await bodies("page")).toEqual(Array.from({ length: 50 }, (_, i) => 100 + i));
    });
  });

  describe("who asks for commands", () => {
    test("waits for the first one, and no longer", async () => {
      await client.send("poll", { add: 1 });
      const asked = bodies("poll", "?wait=30");
      const other = bodies("poll", "?wait=30");
      const neighbour = bodies("poll", "?wait=0");
      expect(await neighbour).toEqual([]);
      await client.send("poll", command("now"));
      expect([await asked, await other]).toEqual([["now"], ["now"]]);
      expect(await bodies("poll", "?wait=30")).toEqual(["now"]);
    });

    test("is answered with nothing when nothing comes", async () => {
      await client.send("silent", { add: 1 });
      expect(await client.call("GET", `${pathOf("silent")}/commands?wait=1`)).toMatchObject({
        status: 200,
        body: { commands: [] },
      });
    });

    test.each(["-1", "31", "1.5", "x", ""])("is refused a wait of %j", async (wait) => {
      await client.send("silent", { add: 1 });
      expect(await client.call("GET", `${pathOf("silent")}/commands?wait=${wait}`)).toMatchObject({
        status: 400,
        body: { code: "request/bad-parameter" },
      });
    });

    test("is told that there is no such twin, and no such model", async () => {
      expect(await client.call("GET", `${pathOf("nobody")}/commands?wait=30`)).toMatchObject({
        status: 404,
        body: { code: "twin/unknown" },
      });
      expect(await client.call("GET", "/v1/models/Nix/twins/a/commands")).toMatchObject({
        status: 404,
        body: { code: "model/unknown" },
      });
      expect(await client.call("GET", "/v1/models/Counter/twins/a%23/commands")).toMatchObject({
        status: 400,
        body: { code: "twin/bad-id" },
      });
    });

    test.each([
      ["no JSON", "{", 400, "body/malformed"],
      ["a list", "[]", 400, "body/malformed"],
      ["without ids", "{}", 400, "body/malformed"],
      ["ids that are no list", '{"commandIds":"a-1"}', 400, "body/malformed"],
      ["ids that are no text", '{"commandIds":[1]}', 400, "body/malformed"],
      [
        "more ids than a twin has commands",
        JSON.stringify({ commandIds: Array.from({ length: 1_001 }, () => "a-1") }),
        413,
        "body/too-many",
      ],
    ])("acknowledges with %s and is refused", async (_what, body, status, code) => {
      await client.send("silent", { add: 1 });
      expect(await client.call("POST", `${pathOf("silent")}/commands/ack`, body)).toMatchObject({
        status,
        body: { code },
      });
    });
  });

  describe("a device's connection", () => {
    test("brings what is pending at once, then what is new, each once", async () => {
      await client.send("socket", [command("first"), command("second")]);
      const [first, second] = await listed("socket");
      const device = await connect("socket");
      expect([await device.next(), await device.next()]).toEqual([
        { type: "command", commandId: first!.commandId, body: "first" },
        { type: "command", commandId: second!.commandId, body: "second" },
      ]);
      await client.batch([{ id: client.twin("socket"), message: command("third") }]);
      expect(await device.next()).toMatchObject({ type: "command", body: "third" });
      device.send(JSON.stringify([command("fourth"), { add: 1 }, command("fifth")]));
      expect(await device.next()).toMatchObject({ type: "command", body: "fourth" });
      expect(await device.next()).toMatchObject({ type: "command", body: "fifth" });
      expect(await device.next()).toMatchObject({ type: "ack", accepted: 3 });
      device.close();
      expect(await bodies("socket")).toHaveLength(5);
    });

    test("acknowledges; a new connection brings the rest", async () => {
      await client.send("again", [command(1), command(2), command(3)]);
      const device = await connect("again");
      const frames = [await device.next(), await device.next(), await device.next()];
      const commandIds = [frames[0]!["commandId"], frames[2]!["commandId"], "nonsense"];
      device.send(JSON.stringify({ type: "ack", commandIds }));
      await waitFor(async () => (await listed("again")).length === 1);
      device.close();
      const next = await connect("again");
      expect(await next.next()).toMatchObject({ type: "command", body: 2 });
      next.send(JSON.stringify({ add: 1 }));
      expect(await next.next()).toMatchObject({ type: "ack", accepted: 1 });
      next.close();
    });

    test("is one of several: all get what their twin sends, and nothing of others", async () => {
      const devices = [await connect("several"), await connect("several", "?envelope=1")];
      const stranger = await connect("several-not");
      await client.send("several", command("to all"));
      for (const device of devices)
        expect(await device.next()).toMatchObject({ type: "command", body: "to all" });
      stranger.send(JSON.stringify({ add: 1 }));
      expect(await stranger.next()).toMatchObject({ type: "ack" });
      for (const each of [...devices, stranger]) each.close();
    });

    test("takes a frame for a message that says more than an acknowledgement does", async () => {
      const device = await connect("typed");
      device.send(JSON.stringify({ type: "ack", commandIds: ["a-1"], add: 5 }));
      expect(await device.next()).toMatchObject({ type: "ack", accepted: 1 });
      device.send(JSON.stringify({ type: "ack", add: 7 }));
      expect(await device.next()).toMatchObject({ type: "ack", accepted: 1 });
      device.send(JSON.stringify({ type: "ack", commandIds: [7] }));
      expect(await device.next()).toMatchObject({ type: "error", code: "body/malformed" });
      device.close();
      expect(await client.stateOf("typed")).toMatchObject({ total: 12 });
    });
  });

  describe("a gateway's connection", () => {
    test("brings the commands that its messages cause, and acknowledges them", async () => {
      const gateway = await client.reach.connect("/v1/models/Counter/socket");
      const element = (name: string, message: unknown): Record<string, unknown> => ({
        id: client.twin(name),
        message,
      });
      await client.batch([element("gate-1", command("not the gateway's"))]);
      gateway.send(
        JSON.stringify([element("gate-1", { add: 1 }), element("gate-1", command("one"))]),
      );
      const frame = await gateway.next();
      const id = client.twin("gate-1");
      const commandId = expect.any(String);
      expect(frame).toEqual({ type: "command", id, commandId, body: "one" });
      expect(await gateway.next()).toMatchObject({ type: "ack", accepted: 2 });
      gateway.send(JSON.stringify({ type: "ack", id, commandIds: [frame["commandId"]] }));
      await waitFor(async () => (await listed("gate-1")).length === 1);
      expect(await bodies("gate-1")).toEqual(["not the gateway's"]);
      const stranger = { type: "ack", id: client.twin("gate-nobody"), commandIds: [] };
      gateway.send(JSON.stringify(stranger));
      expect(await gateway.next()).toMatchObject({ type: "error", code: "twin/unknown" });
      gateway.send(JSON.stringify({ type: "ack", id: "a#", commandIds: [] }));
      expect(await gateway.next()).toMatchObject({ type: "error", code: "twin/bad-id" });
      gateway.close();
    });
  });

  test("commands are counted", async () => {
    await client.send("counted", [command(1), command(2)]);
    const [first] = await listed("counted");
    await acknowledge("counted", [first!.commandId]);
    const metrics = await (await client.reach.fetch("/metrics")).text();
    const valueOf = (name: string): number =>
      Number(new RegExp(`^livetwin_${name}\\{model="Counter"\\} (\\d+)$`, "m").exec(metrics)?.[1]);
    expect(valueOf("commands_pending")).toBeGreaterThan(0);
    expect(valueOf("commands_sent_total")).toBeGreaterThan(1);
    expect(valueOf("commands_acknowledged_total")).toBeGreaterThan(0);
    expect(valueOf("commands_expired_total")).toBe(0);
    expect(valueOf("commands_dropped_total")).toBe(0);
  });
}
