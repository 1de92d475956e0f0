/**
 * Contenders take turns, A B C A B C, so that whatever else the machine does meanwhile hits all of them alike. A
 * ratio is formed round by round, and its median counts.
 */
import { median, percentile, sum } from "./statistics.ts";

/** One measurement of one contender. */
export interface Sample {
  readonly messages: number;
  readonly wallMs: number;
  /** Microseconds of CPU of the process that does the work. */
  readonly cpuMicros: number;
  /** Of the answers; empty where there are none to wait for. */
  readonly latenciesMs: readonly number[];
  /** Rows written and requests to objects, where the product counts them. */
  readonly rows?: number;
  readonly objectRequests?: number;
}

export interface Contender {
  readonly name: string;
  /** Works for about `windowMs`. */
  measure(windowMs: number): Promise<Sample>;
}

export interface RoundsPlan {
  readonly rounds: number;
  readonly windowMs: number;
  readonly warmUpMs: number;
  /** Milliseconds after which no more rounds begin; one is always complete. */
  readonly budgetMs: number;
}

/** What a contender was measured at: medians over its rounds. */
export interface Summary {
  readonly name: string;
  readonly cpuPerMessage: number;
  readonly messagesPerS: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly rowsPerMessage: number | undefined;
  readonly objectRequestsPerMessage: number | undefined;
  /** Per round. */
  readonly samples: readonly SampleFigures[];
}

export interface SampleFigures {
  readonly messages: number;
  readonly wallMs: number;
  readonly cpuPerMessage: number;
  readonly messagesPerS: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface Ratio {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** Measures all contenders in turns. */
export async function takeTurns<Key extends string>(
  contenders: Readonly<Record<Key, Contender>>,
  plan: RoundsPlan,
): Promise<Readonly<Record<Key, Summary>>> {
  const entries = Object.entries(contenders) as [Key, Contender][];
  const startMs = performance.now();
  const warmUps: Sample[] = [];
  for (const [, contender] of entries) warmUps.push(await contender.measure(plan.warmUpMs));
  const samples = entries.map((): Sample[] => []);
  for (let round = 0; round < plan.rounds; round++) {
    const roundStartMs = performance.now();
    for (const [i, [, contender]] of entries.entries())
      samples[i]!.push(await contender.measure(plan.windowMs));
    const roundMs = performance.now() - roundStartMs;
    if (performance.now() + roundMs > startMs + plan.budgetMs) break;
  }
  const summaries = entries.map(
    ([key, { name }], i) => [key, summaryOf(name, samples[i]!, warmUps[i])] as const,
  );
  return Object.fromEntries(summaries) as Record<Key, Summary>;
}

/** Medians of the samples. The warm-up takes part where all messages together count, and nowhere else. */
export function summaryOf(name: string, samples: readonly Sample[], warmUp?: Sample): Summary {
  const figures = samples.map(figuresOf);
  const all = warmUp === undefined ? samples : [warmUp, ...samples];
  return {
    name,
    cpuPerMessage: median(figures.map((each) => each.cpuPerMessage)),
    messagesPerS: median(figures.map((each) => each.messagesPerS)),
    p50Ms: median(figures.map((each) => each.p50Ms)),
    p99Ms: median(figures.map((each) => each.p99Ms)),
    rowsPerMessage: perMessage(all, (sample) => sample.rows),
    objectRequestsPerMessage: perMessage(all, (sample) => sample.objectRequests),
    samples: figures,
  };
}

/** How much of the limit's speed is reached: CPU of the limit by CPU of ours, round by round. */
export function ratioOf(limit: Summary, ours: Summary): Ratio {
  const ratios = ours.samples.map(
    (sample, round) => limit.samples[round]!.cpuPerMessage / sample.cpuPerMessage,
  );
  return { median: median(ratios), min: Math.min(...ratios), max: Math.max(...ratios) };
}

function figuresOf({ messages, wallMs, cpuMicros, latenciesMs }: Sample): SampleFigures {
  return {
    messages,
    wallMs,
    cpuPerMessage: cpuMicros / messages,
    messagesPerS: (messages / wallMs) * 1_000,
    p50Ms: percentile(latenciesMs, 0.5),
    p99Ms: percentile(latenciesMs, 0.99),
  };
}

/** Over all samples together: checkpoints come every few of them and belong to all. */
function perMessage(
  samples: readonly Sample[],
  valueOf: (sample: Sample) => number | undefined,
): number | undefined {
  const values = samples.map(valueOf);
  if (values.some((value) => value === undefined)) return undefined;
  return sum(values as number[]) / sum(samples.map(({ messages }) => messages));
}
