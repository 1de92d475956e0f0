/** The book of shared data against a naive one, over interleaved senders, repeated deliveries and both stores' rules. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { OPERATION_MS, SHARED_KEYS_MAX, SHARED_VALUE_CHARS_MAX } from "../../src/core/limits.ts";
import type { Json } from "../../src/core/model.ts";
import { SharedBook, forgetOldOperations } from "../../src/core/shared-data/book.ts";
import type { ScopeRecord } from "../../src/core/shared-data/book.ts";
import { checkChange, effectOf, keyFault, messageOf } from "../../src/core/shared-data/change.ts";
import type { SharedChange } from "../../src/core/shared-data/change.ts";
import { MemorySharedStore } from "../../src/core/shared-data/memory-shared-store.ts";

const change: fc.Arbitrary<SharedChange> = fc.oneof(
  fc.record({ kind: fc.constant("add" as const), by: fc.integer({ min: -9, max: 9 }) }),
  fc.record({
    kind: fc.constant("set" as const),
    value: fc.oneof(
      fc.integer({ min: -9, max: 9 }),
      fc.constantFrom("text", null, [1]),
    ) as fc.Arbitrary<Json>,
  }),
  fc.constant({ kind: "delete" as const }),
);
const key = fc.constantFrom("a", "b", "c");
const scope = fc.constantFrom("M", "_global");

/** A delivery of effects, or a change at once, which may be repeated and may expect the newest version or an old one. */
const act = fc.oneof(
  fc.record({
    act: fc.constant("deliver" as const),
    sender: fc.constantFrom("cell-1", "cell-2"),
    entries: fc.array(fc.tuple(scope, key, change), { minLength: 1, maxLength: 4 }),
    repeats: fc.integer({ min: 0, max: 2 }),
  }),
  fc.record({
    act: fc.constant("change" as const),
    scope,
    key,
    change,
    expects: fc.constantFrom("newest", "old", "any"),
    repeats: fc.integer({ min: 0, max: 2 }),
  }),
);

/** What a key has, done the plain way. */
class Naive {
  readonly values = new Map<string, Json>();

  change(name: string, wanted: SharedChange): void {
    const before = this.values.get(name);
    if (wanted.kind === "delete") this.values.delete(name);
    else if (wanted.kind === "set") this.values.set(name, wanted.value);
    else if (before === undefined || typeof before === "number")
      this.values.set(name, ((before as number | undefined) ?? 0) + wanted.by);
  }
}

describe("the book of shared data", () => {
  test("has what a naive reference has, whatever is repeated", () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
        const store = new MemorySharedStore();
        const naive = new Naive();
        const received = new Map<string, number>();
        const seen = new Map<string, Map<number, string>>();
        const bookDo = <T>(run: (book: SharedBook) => T): T => {
          const book = new SharedBook(store, 0);
          const result = run(book);
          book.write();
          return result;
        };
        for (const [i, each] of acts.entries()) {
          for (let time = 0; time <= each.repeats; time++) {
            if (each.act === "deliver") {
              // Numbers are given once; a repeat has the same ones, and the receiver leaves out what it has.
              if ((received.get(each.sender) ?? -1) >= i) continue;
              received.set(each.sender, i);
              bookDo((book) => {
                for (const [place, name, wanted] of each.entries) book.change(place, name, wanted);
              });
              for (const [place, name, wanted] of each.entries)
                naive.change(`${place}/${name}`, wanted);
              continue;
            }
            const name = `${each.scope}/${each.key}`;
            const version = bookDo((book) => book.get(each.scope, each.key)?.version ?? 0);
            const ifVersion = each.expects === "old" ? version + 1 : version;
            const outcome = bookDo((book) =>
              book.change(each.scope, each.key, each.change, {
                operation: `op-${i}`,
                ...(each.expects === "any" ? {} : { ifVersion }),
              }),
            );
            if (time > 0) continue;
            if (each.expects === "old")
              expect(outcome).toMatchObject({ refusal: { code: "shared/version-mismatch" } });
            else naive.change(name, each.change);
          }
          for (const place of ["M", "_global"]) {
            const values = store.list(place, "", "", 100);
            const expected = [...naive.values]
              .filter(([name]) => name.startsWith(`${place}/`))
              .map(([name, value]) => [name.slice(place.length + 1), value] as const);
            expect(new Map(values.map((entry) => [entry.key, JSON.parse(entry.text)]))).toEqual(
              new Map(expected),
            );
            expect(store.readScope(place).keys).toBe(values.length);
            for (const { key: name, version, text } of values) {
              // A version never stands for two values of its key, also across deletions.
              const texts = seen.get(`${place}/${name}`) ?? new Map<number, string>();
              seen.set(`${place}/${name}`, texts);
              expect(texts.get(version) ?? text).toBe(text);
              texts.set(version, text);
            }
          }
        }
      }),
    );
  });

  test("writes a key once in a transaction, however often it was changed", () => {
    const written: string[] = [];
    class Counted extends MemorySharedStore {
      override write(...args: Parameters<MemorySharedStore["write"]>): void {
        written.push(args[1]);
        super.write(...args);
      }
    }
    const store = new Counted();
    const book = new SharedBook(store, 0);
    for (let i = 0; i < 1_000; i++) book.change("M", `k${i % 2}`, { kind: "add", by: 1 });
    book.write();
    expect(written.toSorted()).toEqual(["k0", "k1"]);
    expect(new SharedBook(store, 0).get("M", "k0")).toMatchObject({ value: 500, version: 500 });
  });

  test("has as many keys in a scope as it may, and one more after one is deleted", () => {
    const store = new MemorySharedStore();
    const full: ScopeRecord = { keys: SHARED_KEYS_MAX - 1, deletedVersion: 0 };
    store.writeScope("M", full);
    const book = new SharedBook(store, 0);
    const set: SharedChange = { kind: "set", value: 1 };
    expect(book.change("M", "last", set)).toMatchObject({ ok: true });
    expect(book.change("M", "beyond", set)).toMatchObject({
      refusal: { code: "shared/too-many-keys" },
    });
    expect(book.change("M", "last", set)).toMatchObject({ ok: true });
    book.change("M", "last", { kind: "delete" });
    expect(book.change("M", "beyond", set)).toMatchObject({ ok: true });
  });

  test("adds whole numbers exactly up to 2^53, and refuses what is no finite number", () => {
    const book = new SharedBook(new MemorySharedStore(), 0);
    const add = (by: number): unknown => book.change("M", "n", { kind: "add", by });
    add(Number.MAX_SAFE_INTEGER - 1);
    expect(add(1)).toMatchObject({ value: { value: Number.MAX_SAFE_INTEGER } });
    expect(add(Number.MAX_VALUE)).toMatchObject({ ok: true });
    expect(add(Number.MAX_VALUE)).toMatchObject({ refusal: { code: "shared/not-a-number" } });
  });

  test.each([
    ["t", "a string"],
    [true, "a boolean"],
    [null, "null"],
    [[1], "a list"],
    [{ a: 1 }, "an object"],
  ])("refuses to add to %j, which is %s", (value, kind) => {
    const book = new SharedBook(new MemorySharedStore(), 0);
    book.change("M", "k", { kind: "set", value });
    expect(book.change("M", "k", { kind: "add", by: 1 })).toMatchObject({
      refusal: {
        code: "shared/not-a-number",
        detail: `"k" holds ${kind}, to which nothing can be added.`,
      },
    });
  });

  test("remembers an operation for ten minutes", () => {
    const store = new MemorySharedStore();
    const add = (nowMs: number): unknown => {
      forgetOldOperations(store, nowMs);
      const book = new SharedBook(store, nowMs);
      const outcome = book.change("M", "n", { kind: "add", by: 1 }, { operation: "once" });
      book.write();
      return outcome;
    };
    expect(add(0)).toMatchObject({ value: { value: 1 } });
    expect(add(OPERATION_MS)).toMatchObject({ value: { value: 1 } });
    expect(add(OPERATION_MS + 1)).toMatchObject({ value: { value: 2 } });
  });
});

describe("a change of shared data", () => {
  test("travels as it was", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("model" as const, "global" as const),
        key,
        change,
        (place, name, wanted) => {
          const sent = JSON.parse(
            JSON.stringify(messageOf({ scope: place, key: name, change: wanted })),
          ) as Json;
          expect(effectOf("M", sent)).toEqual({
            scope: place === "model" ? "M" : "_global",
            key: name,
            change: wanted,
          });
        },
      ),
    );
  });

  test("has a value of the largest size, and not of one character more", () => {
    const fits = "x".repeat(SHARED_VALUE_CHARS_MAX - 2);
    expect(checkChange({ kind: "set", value: fits })).toMatchObject({ ok: true });
    expect(checkChange({ kind: "set", value: `${fits}x` })).toMatchObject({
      refusal: { code: "shared/value-too-large" },
    });
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, "1" as never])("does not add %s", (by) => {
    expect(checkChange({ kind: "add", by })).toMatchObject({
      refusal: { code: "shared/malformed" },
    });
  });

  test.each(["", "a/b", "a#b", "ü", "x".repeat(129), 5, undefined])("has no key %j", (name) => {
    expect(keyFault(name)).toMatchObject({ code: "shared/bad-key" });
  });

  test.each(["a", "a b:c", "x".repeat(128)])("may have the key %j", (name) => {
    expect(keyFault(name)).toBeUndefined();
  });
});
