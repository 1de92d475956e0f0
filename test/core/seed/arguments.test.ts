import { describe, expect, test } from "vitest";
import { helpText, parseSeedArguments } from "../../../tools/seed/arguments.ts";

const KNOWN = ["airports", "gas-meter"];

function parse(line: string): ReturnType<typeof parseSeedArguments> {
  return parseSeedArguments(
    line.split(" ").filter((word) => word !== ""),
    KNOWN,
  );
}

describe("what is asked for", () => {
  test("is one demo on this machine's server, or several elsewhere", () => {
    expect(parse("gas-meter")).toEqual({
      kind: "seed",
      options: { demos: ["gas-meter"], to: "http://127.0.0.1:8787", quiet: false },
    });
    expect(parse("gas-meter airports --to https://twins.example/ --quiet")).toEqual({
      kind: "seed",
      options: { demos: ["gas-meter", "airports"], to: "https://twins.example", quiet: true },
    });
  });

  test.each(["", "--help", "gas-meter --help"])('"%s" asks for help', (line) => {
    expect(parse(line)).toEqual({ kind: "help" });
  });

  test("the help names every demo and option", () => {
    for (const word of [...KNOWN, "--to", "--quiet", "LIVETWIN_KEY"])
      expect(helpText(KNOWN)).toContain(word);
  });
});

test.each([
  ["mars", "mars: the demos are airports, gas-meter"],
  ["gas-meter ../secrets", "../secrets: the demos are airports, gas-meter"],
  ["--quiet", "which demo? There are airports, gas-meter"],
  ["gas-meter --force", "Unknown option '--force'"],
  ["gas-meter --to twins.example", "--to twins.example: a URL begins with http:// or https://"],
])('"%s" is wrong, and the answer says how', (line, detail) => {
  expect(parse(line)).toEqual({ kind: "wrong", detail: `${detail}. See: npm run seed -- --help` });
});
