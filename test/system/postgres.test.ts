/** The PostgreSQL that other tests use is a real one, is there within seconds, and leaves nothing behind. */
import { connect } from "node:net";
import postgres from "postgres";
import { expect, test } from "vitest";
import { startPostgres } from "../support/postgres.ts";

test("a PostgreSQL of the tests answers with its version, and its port is free after it was stopped", async () => {
  await using server = await startPostgres();
  const sql = postgres(server.url, { max: 1 });
  const [row] = await sql`select version()`;
  expect(row?.["version"]).toMatch(/^PostgreSQL 18\./);

  // A connection is still open here: stopping does not wait for it.
  await server.stop();
  await sql.end({ timeout: 0 });
  expect(await refused(server.port)).toBe(true);
});

test("a PostgreSQL of the tests wants its password", async () => {
  await using server = await startPostgres();
  const url = new URL(server.url);
  url.password = "another";
  const sql = postgres(url.href, { max: 1 });
  await expect(sql`select 1`).rejects.toThrow("password authentication failed");
  await sql.end();
});

function refused(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(false)).once("error", () => resolve(true));
    socket.once("close", () => socket.destroy());
  });
}
