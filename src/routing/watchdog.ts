/**
 * Finds alarms that were lost: the platform gives an alarm up that failed six times, and a machine may lose one in
 * a crash. Called once a minute; each call asks a part of the cells, so that every cell is asked once in
 * WATCH_ROUND_MINUTES. Repeats are harmless.
 */
import { cellKey } from "../core/ids.ts";
import { WATCH_ROUND_MINUTES, WATCH_TIMEOUT_MS } from "../core/limits.ts";
import type { Env } from "../env.ts";
import { deployment } from "./deployment.ts";
import { withTimeout } from "./with-timeout.ts";

const MINUTE_MS = 60_000;

/** Asks this minute's cells, and once a round the alerts, to look after their alarms. Who can't be had is asked in the next round. */
export async function watchCells(env: Env, nowMs: number): Promise<void> {
  const turn = Math.floor(nowMs / MINUTE_MS) % WATCH_ROUND_MINUTES;
  const asked: Promise<unknown>[] = [];
  for (const { name, placement } of (await deployment(env)).values()) {
    for (let cell = turn; cell < placement.cells; cell += WATCH_ROUND_MINUTES)
      asked.push(withTimeout(env.TWIN.getByName(cellKey(name, cell)).watch(), WATCH_TIMEOUT_MS));
  }
  if (turn === 0) asked.push(withTimeout(env.ALERTS.getByName("alerts").guard(), WATCH_TIMEOUT_MS));
  await Promise.allSettled(asked);
}
