import { expect, test } from "vitest";
import { ResultCache } from "../../src/aggregator/result-cache.ts";
import { RESULT_CACHE_BYTES_MAX } from "../../src/core/limits.ts";

function block(bytes: number): Uint8Array {
  return new Uint8Array(bytes);
}

test("keeps results of one version of the table, and none of another", () => {
  const cache = new ResultCache<string>();
  cache.set("a", 1, "one");
  expect([cache.get("a", 1), cache.get("b", 1), cache.get("a", 2)]).toEqual([
    "one",
    undefined,
    undefined,
  ]);
  cache.set("b", 2, "two");
  expect([cache.get("a", 1), cache.get("a", 2), cache.get("b", 2)]).toEqual([
    undefined,
    undefined,
    "two",
  ]);
});

test("drops the longest unused when the bound is passed", () => {
  const cache = new ResultCache<Uint8Array>();
  const third = RESULT_CACHE_BYTES_MAX / 3;
  cache.set("a", 1, block(third - 10));
  cache.set("b", 1, block(third - 10));
  cache.get("a", 1);
  cache.set("c", 1, block(third - 10));
  expect(["a", "b", "c"].map((key) => cache.get(key, 1) !== undefined)).toEqual([true, true, true]);
  cache.get("a", 1);
  cache.set("d", 1, block(third - 10));
  expect(["a", "b", "c", "d"].map((key) => cache.get(key, 1) !== undefined)).toEqual([
    true,
    false,
    true,
    true,
  ]);
});

test("keeps a result of the largest size, and not a larger one", () => {
  const cache = new ResultCache<Uint8Array>();
  cache.set("a", 1, block(RESULT_CACHE_BYTES_MAX - 2));
  cache.set("b", 1, block(RESULT_CACHE_BYTES_MAX - 1));
  expect([cache.get("a", 1) !== undefined, cache.get("b", 1) !== undefined]).toEqual([true, false]);
});

test("counts what nested results take", () => {
  const cache = new ResultCache<unknown>();
  cache.set("big", 1, {
    ok: true,
    value: { columns: [{ values: block(RESULT_CACHE_BYTES_MAX) }] },
  });
  cache.set("texts", 1, {
    texts: Array.from({ length: 100 }, () => "x".repeat(RESULT_CACHE_BYTES_MAX / 100)),
  });
  expect([cache.get("big", 1), cache.get("texts", 1)]).toEqual([undefined, undefined]);
});
