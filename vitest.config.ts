import { fileURLToPath } from "node:url";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import type { Plugin } from "vitest/config";
import { ClosingLine } from "./tools/test/closing-line.ts";

const TEST_MODELS = fileURLToPath(new URL("test/support/models.ts", import.meta.url));
const TEST_CLOCK = fileURLToPath(new URL("test/support/clock.ts", import.meta.url));

/** Gives the Worker the models of the tests instead of the product's alone, and a clock that tests move. */
const testModules: Plugin = {
  name: "test-modules",
  enforce: "pre",
  resolveId: (source, importer) => {
    if (source.endsWith("models/index.ts") && importer !== TEST_MODELS) return TEST_MODELS;
    return source.endsWith("/clock.ts") ? TEST_CLOCK : null;
  },
};

/** One project per place where tests run; `npm test` runs them all, `--project` picks one. */
export default defineConfig({
  test: {
    reporters: ["default", new ClosingLine()],
    projects: [
      {
        // Pure logic, in Node, in milliseconds.
        test: {
          name: "pure",
          sequence: { groupOrder: 0 },
          include: [
            "test/core/**/*.test.ts",
            "test/contract/**/*.test.ts",
            "test/fuzz/**/*.test.ts",
            "test/fault/**/*.test.ts",
            "test/repo/**/*.test.ts",
            "models/**/*.test.ts",
          ],
          testTimeout: 60_000,
        },
      },
      {
        // Durable Objects in workerd, through miniflare.
        plugins: [
          testModules,
          cloudflareTest({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: { bindings: { AUTH: "off" }, r2Buckets: ["ARCHIVE"] },
          }),
        ],
        test: {
          name: "workerd",
          sequence: { groupOrder: 1 },
          include: ["test/workerd/**/*.test.ts"],
          testTimeout: 30_000,
        },
      },
      {
        // The whole system as processes: the server of `npm start`, killed and restarted, and a real browser.
        test: {
          name: "system",
          sequence: { groupOrder: 2 },
          include: ["test/system/**/*.test.ts", "test/browser/**/*.test.ts"],
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
