/** The report: the same text for the terminal and for docs/benchmarks.md. */
import { isReached } from "./findings.ts";
import type { Finding, SectionResult } from "./findings.ts";
import { wasBusy } from "./machine.ts";
import type { Business, Machine } from "./machine.ts";
import type { Summary } from "./rounds.ts";

export interface RunReport {
  readonly quick: boolean;
  readonly tookMs: number;
  readonly machine: Machine;
  readonly business: Business;
  readonly sections: readonly SectionResult[];
}

const HEAD = `# Benchmarks

Made by \`npm run bench -- --write\`, not by hand. Every figure stands beside its limit, which was measured in the same run, in turns. The main figure is the CPU time of the workerd process for each message: a shared machine disturbs it least. Its inverse is the rate of one core, since all of one workerd process runs on one thread. Ratios are formed round by round; the table has their median, smallest and largest. Rates and latencies are medians over the rounds, under a load that saturates the server unless it says otherwise. Every commit waits for the disk.
`;

const EXPLANATIONS = `- *Engine without persistence*: the same Worker, whose states are never made text of and whose store keeps nothing. *Engine with nothing written*: the stored form is made and dropped.
- *SQLite alone*: Node's own SQLite on the same disk, a state of the same size for each message, 1,000 in a transaction, write-ahead log, \`synchronous=FULL\`. *A new row a message* appends, which is the most that it can do; *a row a twin* writes over the rows of random twins, which is what a message does.
- *Bare object*: one Durable Object that is called with the body and answers; *with a write*: that also puts the body into a row of SQLite.
- *Rows* and *requests* are what the product itself counts: rows as billed, requests to and from objects.
`;

/** The whole report in Markdown. */
export function renderReport(report: RunReport): string {
  const { sections } = report;
  const parts = [HEAD, machineText(report)];
  const findings = sections.flatMap((section) => section.findings);
  if (findings.length > 0) parts.push("## Targets", findingsTable(findings));
  for (const { title, load, summaries } of sections)
    parts.push(`## ${title}`, load, summaryTable(summaries));
  parts.push("## What is what", EXPLANATIONS);
  return `${parts.map((part) => part.trimEnd()).join("\n\n")}\n`;
}

function machineText({ machine, business, quick, tookMs }: RunReport): string {
  const { cpu, cores, memoryBytes, system, node, workerd, date, cpuSource, syncMicros } = machine;
  const { loadAverageAtStart, loadAverageAtEnd, othersCores } = business;
  const others =
    othersCores === undefined ? "" : ` Other programs took ${othersCores.toFixed(2)} cores.`;
  const busy = wasBusy(business)
    ? " **The machine was busy with other things: rates and latencies are lower bounds.**"
    : "";
  const lines = [
    `${date}, ${cpu}, ${cores} cores, ${Math.round(memoryBytes / 2 ** 30)} GiB, ${system}; Node ${node}, workerd ${workerd}.`,
    `A small durable write takes ${Math.round(syncMicros)} µs on this disk. CPU time by ${cpuSource}.`,
    `Load average ${loadAverageAtStart.toFixed(1)} at the start, ${loadAverageAtEnd.toFixed(1)} at the end.${others}${busy}`,
    `The run took ${Math.round(tookMs / 1_000)} s${quick ? " (`--quick`: a look, not a measurement to quote)" : ""}.`,
  ];
  return lines.join("\n");
}

function findingsTable(findings: readonly Finding[]): string {
  const rows = findings.map((finding) => {
    const { what, value, unit, spread, beside, target, comparison } = finding;
    const reached = isReached(finding);
    return [
      what,
      beside ?? "",
      withUnit(value, unit),
      spread === undefined ? "" : `${number(spread[0])} to ${number(spread[1])}`,
      target === undefined ? "" : `${comparison === ">=" ? "≥" : "≤"} ${withUnit(target, unit)}`,
      reached === undefined ? "" : reached ? "reached" : "**missed**",
    ];
  });
  return table(["figure", "beside", "value", "rounds", "target", ""], rows);
}

function summaryTable(summaries: readonly Summary[]): string {
  const rows = summaries.map((summary) => [
    summary.name,
    number(summary.cpuPerMessage),
    number(summary.messagesPerS),
    number(summary.p50Ms),
    number(summary.p99Ms),
    optional(summary.rowsPerMessage),
    optional(summary.objectRequestsPerMessage),
  ]);
  return table(
    [
      "",
      "CPU µs / message",
      "messages / s",
      "p50 ms",
      "p99 ms",
      "rows / message",
      "requests / message",
    ],
    rows,
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((text, column) =>
    Math.max(3, text.length, ...rows.map((row) => row[column]!.length)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`;
  const rule = widths.map((width) => "-".repeat(width));
  return [head, rule, ...rows].map(line).join("\n");
}

function withUnit(value: number, unit: Finding["unit"]): string {
  if (unit === "x" || unit === "rows") return number(value);
  return `${number(value)} ${unit}`;
}

function optional(value: number | undefined): string {
  return value === undefined ? "" : number(value);
}

/** Three significant digits; whole numbers from 100 on, with a comma for thousands. */
function number(value: number): string {
  if (!Number.isFinite(value)) return "";
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en-US");
  return Number(value.toPrecision(3)).toString();
}
