import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { ReplayFailure } from "../../../tools/replay/replay-failure.ts";
import { readTwin } from "../../../tools/replay/server.ts";

test("where nothing listens, the failure names the address and what to do", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await new Promise((resolve) => {
    server.close(resolve);
  });
  await expect(readTwin({ url, key: undefined }, "GasMeter", "m1")).rejects.toThrow(
    new ReplayFailure(
      `Nothing listens at ${url}. Start a server with npm start, or name another with --to.`,
    ),
  );
});
