import { expect, test } from "vitest";
import { Lanes } from "../../src/aggregator/lanes.ts";

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

test("runs so many jobs at a time, the others in the order in which they came", async () => {
  const lanes = new Lanes(2);
  const started: number[] = [];
  const finish: (() => void)[] = [];
  const jobs = [0, 1, 2, 3].map((n) =>
    lanes.run(async () => {
      started.push(n);
      await new Promise<void>((resolve) => (finish[n] = resolve));
      return n * 10;
    }),
  );
  await settle();
  expect(started).toEqual([0, 1]);
  finish[1]!();
  await settle();
  expect(started).toEqual([0, 1, 2]);
  finish[0]!();
  await settle();
  finish[2]!();
  finish[3]!();
  expect(await Promise.all(jobs)).toEqual([0, 10, 20, 30]);
});

test("a job that fails gives its lane back", async () => {
  const lanes = new Lanes(1);
  const failed = lanes.run(() => Promise.reject(new Error("no")));
  const next = lanes.run(async () => 7);
  await expect(failed).rejects.toThrow("no");
  expect(await next).toBe(7);
  expect(await lanes.run(async () => 8)).toBe(8);
});
