/** Limits that are measured in this process: SQLite and V8's JSON, on the bytes of the same load. */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { StatementSync } from "node:sqlite";
import { cpuMicros } from "./cpu-clock.ts";
import { batchBodies, pumpId, pumpMessage } from "./messages.ts";
import { pumps } from "./models.ts";
import type { Contender, Sample } from "./rounds.ts";
import { seededRandom } from "./statistics.ts";

const PER_TRANSACTION = 1_000;
/** Different batches. */
const BATCHES = 20;

/** States of pumps as the product would store them. */
function pumpStates(count: number): Record<string, unknown>[] {
  const model = pumps("Pump", 1);
  const random = seededRandom(4);
  return Array.from({ length: count }, (_, n) => {
    const twin = Object.assign(model.blank(), model.initial(pumpId(n)));
    // The model's code does not look at its context.
    twin.processMessages({} as never, [JSON.parse(pumpMessage(random))]);
    return { ...twin };
  });
}

/** How SQLite keeps the rows: a new one for each message, or one a twin that is written over. */
const TABLES = {
  insert: {
    name: "SQLite alone, a new row a message",
    create: "CREATE TABLE row(id TEXT NOT NULL, state TEXT NOT NULL)",
    write: "INSERT INTO row VALUES (?, ?)",
  },
  upsert: {
    name: "SQLite alone, a row a twin",
    create: "CREATE TABLE row(id TEXT PRIMARY KEY, state TEXT NOT NULL) WITHOUT ROWID",
    write: "INSERT INTO row VALUES (?, ?) ON CONFLICT DO UPDATE SET state = excluded.state",
  },
} as const;

/**
 * One row a message, 1,000 in a transaction, of random twins: write-ahead log, synchronous=FULL. Every text is a new
 * one, since SQLite does not write a page that would stay as it is.
 */
export function sqliteContender(
  directory: string,
  kind: keyof typeof TABLES,
  twins: number,
): Contender {
  const { name, create, write } = TABLES[kind];
  const database = new DatabaseSync(join(directory, `${kind}.sqlite`));
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  const texts = pumpStates(twins).map((state) => JSON.stringify(state));
  const random = seededRandom(5);
  const { measure, timed } = stopwatch(PER_TRANSACTION);
  let pass = 10_000_000;
  const newText = (n: number): string =>
    // Eight characters in the place of eight others; a copy, so that the text is made before the clock runs.
    Buffer.from(`${pass++}${texts[n]!.slice(8)}`).toString("latin1");
  return {
    name,
    measure: (windowMs) => {
      database.exec(`DROP TABLE IF EXISTS row; ${create}`);
      const statement = database.prepare(write);
      if (kind === "upsert")
        writeRows(
          database,
          statement,
          texts.map((text, n) => [pumpId(n), text] as const),
        );
      return measure(() => {
        const rows = Array.from({ length: PER_TRANSACTION }, () => {
          const n = Math.floor(random() * twins);
          return [pumpId(n), newText(n)] as const;
        });
        timed(() => writeRows(database, statement, rows));
      })(windowMs);
    },
  };
}

function writeRows(
  database: DatabaseSync,
  statement: StatementSync,
  rows: readonly (readonly [string, string])[],
): void {
  database.exec("BEGIN IMMEDIATE");
  for (const [id, text] of rows) statement.run(id, text);
  database.exec("COMMIT");
}

export function parseContender(twins: number): Contender {
  const bodies = batchBodies(PER_TRANSACTION, twins)
    .slice(0, BATCHES)
    .map((body) => `[${body.replaceAll("\n", ",")}]`);
  const { measure, timed } = stopwatch(PER_TRANSACTION);
  let next = 0;
  const parse = (): void => timed(() => JSON.parse(bodies[next++ % bodies.length]!) as unknown);
  return { name: "JSON.parse alone", measure: measure(parse) };
}

export function stringifyContender(): Contender {
  const states = pumpStates(PER_TRANSACTION);
  const { measure, timed } = stopwatch(PER_TRANSACTION);
  const stringify = (): void =>
    timed(() => {
      for (const state of states) JSON.stringify(state);
    });
  return { name: "JSON.stringify alone", measure: measure(stringify) };
}

interface Stopwatch {
  readonly measure: (work: () => void) => (windowMs: number) => Promise<Sample>;
  /** Runs what counts. */
  readonly timed: (run: () => void) => void;
}

/** Repeats some work of `perRun` messages, and counts the CPU and the time of its timed part. */
function stopwatch(perRun: number): Stopwatch {
  let micros = 0;
  let wallMs = 0;
  let runs = 0;
  return {
    timed: (run) => {
      const startMicros = cpuMicros(process.pid);
      const startMs = performance.now();
      run();
      wallMs += performance.now() - startMs;
      micros += cpuMicros(process.pid) - startMicros;
      runs++;
    },
    measure: (work) => async (windowMs) => {
      [micros, wallMs, runs] = [0, 0, 0];
      for (const endMs = performance.now() + windowMs; performance.now() < endMs;) work();
      return { messages: runs * perRun, wallMs, cpuMicros: micros, latenciesMs: [] };
    },
  };
}
