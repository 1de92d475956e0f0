/**
 * The one way from ingest to a cell, with its backpressure: calls and characters in flight per cell are bounded
 * in this isolate, and only the slice of a cell that can't take more is refused.
 */
import { cellKey } from "../core/ids.ts";
import { CELL_FLIGHT_CALLS_MAX, CELL_FLIGHT_CHARS_MAX } from "../core/limits.ts";
import type { CommandsWanted } from "../core/cell/requests.ts";
import type { Refusal } from "../core/refusal.ts";
import type { Env, Stub } from "../env.ts";
import type { AcceptReply, CellRpc } from "../wire/internal-rpc.ts";

interface Flight {
  calls: number;
  chars: number;
}

const flights = new Map<string, Flight>();

/** What ingest has counted in this isolate. */
export const cellCallCounts = { calls: 0, refused: 0, failed: 0 };

/** Hands a cell a slice of messages. A call that fails refuses the slice: its messages may be sent again. */
export async function acceptSlice(
  env: Env,
  model: string,
  cell: number,
  slice: string,
  count: number,
  wantCommands: CommandsWanted,
): Promise<AcceptReply | Refusal> {
  const key = cellKey(model, cell);
  const flight = flightOf(key);
  if (
    flight.calls >= CELL_FLIGHT_CALLS_MAX ||
    flight.chars + slice.length > CELL_FLIGHT_CHARS_MAX
  ) {
    cellCallCounts.refused++;
    return {
      code: "cell/overloaded",
      detail: `Cell ${key} has ${flight.calls} calls with ${flight.chars} characters under way; try again.`,
    };
  }
  flight.calls++;
  flight.chars += slice.length;
  try {
    return await callCell(env, key, (stub) => stub.accept(slice, count, wantCommands));
  } finally {
    flight.calls--;
    flight.chars -= slice.length;
  }
}

/**
 * Calls a cell. Answers `cell/overloaded` or `cell/unavailable` when the platform says so; what was asked may
 * then have happened or not. A stub that failed is dead, so each call takes a new one.
 */
export async function callCell<T>(
  env: Env,
  key: string,
  call: (stub: Stub<CellRpc>) => Promise<T>,
): Promise<T | Refusal> {
  cellCallCounts.calls++;
  try {
    return await call(env.TWIN.getByName(key));
  } catch (error) {
    cellCallCounts.failed++;
    const isOverload = (error as { overloaded?: boolean }).overloaded === true;
    const code = isOverload ? "cell/overloaded" : "cell/unavailable";
    console.error(`Cell ${key}: ${code}:`, error);
    return { code, detail: `Cell ${key} did not answer; try again.` };
  }
}

function flightOf(key: string): Flight {
  let flight = flights.get(key);
  if (flight === undefined) flights.set(key, (flight = { calls: 0, chars: 0 }));
  return flight;
}
