import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { COMMAND_ACK_IDS_MAX, MESSAGE_CHARS_MAX } from "../../src/core/limits.ts";
import {
  acknowledgementOf,
  commandFrame,
  commandsJson,
  gatewayAcknowledgementOf,
  parseAcknowledgement,
} from "../../src/wire/commands-v1.ts";

const commands = fc.array(
  fc.record({
    commandId: fc.string(),
    body: fc.jsonValue().map((value) => JSON.stringify(value)),
    sentAtMs: fc.integer({ min: 0, max: 4e12 }),
  }),
);

describe("commands on their way out", () => {
  test("are JSON with their bodies inside, whatever these are", () => {
    fc.assert(
      fc.property(commands, (list) => {
        expect(JSON.parse(commandsJson(list))).toEqual({
          commands: list.map(({ commandId, body, sentAtMs }) => ({
            commandId,
            body: JSON.parse(body) as unknown,
            sentAt: new Date(sentAtMs).toISOString(),
          })),
        });
        for (const command of list) {
          const { commandId, body } = command;
          const frame = { type: "command", commandId, body: JSON.parse(body) as unknown };
          expect(JSON.parse(commandFrame(command))).toEqual(frame);
        }
      }),
    );
  });
});

describe("a device's frame", () => {
  test("is an acknowledgement when it is exactly one", () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (commandIds) => {
        const frame = JSON.stringify({ commandIds, type: "ack" });
        expect(acknowledgementOf(` ${frame}\n`)).toEqual({ ok: true, value: commandIds });
        expect(gatewayAcknowledgementOf(frame)).toBeUndefined();
        const named = JSON.stringify({ type: "ack", id: "a", commandIds });
        expect(acknowledgementOf(named)).toBeUndefined();
        expect(gatewayAcknowledgementOf(named)).toEqual({
          ok: true,
          value: { id: "a", commandIds },
        });
      }),
    );
  });

  test.each([
    '{"type":"ack","commandIds":["a"],"more":null}',
    '{"type":"ack"}',
    '{"commandIds":["a"]}',
    '{"type":"ack","commandIds":"a"}',
    '{"type":"ACK","commandIds":["a"]}',
    '{"type":["ack"],"commandIds":["a"]}',
    '[{"type":"ack","commandIds":["a"]}]',
    '{"message":{"type":"ack","commandIds":["a"]}}',
    '{"type":"ack","commandIds":["a"]',
    '"commandIds"',
    "null",
  ])("is a message otherwise: %s", (frame) => {
    expect(acknowledgementOf(frame)).toBeUndefined();
    expect(gatewayAcknowledgementOf(frame)).toBeUndefined();
  });

  test("is refused when its ids are none, or too many", () => {
    const frame = (commandIds: unknown): string => JSON.stringify({ type: "ack", commandIds });
    const ids = (count: number): string[] => Array.from({ length: count }, (_, i) => `a-${i}`);
    expect(acknowledgementOf(frame([1]))).toMatchObject({ refusal: { code: "body/malformed" } });
    expect(acknowledgementOf(frame(ids(COMMAND_ACK_IDS_MAX)))).toMatchObject({ ok: true });
    expect(acknowledgementOf(frame(ids(COMMAND_ACK_IDS_MAX + 1)))).toMatchObject({
      refusal: { code: "body/too-many" },
    });
    expect(parseAcknowledgement({ commandIds: ids(COMMAND_ACK_IDS_MAX), more: 1 })).toMatchObject({
      ok: true,
    });
    // Longer than any acknowledgement: not worth a parse.
    expect(acknowledgementOf(frame(["x".repeat(MESSAGE_CHARS_MAX)]))).toBeUndefined();
  });
});
