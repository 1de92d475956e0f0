import { describe, expect, test } from "vitest";
import { HELP, parseReplayArguments } from "../../../tools/replay/arguments.ts";

const SENDING = {
  to: "http://127.0.0.1:8787",
  batch: 1_000,
  giveUpMs: 60_000,
  quiet: false,
  run: undefined,
};

function parse(line: string): ReturnType<typeof parseReplayArguments> {
  return parseReplayArguments(line.split(" ").filter((word) => word !== ""));
}

describe("what is asked for", () => {
  test("airports flies an hour a second, once", () => {
    expect(parse("airports")).toEqual({
      kind: "airports",
      options: { ...SENDING, speed: 3_600, forever: false },
    });
  });

  test("power-grid has 20,000 nodes that report in their own time, without end", () => {
    expect(parse("power-grid")).toEqual({
      kind: "power-grid",
      options: {
        ...SENDING,
        speed: 1,
        nodes: 20_000,
        seed: 1,
        attacks: 0,
        durationMs: Number.POSITIVE_INFINITY,
      },
    });
  });

  test("gas-meter has 400 meters that report in their own time, without end", () => {
    const options = { ...SENDING, speed: 1, meters: 400, seed: 1, durationMs: Infinity };
    expect(parse("gas-meter")).toEqual({ kind: "gas-meter", options });
    expect(parse("gas-meter --meters 1 --seed 7 --duration 3600 --speed 60")).toEqual({
      kind: "gas-meter",
      options: { ...options, speed: 60, meters: 1, seed: 7, durationMs: 3_600_000 },
    });
  });

  test("wind-turbine has 280 turbines that report in their own time, without end", () => {
    const options = { ...SENDING, speed: 1, turbines: 280, seed: 1, durationMs: Infinity };
    expect(parse("wind-turbine")).toEqual({ kind: "wind-turbine", options });
    expect(parse("wind-turbine --turbines 1 --seed 7 --duration 3600 --speed 60")).toEqual({
      kind: "wind-turbine",
      options: { ...options, speed: 60, turbines: 1, seed: 7, durationMs: 3_600_000 },
    });
  });

  test("verify names the server and the run", () => {
    expect(parse("verify airports --to http://127.0.0.1:9000/ --run r1")).toEqual({
      kind: "verify",
      options: { to: "http://127.0.0.1:9000", run: "r1" },
    });
  });

  test("at full speed requests are larger, unless their size is given", () => {
    expect(parse("airports --speed max")).toMatchObject({
      options: { speed: Infinity, batch: 5_000 },
    });
    expect(parse("airports --speed max --batch 1")).toMatchObject({ options: { batch: 1 } });
  });

  test("every option of sending has its place", () => {
    expect(
      parse(
        "airports --to https://twins.example/ --speed 0.5 --batch 10000 --give-up 2.5 --quiet --run a.b-c_1 --forever",
      ),
    ).toEqual({
      kind: "airports",
      options: {
        to: "https://twins.example",
        speed: 0.5,
        batch: 10_000,
        giveUpMs: 2_500,
        quiet: true,
        run: "a.b-c_1",
        forever: true,
      },
    });
  });

  test("every option of the grid has its place", () => {
    expect(parse("power-grid --nodes 41549 --seed 0 --attacks 3 --duration 90")).toMatchObject({
      options: { nodes: 41_549, seed: 0, attacks: 3, durationMs: 90_000 },
    });
  });

  test.each(["", "--help", "airports --help", "nonsense --help"])('"%s" asks for help', (line) => {
    expect(parse(line)).toEqual({ kind: "help" });
  });

  test("the help names every command and option", () => {
    for (const word of [
      "airports",
      "power-grid",
      "gas-meter",
      "wind-turbine",
      "verify airports",
      "--to",
      "--speed",
      "--batch",
      "--run",
    ]) {
      expect(HELP).toContain(word);
    }
  });
});

test.each([
  [
    "planes",
    "planes: the first argument is airports, power-grid, gas-meter, wind-turbine or verify",
  ],
  ["airports --speed fast", "--speed fast: it is a number above 0"],
  ["airports --speed 0", "--speed 0: it is a number above 0"],
  ["airports --batch 0", "--batch 0: it is a whole number from 1 to 10000"],
  ["airports --batch 10001", "--batch 10001: it is a whole number from 1 to 10000"],
  ["airports --give-up never", "--give-up never: it is a number above 0"],
  ["airports --to twins.example", "--to twins.example: a URL begins with http:// or https://"],
  [
    "airports --to ftp://twins.example",
    "--to ftp://twins.example: a URL begins with http:// or https://",
  ],
  ["airports --run a/b", '--run a/b: a name has 1 to 64 letters, digits, "_", "." and "-"'],
  ["airports --nodes 5", "Unknown option '--nodes'"],
  ["airports now", "Unexpected argument 'now'"],
  ["power-grid --forever", "Unknown option '--forever'"],
  ["power-grid --nodes 0", "--nodes 0: it is a whole number from 1 to 41549"],
  ["power-grid --nodes 41550", "--nodes 41550: it is a whole number from 1 to 41549"],
  ["power-grid --seed 4294967296", "--seed 4294967296: it is a whole number from 0 to 4294967295"],
  ["power-grid --nodes 5 --attacks 6", "--attacks 6: it is a whole number from 0 to 5"],
  ["power-grid --duration 1e3", "--duration 1e3: it is a number above 0"],
  ["gas-meter --nodes 5", "Unknown option '--nodes'"],
  ["gas-meter --meters 0", "--meters 0: it is a whole number from 1 to 400"],
  ["gas-meter --meters 401", "--meters 401: it is a whole number from 1 to 400"],
  ["wind-turbine --turbines 0", "--turbines 0: it is a whole number from 1 to 280"],
  ["wind-turbine --turbines 281", "--turbines 281: it is a whole number from 1 to 280"],
  ["verify", "verify: it is airports that can be verified"],
  ["verify power-grid", "verify: it is airports that can be verified"],
  ["verify airports --speed 3", "Unknown option '--speed'"],
])('"%s" is wrong, and the answer says how', (line, detail) => {
  expect(parse(line)).toEqual({
    kind: "wrong",
    detail: `${detail}. See: npm run replay -- --help`,
  });
});
