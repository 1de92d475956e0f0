/**
 * `npm run bench`: measures Livetwin beside the limits of what it stands on, and prints how much of them it reaches.
 * Servers are plain workerd on loopback with their data on a real disk. What is slow fails nothing; a wrong or a
 * missing answer does. `node tools/bench.ts --help` has the options.
 *
 * Exit codes: 0, 1 when the product failed or the run took too long, 2 for a wrong command line.
 */
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { HELP, parseBenchArguments } from "./bench/arguments.ts";
import type { BenchOptions, Section } from "./bench/arguments.ts";
import { BenchFailure } from "./bench/bench-failure.ts";
import type { SectionResult } from "./bench/findings.ts";
import { businessBetween, describeMachine, momentNow } from "./bench/machine.ts";
import { FULL, QUICK, QUICK_RUN_MS_MAX, RUN_MS_MAX } from "./bench/plan.ts";
import type { Plan } from "./bench/plan.ts";
import { checkNothingLost } from "./bench/query.ts";
import { renderReport } from "./bench/report.ts";
import type { RunReport } from "./bench/report.ts";
import { batchSection } from "./bench/sections/batch.ts";
import { limitsSection } from "./bench/sections/limits.ts";
import { scaleSection } from "./bench/sections/scale.ts";
import { singleSection } from "./bench/sections/single.ts";
import { websocketSection } from "./bench/sections/websocket.ts";
import { PUMP, Stand } from "./bench/stand.ts";

const REPORT_FILE = join(dirname(import.meta.dirname), "docs", "benchmarks.md");

const SECTION_OF: Readonly<Record<Section, (stand: Stand, plan: Plan) => Promise<SectionResult>>> =
  {
    limits: limitsSection,
    batch: batchSection,
    single: singleSection,
    websocket: websocketSection,
    scale: scaleSection,
  };

process.exit(await main());

async function main(): Promise<number> {
  const parsed = parseBenchArguments(process.argv.slice(2));
  if (parsed.kind === "help") {
    process.stdout.write(HELP);
    return 0;
  }
  if (parsed.kind === "wrong") {
    process.stderr.write(`${parsed.detail}\n`);
    return 2;
  }
  const { quick } = parsed.options;
  try {
    await using stand = await Stand.make();
    const report = await Promise.race([
      run(stand, parsed.options),
      interrupted(),
      overdue(quick ? QUICK_RUN_MS_MAX : RUN_MS_MAX),
    ]);
    await publish(report, parsed.options);
    return 0;
  } catch (error) {
    if (!(error instanceof BenchFailure)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 1;
  }
}

async function run(stand: Stand, { quick, sections }: BenchOptions): Promise<RunReport> {
  const plan = quick ? QUICK : FULL;
  const machine = describeMachine(stand.directory);
  const start = momentNow(0);
  const results: SectionResult[] = [];
  for (const section of sections) {
    process.stderr.write(`Measuring ${section}…\n`);
    // The many twins have the machine to themselves.
    if (section === "scale") await endSmallServers(stand);
    results.push(await SECTION_OF[section](stand, plan));
  }
  if (!sections.includes("scale")) await endSmallServers(stand);
  const end = momentNow(stand.cpuMicros());
  return {
    quick,
    tookMs: end.atMs - start.atMs,
    machine,
    business: businessBetween(start, end),
    sections: results,
  };
}

/** Ends the servers of all sections but `scale`; before, the product must have every message it acknowledged. */
async function endSmallServers(stand: Stand): Promise<void> {
  const product = stand.running("product");
  if (product !== undefined) await checkNothingLost(product.port, PUMP, product.acknowledged(PUMP));
  for (const variant of ["product", "unwritten", "memory"] as const) await stand.end(variant);
}

async function publish(report: RunReport, { jsonFile, write }: BenchOptions): Promise<void> {
  const text = renderReport(report);
  process.stdout.write(text);
  if (jsonFile !== undefined) await writeFile(jsonFile, `${JSON.stringify(report, null, 2)}\n`);
  if (write) await writeFile(REPORT_FILE, text);
}

function overdue(msMax: number): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => {
      reject(new BenchFailure(`The run was given up: it took more than ${msMax / 1_000} s.`));
    }, msMax).unref();
  });
}

/** Rejects at the first signal that asks the program to end, so that servers and data are cleaned up. */
function interrupted(): Promise<never> {
  return new Promise((_, reject) => {
    for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
      process.once(name, () => reject(new BenchFailure(`Interrupted by ${name}.`)));
  });
}
