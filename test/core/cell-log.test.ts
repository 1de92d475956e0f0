import { expect, test } from "vitest";
import { CellLog } from "../../src/core/cell/log.ts";
import {
  LOG_COMMIT_CHARS_MAX,
  LOG_ENTRY_CHARS_MAX,
  LOG_STORED_CHARS_MAX,
} from "../../src/core/limits.ts";
import { CellHost, act, add } from "../support/cell-host.ts";

function texts(host: CellHost): readonly string[] {
  return host.cell.log.newest(1_000).map(({ text }) => text);
}

test("entries come back after a restart, in order and with their numbers", () => {
  const host = new CellHost();
  host.send(act("a", "log", { to: "one" }));
  host.send(act("a", "log", { to: "two" }));
  host.restart();
  host.send(act("a", "log", { to: "three" }));
  expect(texts(host)).toEqual(["three", "two", "one"]);
  expect(host.cell.log.newest(3).map(({ n }) => n)).toEqual([3, 2, 1]);
});

test("entries come back after a checkpoint, too", () => {
  const host = new CellHost();
  host.send(act("a", "log", { to: "one" }));
  host.cell.checkpoint();
  host.send(act("a", "log", { to: "two" }));
  host.restart();
  expect(texts(host)).toEqual(["two", "one"]);
});

test("a failure that nothing else is committed with costs no row, and is written with the next commit", () => {
  const host = new CellHost();
  host.send(add("a", 1));
  const { version } = host.cell;
  for (let i = 0; i < 10; i++) host.send(act("a", "throw"));
  expect(host.cell.version).toBe(version);
  host.send(add("a", 1));
  expect(host.cell.version).toBe(version + 1);
  host.restart();
  expect(texts(host)).toHaveLength(10);
});

test("one commit takes along as many characters as it may, and not one entry more", () => {
  const log = new CellLog();
  const text = "x".repeat(LOG_ENTRY_CHARS_MAX);
  for (let i = 0; i < 100; i++) log.add(1, "info", "log", "a", text);
  const written = log.takeUnwritten();
  const chars = written.reduce((sum, record) => sum + record.length, 0);
  expect(chars).toBeLessThanOrEqual(LOG_COMMIT_CHARS_MAX);
  expect(chars + written[0]!.length).toBeGreaterThan(LOG_COMMIT_CHARS_MAX);
  expect(log.newest(1_000)).toHaveLength(100);
  expect(log.takeUnwritten()).toEqual([]);
});

test("a checkpoint keeps the newest entries, as many as have room", () => {
  const log = new CellLog();
  for (let i = 0; i < 1_000; i++)
    log.add(i, "info", "log", "a", `${i} ${"x".repeat(LOG_ENTRY_CHARS_MAX - 10)}`);
  const records = [...log.records()];
  const chars = records.reduce((sum, record) => sum + record.length, 0);
  expect(chars).toBeLessThanOrEqual(LOG_STORED_CHARS_MAX);
  expect(chars + records[0]!.length).toBeGreaterThan(LOG_STORED_CHARS_MAX);
  expect((JSON.parse(records.at(-1)!) as unknown[])[0]).toBe(1_000);
});

test("a filter lets through what has all that it asks for", () => {
  const log = new CellLog();
  log.add(1, "info", "log", "a", "one");
  log.add(2, "error", "failure", "a", "two");
  log.add(3, "warning", "alert", "b", "three");
  const found = (filter: Parameters<CellLog["newest"]>[1]): readonly string[] =>
    log.newest(10, filter).map(({ text }) => text);
  expect(found({ severities: ["error", "warning"] })).toEqual(["three", "two"]);
  expect(found({ kinds: ["log"] })).toEqual(["one"]);
  expect(found({ id: "a" })).toEqual(["two", "one"]);
  expect(found({ beforeMs: 3 })).toEqual(["two", "one"]);
  expect(found({ id: "a", beforeMs: 2 })).toEqual(["one"]);
  expect(log.newest(1, { id: "a" }).map(({ text }) => text)).toEqual(["two"]);
});

test("a line that a checkpoint has before its commit came is there once after a restart", () => {
  const host = new CellHost();
  host.send(act("a", "throw"));
  host.cell.checkpoint();
  host.send(add("a", 1));
  const before = host.cell.log.newest(10);
  expect(before).toHaveLength(1);
  host.restart();
  expect(host.cell.log.newest(10)).toEqual(before);
});
