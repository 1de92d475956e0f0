/**
 * `npm run seed`: gives a server what a demo starts with: its first twins, widgets and saved queries.
 * `npm start` does this once for each demo that it plays.
 *
 * Exit codes: 0 when everything is there, 1 when not, 2 for a wrong command line.
 */
import { ReplayFailure } from "./replay/replay-failure.ts";
import { helpText, parseSeedArguments } from "./seed/arguments.ts";
import type { SeedOptions } from "./seed/arguments.ts";
import { demoNames, readDemo } from "./seed/demo-files.ts";
import { seedDemo } from "./seed/seed-demo.ts";

process.exitCode = await main();

async function main(): Promise<number> {
  const known = demoNames();
  const parsed = parseSeedArguments(process.argv.slice(2), known);
  switch (parsed.kind) {
    case "help":
      process.stdout.write(helpText(known));
      return 0;
    case "wrong":
      process.stderr.write(`${parsed.detail}\n`);
      return 2;
    case "seed":
      return seed(parsed.options);
  }
}

async function seed({ demos, to, quiet }: SeedOptions): Promise<number> {
  try {
    for (const demo of demos) {
      const server = { url: to, key: process.env["LIVETWIN_KEY"] };
      const { twins, widgets } = await seedDemo(server, readDemo(demo));
      if (quiet) continue;
      process.stdout.write(
        `${demo}: twins: ${twins.made} made, ${twins.found} there before; ` +
          `widgets: ${widgets.made} made, ${widgets.found} there before\n`,
      );
    }
    return 0;
  } catch (error) {
    if (!(error instanceof ReplayFailure)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 1;
  }
}
